import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Reads a file of addresses. */
  importList: job({
    input: z.object({ file: z.string() }),
    output: z.object({ rows: z.int() }),
    errors: { Unreadable: z.object({ line: z.int() }) },
    progress: z.object({
      /** Rows read so far. */
      rows: z.bigint(),
      until: z.date().optional(),
      phase: z.enum(["reading", "writing"]).default("reading"),
    }),
  }),
  charge: job({
    input: z.object({ cents: z.int() }),
    progress: z.object({ account: z.string().meta({ sensitive: true }), done: z.int() }),
    transactional: true,
  }),
  sendPush: job({ input: z.object({ device: z.string() }), progress: z.enum(["sent", "seen"]), batch: { size: 100 } }),
  plain: job({ input: z.object({ n: z.int() }) }),
});
