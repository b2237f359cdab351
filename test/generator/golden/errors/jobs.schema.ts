import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Sends one mail. */
  sendMail: job({
    input: z.object({ to: z.email() }),
    output: z.object({ id: z.string() }),
    errors: {
      /** The address does not exist. */
      Bounced: z.object({ address: z.string(), at: z.date() }),
      Greylisted: z.object({ seconds: z.int().default(60) }),
    },
    discardOn: ["Bounced", "ERR_INVALID_URL"],
    retry: { maxAttempts: 5, for: "2d" },
  }),
  charge: job({
    input: z.object({ cents: z.int() }),
    errors: { Declined: z.object({}) },
    retryOn: ["ECONNRESET", "ETIMEDOUT"],
    transactional: true,
    expireAfter: "10m",
  }),
});
