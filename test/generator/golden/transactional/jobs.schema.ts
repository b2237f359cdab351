import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  /** Moves money from one account to another. */
  transfer: job({
    input: z.object({ from: z.string(), to: z.string(), cents: z.int().positive() }),
    output: z.object({ balance: z.int() }),
    queue: "money",
    transactional: true,
  }),
  notify: job({ input: z.object({ account: z.string() }), queue: "mail" }),
});
