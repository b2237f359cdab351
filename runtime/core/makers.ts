import { JobwrightError } from "../contract/index.ts";
import type { JobMaker } from "./new-job.ts";

/** What makes the jobs of each definition, by name. */
export type Makers = ReadonlyMap<string, JobMaker>;

/** Throws `JW_UNKNOWN_JOB`. */
export function makerOf(makers: Makers, job: string): JobMaker {
  const maker = makers.get(job);
  if (maker) return maker;
  throw new JobwrightError("JW_UNKNOWN_JOB", `The schema of this build has no job ${job}.`, {
    hint: "Run `jobwright codegen`, and deploy what enqueues flows together with what works on them.",
  });
}
