import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
import type { ArchiveV1, ArchiveV2, SendEmailV1, SendEmailV2 } from "./generated/index.ts";

export default defineJobs({
  /** Version 1 had one recipient, version 2 no time. */
  sendEmail: job({
    input: z.object({ to: z.array(z.email()).min(1), subject: z.string(), at: z.date() }),
    version: 3,
    upgrade: {
      1: (old: SendEmailV1) => ({ to: [old.to], subject: old.subject ?? "", at: new Date(0) }),
      2: (old: SendEmailV2) => ({ to: old.to, subject: old.subject, at: new Date(0) }),
    },
  }),
  archive: job({
    input: z.object({ paths: z.array(z.string()) }),
    version: 3,
    upgrade: {
      1: (old: ArchiveV1) => ({ paths: [old.root.name, ...old.root.children.map(({ name }) => name)] }),
      2: (old: ArchiveV2) => ({ paths: Array.isArray(old) ? old : [] }),
    },
  }),
});
