import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  measure: job({ input: z.object({ text: z.string() }) }),
  gather: job({ input: z.object({ outcomes: z.array(z.unknown()) }), timeout: "1m" }),
});
