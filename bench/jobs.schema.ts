import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  measure: job({ input: z.object({ text: z.string() }) }),
  /** Those that stand beside: no worker of the bench serves their queue. */
  other: job({ input: z.object({ text: z.string() }), queue: "others" }),
  gather: job({ input: z.object({ outcomes: z.array(z.unknown()) }), timeout: "1m" }),
});
