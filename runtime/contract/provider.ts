import type {
  CancelOutcome,
  ChangeOutcome,
  CompleteOutcome,
  JobChange,
  OutsideCompletion,
  Paused,
  PauseTarget,
  RequeueOutcome,
} from "./control.ts";
import type {
  ClaimedJob,
  ClaimRequest,
  Completion,
  ExtendRequest,
  HeldLease,
  JobHistory,
  Lease,
  Note,
  ProgressReport,
  PromoteResult,
  PruneRequest,
  ReapResult,
  Rejection,
  Settlement,
} from "./delivery.ts";
import type { Limit } from "./gates.ts";
import type {
  Counts,
  EnqueueResult,
  FinishedPage,
  FinishedRequest,
  JobFilter,
  JobPage,
  JobRecord,
  ListRequest,
  NewJob,
} from "./jobs.ts";
import type { NeedPage, NeedsRequest } from "./needs.ts";
import type {
  DueRequest,
  DueSchedules,
  Firing,
  FiringResult,
  FoundSchedule,
  NewSchedule,
  SchedulePage,
} from "./schedules.ts";

/** What a store can do beyond the contract. Core asks for these, never for a provider's name. */
export interface Capabilities {
  /** Whether `enqueue` can take part in a transaction of the user, and whether that is synchronous code. */
  readonly transactions: "none" | "sync" | "async";
  /** Whether accepted calls survive the end of the process. */
  readonly durable: boolean;
  /** Who can share one store: this process only, the processes of one host, or all that reach it by network. */
  readonly reach: "process" | "host" | "network";
  /** Whether a handler can do its work and complete its job in one transaction: `TransactionalHandlers`. Default false. */
  readonly transactionalHandlers?: boolean;
}

/**
 * A hint that there may be something to do. Hints can be lost, doubled or late: the poll is the guarantee.
 * A provider without a notifier is polled.
 */
export interface Notifier {
  /** Calls `wake` after jobs became ready in one of `queues`; returns the way to stop listening. */
  subscribe(queues: readonly string[], wake: () => void): () => void;
  /** Calls `wake` after jobs became final, perhaps more often than that; returns the way to stop listening. */
  subscribeEnds(wake: () => void): () => void;
}

/**
 * How a heartbeat thread reaches the store over a connection of its own. `module` is the URL of a module that exports
 * `openLeaseExtender(data: unknown): LeaseExtender`; `data` must survive `structuredClone`.
 */
export interface LeaseThread {
  readonly module: string;
  readonly data: unknown;
}

export interface LeaseExtender {
  extend(request: ExtendRequest): Promise<readonly HeldLease[]>;
  close(): Promise<void>;
}

export interface MigrationReport {
  /** Schema version of the store before and after. 0: there was none. */
  readonly from: number;
  readonly to: number;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The contract between jobwright and a store.
 *
 * - Every call is one atomic step per job, and idempotent: a call whose reply was lost may be made again unchanged.
 * - Calls on a running job carry `(id, fence)` and report per item; a refused item is a value, not an exception.
 * - The expiry of a lease alone refuses nothing: until somebody else claims the job, its holder may still settle it.
 * - Results stand in the order of the items given. Empty lists are allowed and do nothing.
 * - The provider's clock decides every comparison with time.
 * - A store that cannot be reached rejects with a `JobwrightError` whose `retryable` is true.
 */
export interface Provider {
  readonly capabilities: Capabilities;
  /** Absent: workers poll. */
  readonly notifier?: Notifier;
  /** Absent: heartbeats come from the worker's main thread. */
  readonly leaseThread?: LeaseThread;
  /**
   * How many jobs a worker claims at most beyond its free slots, when jobs are short. More than the usual 300 where a call
   * costs much, whatever it takes: a flush, a round trip.
   */
  readonly claimAhead?: number;

  /** Creates or upgrades the store's schema; safe when several processes do it at once. Refuses a newer schema. */
  migrate(): Promise<MigrationReport>;
  /** Opens the store and checks its schema version. Idempotent. */
  start(): Promise<void>;
  /** Flushes what was accepted and closes what this provider opened. Idempotent; other calls reject afterwards. */
  stop(): Promise<void>;

  /**
   * Persists jobs: all of them or none, one after the other. A job whose id is already there is reported as `duplicate`
   * and not written; then its unique key counts, if it has one. Rejects with `JW_NO_PREREQUISITE` if a job that one of
   * them needs is not there, and with `JW_BATCH_CLOSED` if one that is to need it is not held by its needs any more.
   */
  enqueue(jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]>;
  /** Takes ready jobs by (priority, runAt, insertion order) and starts a lease on each. What is paused stays. */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  /** Ends leases with success. A job whose cancellation was requested ends `cancelled`, its output discarded. */
  ack(completions: readonly Completion[]): Promise<readonly Settlement[]>;
  /** Ends leases otherwise. A job whose cancellation was requested ends `cancelled`. */
  nack(rejections: readonly Rejection[]): Promise<readonly Settlement[]>;
  /** Moves every lease of this worker forward and returns them: what is not in the list is lost. */
  extend(request: ExtendRequest): Promise<readonly HeldLease[]>;
  /** Keeps checkpoints and log lines of running jobs. */
  note(notes: readonly Note[]): Promise<readonly Settlement[]>;
  /** Stores the progress of running jobs. */
  report(reports: readonly ProgressReport[]): Promise<readonly Settlement[]>;

  /**
   * Makes at most `limit` due scheduled jobs ready, or lets them wait at their gates; then lets through whatever gates have
   * room, also those that time has opened and those that a settlement without `gated` left closed.
   */
  promote(limit: number): Promise<PromoteResult>;
  /** Ends at most `limit` expired leases: the job is ready again, or `dead` after more than `maxCrashes`. */
  reap(limit: number): Promise<ReapResult>;
  /**
   * Deletes jobs past their retention; returns how many. One that holds a unique key for a time stays until that is over, one
   * that others need as long as they are there. Also mends what should not be: jobs whose needs are decided and that wait for
   * them still.
   */
  prune(request: PruneRequest): Promise<number>;

  get(id: string): Promise<JobRecord | undefined>;
  /** Attempts, checkpoints and log lines of a job; `undefined` if it does not exist. */
  history(id: string): Promise<JobHistory | undefined>;
  list(request: ListRequest): Promise<JobPage>;
  counts(filter?: JobFilter): Promise<Counts>;
  /** Jobs that ended lately, as far as they are still there. One that ends meanwhile may come with an earlier time. */
  finished(request: FinishedRequest): Promise<FinishedPage>;
  /** The jobs that a job needs. */
  needs(request: NeedsRequest): Promise<NeedPage>;
  /** Ends waiting jobs at once and asks for the end of running ones. */
  cancel(ids: readonly string[]): Promise<readonly CancelOutcome[]>;
  /** Ends waiting jobs with success. */
  complete(completions: readonly OutsideCompletion[]): Promise<readonly CompleteOutcome[]>;
  /**
   * Makes final jobs wait again, with fresh attempts, one after the other; for what they need, as it is by then. Their fence goes on growing. `delaysMs`: how long each of them waits;
   * default 0: ready at once.
   */
  requeue(ids: readonly string[], delaysMs?: readonly number[]): Promise<readonly RequeueOutcome[]>;
  /** Changes the time or the priority of waiting jobs. */
  change(changes: readonly JobChange[]): Promise<readonly ChangeOutcome[]>;
  /** Stops claims from a queue, or of a job definition, on all processes. Enqueues are still accepted. Idempotent. */
  pause(target: PauseTarget): Promise<void>;
  resume(target: PauseTarget): Promise<void>;
  paused(): Promise<Paused>;
  /** Sets the limits of policies, also for jobs that wait already. What has been let through stays. */
  putLimits(limits: readonly Limit[]): Promise<void>;
  /**
   * Waits until the job is final and returns it; `undefined` if it does not exist.
   * Rejects with `JW_WAIT_TIMEOUT` after `timeoutMs`, or with the signal's reason.
   */
  awaitSettled(id: string, options?: WaitOptions): Promise<JobRecord | undefined>;

  /**
   * Creates or changes schedules. One whose `spec` is the stored one is left as it is, with its next slot; one with
   * another `spec` starts anew at `nextAt` and keeps its pause.
   */
  putSchedules(schedules: readonly NewSchedule[]): Promise<void>;
  /** Returns for each key whether there was such a schedule. */
  removeSchedules(keys: readonly string[]): Promise<readonly boolean[]>;
  schedule(key: string): Promise<FoundSchedule>;
  /** At most 1,000 schedules whose keys come after `after`. */
  schedules(after?: string): Promise<SchedulePage>;
  /** A paused schedule is never due. Returns whether there is such a schedule. Idempotent. */
  pauseSchedule(key: string): Promise<boolean>;
  /** Goes on with `nextAt`: slots of the pause are over. One that is not paused stays as it is. */
  resumeSchedule(key: string, nextAt: number | undefined): Promise<boolean>;
  dueSchedules(request: DueRequest): Promise<DueSchedules>;
  /** Each (schedule, slot) is fired at most once, over all processes. */
  fireSchedule(firing: Firing): Promise<FiringResult>;
}

/** A provider whose store can take part in a transaction of the user that is synchronous code. */
export interface SyncTransactionProvider<Tx> extends Provider {
  /** Persists jobs in the user's open transaction: they exist if and only if it commits. */
  enqueueInTransaction(jobs: readonly NewJob[], tx: Tx): readonly EnqueueResult[];
}

/** A provider whose store can take part in a transaction of the user that is asynchronous code. */
export interface AsyncTransactionProvider<Tx> extends Provider {
  enqueueInTransaction(jobs: readonly NewJob[], tx: Tx): Promise<readonly EnqueueResult[]>;
}

/** What a transactional handler leaves behind besides its own writes. */
export interface TransactionResult {
  /** Opaque text, or absent if the job has no output. */
  readonly output?: string;
}

export interface TransactionLimits {
  /** The server ends a statement, or a pause between two of them, that takes longer than this, in ms. */
  readonly timeoutMs: number;
}

/** A provider in whose transactions a handler can write, so that its writes and its completion take effect together. */
export interface TransactionalHandlers<Tx> {
  /**
   * Runs `body` in a new transaction, completes the leased job in it, and commits both.
   *
   * - `ok`: committed. If somebody had asked for the job's cancellation, the body's writes are undone and the job is
   *   `cancelled`.
   * - `stale`, `alreadyDone`: the lease was over, as with `ack`; the body's writes are undone.
   *
   * If `body` rejects, its writes are undone, the lease stays open, and its error is thrown as it is. If the reply to the
   * commit is lost, it rejects with a retryable error: whether it took effect, the answer to an `ack` or `nack` will tell.
   */
  inTransaction(
    lease: Lease,
    body: (tx: Tx) => Promise<TransactionResult>,
    limits: TransactionLimits,
  ): Promise<Settlement>;
}
