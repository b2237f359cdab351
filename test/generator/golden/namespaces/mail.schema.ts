import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export const mail = defineJobs({
  /** Sends a mail. */
  send: job({ input: z.object({ to: z.email() }), queue: "mail", batch: { size: 10 } }),
});
