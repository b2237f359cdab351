import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  ping: job({ input: z.string() }),
});
