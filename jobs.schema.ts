import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Sends one issue of the newsletter to one subscriber. */
  sendEmail: job({
    input: z.object({
      /** Address of the subscriber. */
      to: z.email(),
      /** How to address the reader. */
      name: z.string().min(1).max(200),
      language: z.enum(["de", "en", "es", "fr", "pl"]),
      /** The issue to send, e.g. `2026-11`. */
      issue: z.string(),
    }),
    output: z.object({
      messageId: z.string(),
      /** What the mail server said. */
      response: z.string(),
    }),
    /** What the caller can tell apart. */
    errors: { Bounced: z.object({ address: z.string(), reply: z.string() }) },
    discardOn: ["Bounced"],
    queue: "mail",
    timeout: "30s",
    retry: { maxAttempts: 5, backoff: "exponential", delay: "1s", maxDelay: "1m", for: "1d" },
  }),

  /** Counts what readers did with an issue. Its types are not JSON, and survive the way through the store. */
  buildReport: job({
    input: z.object({
      /** The issue to count for, e.g. `2026-11`. */
      issue: z.string(),
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
