import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

/** Where a mail goes. */
const Recipient = z.object({
  /** Where to deliver. */
  email: z.email(),
  /** How to address the reader; may be empty. */
  name: z.string().max(200),
});

export default defineJobs({
  /** Sends one issue of the newsletter to one subscriber. */
  sendEmail: job({
    input: z.object({
      to: Recipient,
      /** Subject line, without line breaks. */
      subject: z.string().min(1).max(200),
      /** Number of the issue. */
      issue: z.int().positive(),
      /** Plain text of the mail. */
      text: z.string(),
    }),
    output: z.object({
      /** As the mail server knows it. */
      messageId: z.string(),
      accepted: z.boolean(),
    }),
    queue: "mail",
    timeout: "30s",
    retry: { maxAttempts: 5, backoff: "exponential", delay: "1s", factor: 2, maxDelay: "1m" },
  }),

  /** Counts what readers did with an issue. Its types are not JSON, and survive the way through the store. */
  buildReport: job({
    input: z.object({
      issue: z.int().positive(),
      /** First and last moment that count. */
      period: z.tuple([z.date(), z.date()]),
      /** Clicks per link. */
      clicks: z.map(z.url(), z.bigint()),
      /** Readers who left. */
      unsubscribed: z.set(z.email()).default(new Set()),
      /** Logo for the title page, as PNG. */
      logo: z.instanceof(Uint8Array).optional(),
    }),
    output: z.discriminatedUnion("status", [
      z.object({ status: z.literal("done"), total: z.bigint(), finishedAt: z.date() }),
      z.object({ status: z.literal("empty"), reason: z.string() }),
    ]),
    queue: "reports",
    priority: 10,
    timeout: "5m",
    retry: { maxAttempts: 3, backoff: "list", delays: ["10s", "1m"] },
  }),

  /** Takes a reader off the list, everywhere. */
  unsubscribe: job({
    input: z.object({
      email: z.email(),
      /** What the reader said. */
      reason: z.enum(["too many mails", "not interested", "bounced"]).default("not interested"),
    }),
    retry: { backoff: "fixed", delay: "5s" },
  }),
});
