import { type ClaimedJob, JobwrightError } from "../contract/index.ts";
import type { JobContext, JobLog, Logger } from "./types.ts";

/** Why an attempt was told to stop. The first reason counts. */
export type StopReason = "timeout" | "cancelled" | "lease-lost" | "shutdown";

/** One claimed job in this process, from dispatch to settlement. */
export interface RunningJob {
  /** `performance.now()` when the claim reached this process. */
  readonly claimedAt: number;
  readonly job: ClaimedJob;
  readonly context: JobContext;
  readonly stopReason: StopReason | undefined;
  abort(reason: StopReason): void;
}

export interface RunningJobOptions {
  readonly job: ClaimedJob;
  readonly maxAttempts: number;
  readonly logger: Logger;
  readonly progress: (percent: number) => void;
}

export function createRunningJob({ job, maxAttempts, logger, progress }: RunningJobOptions): RunningJob {
  // Most handlers never look at the signal or the log, so both are made on first use.
  let controller: AbortController | undefined;
  let log: JobLog | undefined;
  let stopReason: StopReason | undefined;

  const context: JobContext = {
    id: job.id,
    name: job.name,
    queue: job.queue,
    attempt: job.attempt,
    maxAttempts,
    fence: job.fence,
    idempotencyKey: job.id,
    get enqueuedAt() {
      return new Date(job.enqueuedAt);
    },
    get signal() {
      controller ??= new AbortController();
      if (stopReason && !controller.signal.aborted) controller.abort(stopError(job, stopReason));
      return controller.signal;
    },
    get log() {
      return (log ??= jobLog(job, logger));
    },
    progress: (percent) => progress(Math.min(100, Math.max(0, Math.round(percent) || 0))),
  };

  return {
    claimedAt: performance.now(),
    job,
    context,
    get stopReason() {
      return stopReason;
    },
    abort(reason) {
      if (stopReason) return;
      stopReason = reason;
      controller?.abort(stopError(job, reason));
    },
  };
}

export function stopError(job: ClaimedJob, reason: StopReason): JobwrightError {
  const what = `${job.name} ${job.id}`;
  switch (reason) {
    case "timeout":
      return new JobwrightError("JW_ATTEMPT_TIMEOUT", `Attempt ${job.attempt} of ${what} ran longer than its timeout.`);
    case "cancelled":
      return new JobwrightError("JW_CANCELLED", `${what} was cancelled while it ran.`);
    case "lease-lost":
      return new JobwrightError("JW_LEASE_LOST", `A newer claim holds ${what}; this attempt's result is discarded.`);
    case "shutdown":
      return new JobwrightError("JW_SHUTDOWN", `The worker stops; ${what} is given back.`);
  }
}

function jobLog(job: ClaimedJob, logger: Logger): JobLog {
  const bound = { job: job.name, jobId: job.id, queue: job.queue, attempt: job.attempt };
  return {
    debug: (message, fields) => logger.debug({ ...bound, ...fields }, message),
    info: (message, fields) => logger.info({ ...bound, ...fields }, message),
    warn: (message, fields) => logger.warn({ ...bound, ...fields }, message),
    error: (message, fields) => logger.error({ ...bound, ...fields }, message),
  };
}
