import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

export default defineJobs({
  sendReport: job({
    input: z.object({ day: z.date(), detailed: z.boolean().default(false) }),
    queue: "reports",
    schedules: {
      nightly: { cron: "0 3 * * *", timeZone: "Europe/Berlin", input: (slot) => ({ day: slot }) },
      "each-minute": {
        cron: "15 * * * * *",
        input: { day: new Date(0), detailed: true },
        catchUp: { all: 20 },
        overlap: "skip",
        jitter: "10s",
      },
    },
  }),
  cleanUp: job({ input: z.object({}), schedules: { weekly: { cron: "0 0 * * SUN", input: {}, catchUp: "none" } } }),
});
