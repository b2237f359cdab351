import type { ClaimedJob } from "../contract/index.ts";
import type { Runnable } from "./executor.ts";
import { keptLogOf } from "./kept-log.ts";
import type { RunningJobSetting } from "./running-job.ts";
import type { Settler } from "./settler.ts";
import { keepProgressOf } from "./typed-progress.ts";
import type { Logger } from "./types.ts";

export type AttemptSettings = (job: ClaimedJob, runnable: Runnable) => RunningJobSetting;

/** One setting for all attempts of a runnable, but for those that keep progress of their own shape. */
export function createAttemptSettings(settler: Settler, logger: Logger): AttemptSettings {
  const shared = new WeakMap<Runnable, RunningJobSetting>();
  return (job, runnable) => {
    let setting = shared.get(runnable);
    if (!setting) {
      const { errors, descriptor, codec, checkpoints } = runnable;
      const { maxAttempts } = descriptor.retry;
      const keptLog = keptLogOf(descriptor, codec, settler);
      setting = { maxAttempts, errors, checkpoints, keptLog, logger, report: settler.report };
      shared.set(runnable, setting);
    }
    const keepProgress = keepProgressOf(job, runnable, settler, logger);
    return keepProgress ? { ...setting, keepProgress } : setting;
  };
}
