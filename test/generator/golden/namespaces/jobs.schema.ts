import { defineJobs, job, workflow } from "jobwright/schema";
import { z } from "zod";
import billing from "./billing.schema.ts";
import { mail } from "./mail.schema.ts";

/** One client for the jobs of all teams. */
export default defineJobs(
  {
    /** Puts an account to rest. */
    closeAccount: job({ input: z.object({ account: z.string() }), queue: "mail" }),
    billing,
    mail,
    /** Takes leave of somebody. */
    leave: workflow({
      input: z.object({ account: z.string() }),
      nodes: ({ input }) => ({
        settle: { workflow: "billing.settle", input: { account: input.account, cents: 0 } },
        close: { job: "closeAccount", input: { account: input.account }, after: { settle: "finished" } },
      }),
    }),
  },
  { queues: { mail: { concurrency: 5 } } },
);
