import type {
  JobRecord,
  JobState,
  ListRequest,
  CancelOutcome,
  ChangeOutcome,
  Counts,
  EndReason,
  EnqueueOutcome,
  EnqueueResult,
  JobFilter,
  Paused,
  PauseTarget,
  RequeueOutcome,
  Provider,
} from "../contract/index.ts";
import type { BulkFilter, BulkResult } from "../core/bulk.ts";
import type { LogLine } from "../core/log-line.ts";
import type { Duration } from "../core/duration.ts";
import type { ShownHistory } from "../core/shown-history.ts";
import type { ScheduleSettings, ScheduleTiming } from "../core/schedule.ts";
import type { EncryptionOptions } from "../core/encryption.ts";
import type { ChangeOptions, EnqueueSettings, OneJobOptions } from "../core/new-job.ts";
import type { Templated } from "../core/flow/references.ts";
import type { ClientLogger, EventOptions, JobEvents, JobEventType } from "./events/types.ts";
import type { JobNode, NodeSettingsOptions } from "./flow/types.ts";
import type { EnqueueMiddleware } from "./middleware.ts";

export type { ChangeOptions, EnqueueSettings };

/** How a provider takes part in the user's transactions; `never` stands for "not at all". */
export interface TransactionKind {
  readonly mode: "sync" | "async";
  readonly tx: unknown;
}

/** Derived from the provider's type, so that a client of a provider without transactions has no `tx` option. */
export type TransactionKindOf<P extends Provider> = P extends {
  enqueueInTransaction(jobs: never, tx: infer Tx): infer Result;
}
  ? { readonly mode: Result extends Promise<unknown> ? "async" : "sync"; readonly tx: Tx }
  : never;

export interface ClientOptions<P extends Provider> {
  /** Where the jobs are kept. Started if it was not; the caller stops it. */
  readonly provider: P;
  /** Keys of the jobs with `encrypted: true`, which are not enqueued without. Default: none. */
  readonly encryption?: EncryptionOptions;
  /** Code around every enqueue, the outermost first. Default: none. */
  readonly middleware?: readonly EnqueueMiddleware[];
  /** How `on` and `$events` follow the ends of jobs. */
  readonly events?: EventOptions;
  /** Hears of listeners that throw, and of a store that cannot be read for them. Default: `console`. */
  readonly logger?: ClientLogger;
  /**
   * `false`: do without `jobs.schema.ts` and zod at run time, for small bundles that only enqueue. Inputs are checked by the
   * generated parsers; what only zod can check, such as refinements, is left to the worker, where such a job is dead with
   * `JW_INVALID_PAYLOAD`. What cannot be done without is `JW_SCHEMA_NEEDED`. Default: the schema is loaded.
   */
  readonly schema?: false;
}

/** Neither `id` nor a key: they would be those of every job. */
interface ManyJobsOptions extends EnqueueSettings {
  /** `false`: jobs without unique keys. Default: as the job definition says. */
  readonly unique?: false;
}

/** The provider's own kind of transaction if it works that way; else nothing fits. */
type TxOf<Tx extends TransactionKind, Mode extends TransactionKind["mode"]> = [Tx["mode"]] extends [Mode]
  ? Tx["tx"]
  : never;

/** The transaction of a call that returns a promise. */
export interface AsyncTx<Tx extends TransactionKind> {
  /** Enqueue in this open transaction: the job exists if and only if it commits. */
  readonly tx?: TxOf<Tx, "async">;
}

/** The transaction of a call that returns at once. */
export interface SyncTx<Tx extends TransactionKind> {
  /** Enqueue in this open transaction: the job exists if and only if it commits. */
  readonly tx: TxOf<Tx, "sync">;
}

/** Interfaces instead of conditional return types: those cost the compiler several instantiations per job. */
export interface EnqueueOptions<Tx extends TransactionKind = never> extends OneJobOptions, AsyncTx<Tx> {}

/** Options of `enqueue` in a synchronous transaction. */
export interface SyncEnqueueOptions<Tx extends TransactionKind> extends OneJobOptions, SyncTx<Tx> {}

/** Options of `enqueueMany`: they hold for all jobs of the call. */
export interface EnqueueManyOptions<Tx extends TransactionKind = never> extends ManyJobsOptions, AsyncTx<Tx> {}

/** Options of `enqueueMany` in a synchronous transaction. */
export interface SyncEnqueueManyOptions<Tx extends TransactionKind> extends ManyJobsOptions, SyncTx<Tx> {}

export interface ResultOptions {
  /** Give up waiting after this long. The job goes on. Default: wait as long as it takes. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/** Data of a declared error, by its name. `Errors` are the data of all errors that the job declares. */
export type FailureOf<Errors> = {
  readonly [Name in keyof Errors]: { readonly name: Name; readonly data: Errors[Name] };
}[keyof Errors];

/** How a job ended. `Failure` is the union of its declared errors. */
export type SettledJob<Output, Failure = never> =
  | { readonly status: "succeeded"; readonly output: Output }
  | {
      readonly status: "dead";
      readonly reason: EndReason;
      /** The declared error that ended the last attempt; undefined if it was another one. */
      readonly failure: Failure | undefined;
      /** The last error, whatever it was; undefined if there was none, as after too many crashes. */
      readonly error: Error | undefined;
    }
  | { readonly status: "cancelled" | "skipped"; readonly reason: EndReason | undefined };

/** An attempt that was not the last word: it failed, or its worker vanished. */
export interface FailedAttempt {
  /** The counted execution that it was. */
  readonly attempt: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly workerId: string;
  /** Undefined: the worker vanished. */
  readonly error: Error | undefined;
}

export interface HandleHistory {
  /** Those of the last 25 claims, the oldest first. */
  readonly attempts: readonly FailedAttempt[];
  /** What the handler wrote with `ctx.log`, as far as the job's `keepLogs` goes. */
  readonly logs: readonly LogLine[];
}

/** A job that was enqueued. `Progress` is what the job's schema says of it. */
export interface JobHandle<Output, Failure = never, Progress = number> {
  readonly id: string;
  /**
   * `duplicate`: a job with this id was there already. `deduplicated`, `replaced`, `extended`: another job holds the unique
   * key, and this is its handle.
   */
  readonly outcome: EnqueueOutcome;
  /** Current state. Throws `JW_NOT_FOUND` when its retention time is over. */
  status(): Promise<JobState>;
  /**
   * Waits for the end and returns what the handler returned. Throws `JW_JOB_DEAD`, `JW_JOB_CANCELLED`,
   * `JW_WAIT_TIMEOUT` or `JW_NOT_FOUND`.
   */
  result(options?: ResultOptions): Promise<Output>;
  /** Waits for the end and tells how it was, without throwing for it. Throws `JW_WAIT_TIMEOUT` or `JW_NOT_FOUND`. */
  settled(options?: ResultOptions): Promise<SettledJob<Output, Failure>>;
  /**
   * What the handler reported last; undefined if there is nothing yet, or nothing that this build can read. Throws
   * `JW_NOT_FOUND`.
   */
  progress(): Promise<Progress | undefined>;
  /** What became of earlier attempts, and what they logged. Throws `JW_NOT_FOUND`. */
  history(): Promise<HandleHistory>;
  /** `cancelled`: no attempt starts any more. `requested`: it runs, and its signal is aborted within a heartbeat. */
  cancel(): Promise<CancelOutcome>;
}

/** What a generated client offers for one job definition. Generated clients print it per job. */
export interface JobClient<Input, Output, Tx extends TransactionKind = never> {
  /** The job's name in the schema. */
  readonly name: string;
  /** Validates the input and persists a job. Resolves when the store has accepted it. */
  enqueue(input: Input, options?: EnqueueOptions<Tx>): Promise<JobHandle<Output>>;
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
  enqueue(input: Input, options: SyncEnqueueOptions<Tx>): JobHandle<Output>;
  /** Persists many jobs in one step: all of them, or none when one input is refused. */
  enqueueMany(inputs: readonly Input[], options?: EnqueueManyOptions<Tx>): Promise<readonly JobHandle<Output>[]>;
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
  enqueueMany(inputs: readonly Input[], options: SyncEnqueueManyOptions<Tx>): readonly JobHandle<Output>[];
  /** This job as a node of a chain, a batch or a workflow. Its input may refer to other nodes; nothing is enqueued by it. */
  node(input: Templated<Input>, settings?: NodeSettingsOptions): JobNode<Output>;
  /** The handle of a job enqueued earlier, perhaps by another process. */
  handle(id: string): JobHandle<Output>;
  /** Calls `listener` for every such job that ends so from now on, on any process, until the function that it returns is called. */
  on<Type extends JobEventType>(type: Type, listener: (event: JobEvents<string, Output>[Type]) => unknown): () => void;
  /** Stops claims of this job, on all processes. Enqueues are still accepted, and what runs goes on. Idempotent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Enqueues this job at every slot, until `unschedule`; the same id again changes the schedule. Resolves with its key. */
  schedule(id: string, options: ScheduleSettings & { readonly input: Input }): Promise<string>;
  /** The schedule with this id, and when its slots come; undefined if there is none. */
  getSchedule(id: string): Promise<ScheduleInfo | undefined>;
  /** Resolves with whether there was such a schedule. */
  unschedule(id: string): Promise<boolean>;
}

/** A schedule as the operator sees it. Times are ms since the epoch. */
export interface ScheduleInfo extends Partial<ScheduleTimes> {
  /** `sendReport.nightly` for one of the schema, `sendReport/customer-7` for one that a client made. */
  readonly key: string;
  /** Name of the job definition. */
  readonly name: string;
  /** Absent, as what it says: another version of jobwright wrote it. */
  readonly origin?: "schema" | "client";
  /** Whether the schema of this build has the schedule, or the job of one that a client made. */
  readonly declared: boolean;
  /** The slot that comes next. */
  readonly nextAt: number | undefined;
  /** The slot that came last. */
  readonly lastAt: number | undefined;
  readonly pausedAt: number | undefined;
}

interface ScheduleTimes extends Omit<ScheduleTiming, "jitterMs"> {
  readonly jitterMs: number | undefined;
}

/** The operator's verbs over all schedules, as `jobs.$control.schedules`. */
export interface ScheduleControl {
  /** By key. */
  list(): Promise<readonly ScheduleInfo[]>;
  /** Undefined: there is none with this key. */
  get(key: string): Promise<ScheduleInfo | undefined>;
  /** No slot is due until `resume`. Resolves with whether there is such a schedule, as the next two do. Idempotent. */
  pause(key: string): Promise<boolean>;
  /** Goes on with the first slot to come; those of the pause are left out. */
  resume(key: string): Promise<boolean>;
  /** Workers put one that the schema declares again when they start: pause that one instead. */
  remove(key: string): Promise<boolean>;
  /** Enqueues a job now, beside the slots. Throws `JW_NOT_FOUND`. */
  run(key: string): Promise<EnqueueResult>;
}

/** A job as the operator sees it. */
export interface JobInfo extends JobRecord {
  /**
   * The encoded input alone. `"[redacted]"` stands for what the schema marks as sensitive, here, in `output` and in the data
   * of `error`, and for all of a job that the schema does not have; `"[encrypted]"` for what is encrypted.
   */
  readonly payload: string;
  /** Texts that the caller of `enqueue` gave along. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/**
 * What a job left behind, as the operator sees it. Log lines of an encrypted job are `"[encrypted]"`, those of one that the
 * schema does not have `"[redacted]"`.
 */
export interface JobHistoryInfo extends ShownHistory {}

/** Newest first. */
export interface JobInfoPage {
  readonly jobs: readonly JobInfo[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
}

export interface RequeueAllFilter extends BulkFilter {
  /** Let the jobs begin evenly over this time, the oldest first. Default: all at once. */
  readonly spread?: Duration;
}

/** Which jobs to wait for. Default: all. */
export interface DrainRequest {
  readonly names?: readonly string[];
  readonly queues?: readonly string[];
  /** Wait for jobs that are due later as well. Default false. */
  readonly scheduled?: boolean;
  /** Give up after this long. Default: wait as long as it takes. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/** The operator's verbs over all jobs, as `jobs.$control`. */
export interface ControlClient {
  get(id: string): Promise<JobInfo | undefined>;
  list(request?: ListRequest): Promise<JobInfoPage>;
  /** Failed attempts, names of kept steps and iterations, and log lines. Undefined: there is no such job. */
  history(id: string): Promise<JobHistoryInfo | undefined>;
  counts(filter?: JobFilter): Promise<Counts>;
  cancel(...ids: string[]): Promise<readonly CancelOutcome[]>;
  /** Cancels all jobs that wait or run and fit; `dryRun` only counts them. */
  cancelAll(filter: BulkFilter): Promise<BulkResult<CancelOutcome>>;
  requeue(...ids: string[]): Promise<readonly RequeueOutcome[]>;
  /** Runs all finished jobs that fit again, dead ones unless `states` says otherwise; `dryRun` only counts them. */
  requeueAll(filter: RequeueAllFilter): Promise<BulkResult<RequeueOutcome>>;
  /** Moves waiting jobs in time, or gives them another priority. */
  change(...changes: ChangeOptions[]): Promise<readonly ChangeOutcome[]>;
  /** Stops claims from a queue, or of a job definition, on all processes: `pause("mail")`, `pause({ name: "sendEmail" })`. */
  pause(target: string | PauseTarget): Promise<void>;
  resume(target: string | PauseTarget): Promise<void>;
  paused(): Promise<Paused>;
  /** Waits until no job that fits waits or runs; without a filter, none at all. Throws `JW_WAIT_TIMEOUT`. */
  drain(request?: DrainRequest): Promise<void>;
  /** Over all schedules. */
  readonly schedules: ScheduleControl;
}
