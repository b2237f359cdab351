import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Sends push messages, many in one request. */
  sendPush: job({
    input: z.object({ device: z.string(), text: z.string() }),
    output: z.object({ id: z.string() }),
    errors: { Unregistered: z.object({ device: z.string() }) },
    batch: { size: 100, wait: "50ms" },
  }),
  index: job({ input: z.object({ url: z.url() }), batch: { size: 1_000 } }),
});
