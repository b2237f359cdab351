import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

/** Every background job of the newsletter application. Edit, then run `npm run codegen`. */
export default defineJobs({
  /** Sends one issue of the newsletter to one subscriber. */
  sendEmail: job({
    input: z.object({
      /** Where the mail goes. */
      to: z.email(),
      name: z.string().min(1),
      language: z.enum(["de", "en", "es", "fr", "pl"]).default("en"),
      /** Which issue, such as `2026-11`. */
      issue: z.string().regex(/^\d{4}-\d{2}$/),
    }),
    output: z.object({
      messageId: z.string(),
      /** What the mail server answered. */
      response: z.string(),
    }),
    queue: "mail",
    retry: { maxAttempts: 5, backoff: "exponential", delay: "250ms", maxDelay: "1h" },
    timeout: "30s",
  }),

  /** Counts the opened mails of a period. Shows the types that JSON alone would lose. */
  buildReport: job({
    input: z.object({
      from: z.date(),
      until: z.date(),
      languages: z.set(z.string()),
      /** Larger than a double can hold exactly. */
      lastEventId: z.bigint(),
    }),
    output: z.object({
      opened: z.map(z.string(), z.int()),
      chart: z.instanceof(Uint8Array),
    }),
    queue: "reports",
    priority: 10,
    timeout: "5m",
  }),

  /** Forgets a subscriber. Has no output: `result()` just waits for the end. */
  forgetSubscriber: job({
    input: z.object({ email: z.email(), reason: z.string().optional() }),
  }),
});
