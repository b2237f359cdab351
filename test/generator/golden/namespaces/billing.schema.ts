import { defineJobs, job, workflow } from "jobwright/schema";
import { z } from "zod";
import { cents } from "./money.ts";

/** Jobs of the billing team. */
export default defineJobs(
  {
    /** Charges an account. */
    charge: job({
      input: z.object({
        /** Who pays. */
        account: z.string(),
        cents,
        due: z.date(),
      }),
      output: z.object({ at: z.date() }),
      queue: "money",
      unique: { by: ["account"] },
      schedules: { monthly: { cron: "0 4 1 * *", input: { account: "house", cents: 100, due: new Date(0) } } },
    }),
    eu: defineJobs({
      /** Files the taxes. */
      report: job({ input: z.object({ year: z.int() }), queue: "money", concurrency: 1 }),
    }),
    /** Settles what is open. */
    settle: workflow({
      input: z.object({ account: z.string(), cents: z.int() }),
      nodes: ({ input }) => ({
        charge: { job: "charge", input: { account: input.account, cents: input.cents, due: new Date(0) } },
        report: { job: "eu.report", input: { year: 2026 }, after: { charge: "succeeded" } },
      }),
    }),
  },
  { queues: { money: { rateLimit: { limit: 10, per: "1s" } } } },
);
