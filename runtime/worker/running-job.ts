import { type ClaimedJob, JobwrightError, type ProgressReport } from "../contract/index.ts";
import { settingsOf } from "../core/envelope.ts";
import { type CheckpointSetting, createCheckpoints } from "./checkpoints.ts";
import type { ErrorMakers } from "./declared-error.ts";
import { createKeptLog, type KeptLogSetting } from "./kept-log.ts";
import type { KeepProgress } from "./typed-progress.ts";
import { stopError, type StopReason } from "./stop.ts";
import type { BatchItem, Checkpoints, JobContext, JobLog, Logger, TransactionalContext } from "./types.ts";

/** One claimed job in this process, from dispatch to settlement. */
export interface RunningJob {
  /** `performance.now()` when the claim reached this process. */
  readonly claimedAt: number;
  readonly job: ClaimedJob;
  readonly context: JobContext;
  readonly stopReason: StopReason | undefined;
  /** False if the attempt was told to stop already, for a reason that stands. */
  abort(reason: StopReason): boolean;
  /** The context of an attempt that runs in this transaction. */
  enter(tx: unknown): JobContext;
  /** The context of an attempt in a batch. */
  take(input: unknown): BatchItem<unknown>;
}

/** What is the same for all jobs of one definition in one worker. */
export interface RunningJobSetting {
  readonly maxAttempts: number;
  readonly errors: ErrorMakers;
  readonly logger: Logger;
  readonly report: (report: ProgressReport) => void;
  readonly checkpoints: CheckpointSetting;
  /** Absent: the job keeps no log lines. */
  readonly keptLog?: KeptLogSetting | undefined;
  /** Absent: the progress is a number. */
  readonly keepProgress?: KeepProgress | undefined;
  /** Called when the attempt was told to stop. */
  readonly stopped?: () => void;
}

export function createRunningJob(job: ClaimedJob, setting: RunningJobSetting): RunningJob {
  return new Attempt(job, setting);
}

/* Classes, because an object with accessors of its own takes 2 KB, and there is one of each for every attempt. */

class Attempt implements RunningJob {
  readonly claimedAt = performance.now();
  readonly job: ClaimedJob;
  readonly context: Context;
  stopReason: StopReason | undefined = undefined;
  readonly #stopped: (() => void) | undefined;
  #controller: AbortController | undefined = undefined;

  constructor(job: ClaimedJob, setting: RunningJobSetting) {
    this.job = job;
    this.#stopped = setting.stopped;
    this.context = new Context(this, setting);
  }

  /** Most handlers never look at the signal, so it is made on first use. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.stopReason && !this.#controller.signal.aborted) {
      this.#controller.abort(stopError(this.job, this.stopReason));
    }
    return this.#controller.signal;
  }

  enter(tx: unknown): JobContext {
    this.context.tx = tx;
    return this.context;
  }

  take(input: unknown): BatchItem<unknown> {
    return Object.assign(this.context, { input });
  }

  abort(reason: StopReason): boolean {
    // What was at risk may turn out to be lost, or be told to end for another reason.
    if (this.stopReason === reason || (this.stopReason && this.stopReason !== "lease-at-risk")) return false;
    this.stopReason = reason;
    this.#controller?.abort(stopError(this.job, reason));
    this.#stopped?.();
    return true;
  }
}

class Context implements TransactionalContext<unknown> {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: number;
  readonly idempotencyKey: string;
  readonly #running: Attempt;
  readonly #setting: RunningJobSetting;
  tx: unknown = undefined;
  #log: JobLog | undefined = undefined;
  #checkpoints: Checkpoints | undefined = undefined;

  constructor(running: Attempt, setting: RunningJobSetting) {
    const { id, name, queue, attempt, fence } = running.job;
    this.id = id;
    this.name = name;
    this.queue = queue;
    this.attempt = attempt;
    this.maxAttempts = setting.maxAttempts;
    this.fence = fence;
    this.idempotencyKey = id;
    this.#running = running;
    this.#setting = setting;
  }

  get errors(): ErrorMakers {
    return this.#setting.errors;
  }

  get enqueuedAt(): Date {
    return new Date(this.#running.job.enqueuedAt);
  }

  get metadata(): Readonly<Record<string, string>> {
    // A copy: what was read of a text serves whoever reads the same text.
    return { ...settingsOf(this.#running.job.payload)?.metadata };
  }

  get signal(): AbortSignal {
    return this.#running.signal;
  }

  /** Not a method, so that `const { progress } = ctx` works. */
  get progress(): (value: unknown) => void {
    const { id, fence } = this;
    const { report, keepProgress } = this.#setting;
    if (keepProgress) return keepProgress;
    return (value) => {
      const percent = Number(value);
      report({ id, fence, progress: Math.min(100, Math.max(0, Math.round(percent) || 0)) });
    };
  }

  get step(): Checkpoints["step"] {
    return this.#keep().step;
  }

  get iterate(): Checkpoints["iterate"] {
    return this.#keep().iterate;
  }

  #keep(): Checkpoints {
    if (this.tx !== undefined) {
      throw new JobwrightError("JW_INVALID_OPTION", `${this.name} is transactional, and has no steps.`, {
        hint: "What it writes through `ctx.tx` is done once anyway; cut the work into several jobs.",
      });
    }
    const { job } = this.#running;
    return (this.#checkpoints ??= createCheckpoints(job, () => this.signal, this.#setting.checkpoints));
  }

  get log(): JobLog {
    const { job } = this.#running;
    const { logger, keptLog } = this.#setting;
    return (this.#log ??= keptLog ? createKeptLog(job, jobLog(job, logger), keptLog) : jobLog(job, logger));
  }
}

function jobLog(job: ClaimedJob, logger: Logger): JobLog {
  return boundLog({ job: job.name, jobId: job.id, queue: job.queue, attempt: job.attempt }, logger);
}

/** Log lines that carry these fields. */
export function boundLog(bound: object, logger: Logger): JobLog {
  return {
    debug: (message, fields) => logger.debug({ ...bound, ...fields }, message),
    info: (message, fields) => logger.info({ ...bound, ...fields }, message),
    warn: (message, fields) => logger.warn({ ...bound, ...fields }, message),
    error: (message, fields) => logger.error({ ...bound, ...fields }, message),
  };
}
