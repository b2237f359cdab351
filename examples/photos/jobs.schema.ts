import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

/** An image on the disk. */
const image = z.object({ file: z.string(), width: z.int(), height: z.int(), bytes: z.int() });

export default defineJobs({
  /** Looks for pictures in a folder. */
  findPictures: job({
    input: z.object({ folder: z.string() }),
    output: z.object({
      /** Their paths. */
      pictures: z.array(z.string()),
    }),
    queue: "pictures",
    retry: { maxAttempts: 3, delay: "1s" },
  }),

  /** Writes one picture in one size. */
  resize: job({
    input: z.object({
      picture: z.string(),
      size: z.enum(["small", "medium", "large"]),
      /** The album, which has a folder for every size. */
      album: z.string(),
    }),
    output: image,
    /** No attempt can do anything about it. */
    errors: { NoPicture: z.object({ picture: z.string(), reason: z.string() }) },
    discardOn: ["NoPicture"],
    queue: "pictures",
    timeout: "1m",
    retry: { maxAttempts: 3, delay: "1s" },
  }),

  /** Puts images side by side on one sheet. */
  contactSheet: job({
    input: z.object({ images: z.array(image), album: z.string() }),
    output: image,
    queue: "pictures",
    timeout: "1m",
    retry: { maxAttempts: 3, delay: "1s" },
  }),

  /** Sends the sheet to somebody. */
  mailSheet: job({
    input: z.object({ to: z.email(), sheet: image }),
    output: z.object({ messageId: z.string(), response: z.string() }),
    queue: "mail",
    timeout: "30s",
    retry: { maxAttempts: 5, delay: "1s" },
  }),
});
