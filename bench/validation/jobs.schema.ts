import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Eight fields, as many payloads are. */
  notify: job({
    input: z.object({
      id: z.uuid(),
      to: z.email(),
      subject: z.string().min(1).max(200),
      channel: z.enum(["mail", "push", "sms"]),
      attempt: z.int().min(0),
      tags: z.array(z.string()),
      replyTo: z.email().nullable(),
      note: z.string().optional(),
    }),
  }),
  /** Many small records with a time and an amount. */
  settle: job({
    input: z.object({ entries: z.array(z.object({ id: z.int(), at: z.date(), amount: z.bigint() })) }),
  }),
});
