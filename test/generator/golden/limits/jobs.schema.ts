import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs(
  {
    /** Three at a time over all processes. */
    renderVideo: job({ input: z.object({ video: z.uuid() }), concurrency: 3, maxWaiting: 1_000 }),
    /** One at a time per account, ten in all; so many starts a minute per account and in all. */
    syncAccount: job({
      input: z.object({ account: z.object({ id: z.string(), region: z.enum(["eu", "us"]) }), since: z.date() }),
      concurrency: [10, { limit: 1, by: ["account.id"] }],
      rateLimit: [
        { limit: 100, per: "1m" },
        { limit: 5, per: "1m", by: ({ account, since }) => [account.region, since.getUTCFullYear()] },
      ],
      keepLogs: 50,
    }),
    /** In the order of enqueueing per document, and keys take turns. */
    applyChange: job({
      input: z.object({ document: z.string(), tenant: z.string(), change: z.string() }),
      queue: "documents",
      order: { by: ["document"] },
      fairness: { by: ["tenant"], share: 4 },
      concurrency: { limit: 2, by: ({ tenant }) => tenant },
      rateLimit: { limit: 10, per: "1s" },
    }),
    /** Only what its queue has. */
    exportDocument: job({ input: z.object({ document: z.string() }), queue: "documents" }),
  },
  { queues: { documents: { concurrency: 20, rateLimit: { limit: 500, per: "1h" } } } },
);
