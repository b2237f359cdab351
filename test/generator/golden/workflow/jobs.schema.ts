import { defineJobs, gt, job, workflow } from "jobwright/schema";
import { z } from "zod";

const image = z.object({ file: z.string(), bytes: z.bigint() });

export default defineJobs({
  resize: job({ input: z.object({ folder: z.string(), picture: z.string() }), output: image }),
  contactSheet: job({
    input: z.object({ images: z.array(image), title: z.string().default("Album") }),
    output: z.object({ file: z.string(), pages: z.int(), madeAt: z.date() }),
    errors: { TooLarge: z.object({ pages: z.number() }) },
  }),
  sendEmail: job({ input: z.object({ to: z.email(), sheet: z.string(), approvedBy: z.string().optional() }) }),
  alert: job({ input: z.object({ text: z.string(), how: z.unknown() }) }),

  /** Makes a contact sheet of an album and sends it when somebody has approved it. */
  publishAlbum: workflow({
    input: z.object({
      folder: z.string(),
      /** Names inside of the folder. */
      pictures: z.array(z.string()),
      to: z.email(),
      threshold: z.int().default(3),
    }),
    output: z.object({ sheet: z.string(), madeAt: z.date() }),
    nodes: ({ input, nodes }) => ({
      mail: {
        job: "sendEmail",
        input: { to: input.to, sheet: nodes.sheet.output.file, approvedBy: nodes.approved.output.by },
        if: gt(nodes.sheet.output.pages, input.threshold),
      },
      resize: {
        job: "resize",
        each: input.pictures,
        input: (picture) => ({ folder: input.folder, picture }),
        maxAttempts: 2,
      },
      sheet: { job: "contactSheet", input: { images: nodes.resize.output } },
      approved: { signal: z.object({ by: z.string() }), timeout: "2d", after: { sheet: "succeeded" } },
      pause: { timer: "1h", after: { sheet: "succeeded" } },
      alert: {
        job: "alert",
        input: { text: "There is no sheet.", how: nodes.sheet.outcome },
        after: { sheet: "failed" },
        delay: "5m",
        priority: 3,
      },
    }),
    result: ({ nodes }) => ({ sheet: nodes.sheet.output.file, madeAt: nodes.sheet.output.madeAt }),
  }),

  publishAll: workflow({
    input: z.object({ album: z.string(), to: z.email() }),
    nodes: ({ input }) => ({
      album: { workflow: "publishAlbum", input: { folder: input.album, pictures: ["a", "b"], to: input.to } },
      done: { job: "alert", input: { text: "All is published.", how: null }, after: { album: "succeeded" } },
    }),
  }),
});
