import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** One at a time per account and kind, until it ends. */
  syncAccount: job({
    input: z.object({
      account: z.object({ id: z.uuid(), region: z.enum(["eu", "us"]).optional() }),
      kind: z.string(),
      since: z.date().nullable(),
    }),
    unique: { by: ["account.id", "kind", "since"] },
  }),
  /** At most one per month, by a function. */
  sendInvoice: job({
    input: z.object({ customer: z.string(), issuedAt: z.date(), lines: z.array(z.bigint()) }),
    unique: {
      by: ({ customer, issuedAt }) => [customer, issuedAt.getUTCFullYear(), issuedAt.getUTCMonth()],
      while: "succeeded",
      for: "31d",
      onConflict: "reject",
    },
  }),
  /** Alone in the whole store. */
  rebuildIndex: job({
    input: z.object({}),
    unique: { by: [], while: "waiting", onConflict: "extend" },
  }),
  /** Once typing has stopped. */
  indexDocument: job({
    input: z.discriminatedUnion("type", [
      z.object({ type: z.literal("page"), slug: z.string() }),
      z.object({ type: z.literal("post"), postId: z.int() }),
    ]),
    debounce: { by: ["type", "slug", "postId"], wait: "10s", maxWait: "2m" },
  }),
  /** At most one mail an hour. */
  remind: job({
    input: z.record(z.string(), z.string()),
    throttle: { by: ["user"], per: "1h" },
  }),
});
