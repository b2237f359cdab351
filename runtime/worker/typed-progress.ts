import type { ClaimedJob } from "../contract/index.ts";
import { progressKey } from "../core/progress.ts";
import type { Runnable } from "./executor.ts";
import { loggedError } from "./logged-error.ts";
import { leaseOf } from "./rejection.ts";
import type { Settler } from "./settler.ts";
import type { Logger } from "./types.ts";

/** `ctx.progress` of an attempt whose job has a schema for it. */
export type KeepProgress = (value: unknown) => void;

/** Undefined: the progress of the job is a number. */
export function keepProgressOf(
  job: ClaimedJob,
  { codec, descriptor }: Pick<Runnable, "codec" | "descriptor">,
  { note }: Pick<Settler, "note">,
  logger: Logger,
): KeepProgress | undefined {
  const { progress } = codec;
  if (!progress) return undefined;
  let isRefused = false;

  /** Once per attempt: a handler that reports each of a million rows must not log a million lines. */
  function refuse(error: unknown): void {
    if (isRefused) return;
    isRefused = true;
    const { id, name, queue, attempt } = job;
    const fields = { job: name, jobId: id, queue, attempt, err: loggedError(error, descriptor) };
    logger.warn(fields, "a progress was not stored; further ones of this attempt are not logged");
  }

  return (value) => {
    try {
      note({ ...leaseOf({ job }), kind: "cursor", key: progressKey, text: progress.encode(value, job.id) });
    } catch (error) {
      refuse(error);
    }
  };
}
