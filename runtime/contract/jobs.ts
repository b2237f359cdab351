import type { FinalState, JobState } from "./states.ts";

/** Why a job ended in `dead`, `cancelled` or `skipped`. Stays with the job for its retention time. */
export const endReasons = [
  /** The last allowed attempt failed. */
  "attempts-exhausted",
  /** The handler threw `Discard`, or an error that is not to be retried. */
  "discarded",
  /** The next attempt would have come after the retry deadline. */
  "retry-deadline",
  /** No worker had begun the job when its time was over. */
  "expired",
  /** The stored payload does not fit the schema of this build. */
  "invalid-payload",
  /** The payload is of another version, and this build cannot carry it forward. */
  "not-upgradable",
  /** The worker vanished more than `maxCrashes` times while running this job. */
  "crash-loop",
  /** Somebody called `cancel`. */
  "cancelled",
  /** A job that this one needs failed, or was skipped because of one that failed. */
  "prerequisite",
  /** What this job was to run for did not come to pass: its own condition, or how the jobs that it needs ended. */
  "condition",
] as const;

export type EndReason = (typeof endReasons)[number];

/** An error as the store keeps it: text only, capped by the worker, never the payload. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  /** JSON of the data of an error that the job declares; of an encrypted job, message, stack and data, encrypted. */
  readonly data?: string;
}

/**
 * As long as what the job that holds a unique key keeps it.
 *
 * - `waiting`: until its first claim, or until it ends. A retry does not take the key back.
 * - `live`: until it ends.
 * - `succeeded`: as `live`, and after a success for as long as the job is kept.
 * - `any`: for as long as the job is kept.
 */
export const uniqueScopes = ["waiting", "live", "succeeded", "any"] as const;

export type UniqueScope = (typeof uniqueScopes)[number];

/**
 * A key that at most one job holds at any instant. Nothing is released: whether the job that took a key last still holds
 * it is read off that job, so that no path out of a state can forget it. See `holdsKey` in `core/unique.ts`.
 */
export interface UniqueKey {
  /** At most 512 bytes of UTF-8; unique in the whole store, so the client puts the job's name into it. */
  readonly key: string;
  readonly scope: UniqueScope;
  /** The key is free again so long after the enqueue, whatever became of its holder. Default: the scope alone decides. */
  readonly forMs?: number;
  /**
   * What happens if another job holds the key. `ignore`: nothing. `replace`: that job gets this one's payload, version,
   * priority and time. `extend`: it gets this one's time. The last two only reach a holder that was never claimed and is
   * not final; otherwise they are `ignore`.
   */
  readonly onConflict: "ignore" | "replace" | "extend";
  /** `replace` and `extend` put off the holder until so long after its own enqueue at most. Default: no limit. */
  readonly maxWaitMs?: number;
}

/**
 * What a gate holds back.
 *
 * - `order`: one job at a time from its enqueue to its end, in the order of insertion; a retry or a delay holds up the rest.
 * - `concurrency`: `limit` jobs that are admitted or run.
 * - `rate`: `limit` starts in any window of `windowMs`.
 * - `fair`: `limit` jobs that are admitted and have not started. One that is admitted gets the time of its admission as
 *   `runAt`, so that groups take turns however many jobs they have.
 */
export const gateKinds = ["order", "concurrency", "rate", "fair"] as const;

export type GateKind = (typeof gateKinds)[number];

/** What all gates of one kind and origin have in common, e.g. all keys of one job's concurrency limit. */
export interface Limit {
  /** Unique in the store, at most 512 bytes. */
  readonly policy: string;
  readonly kind: GateKind;
  /** ≥ 1; for `order` 1. */
  readonly limit: number;
  /** Only for `rate`, ≥ 1. */
  readonly windowMs?: number;
}

/**
 * One of the gates that a job has to pass before it is ready; until then it is `blocked`, outside of every index that a
 * claim looks at. Whoever has passed a gate is read off the jobs: there is no counter that could leak.
 */
export interface Gate extends Limit {
  /** The group of jobs that share the limit; unique in the store, at most 512 bytes. A key has one policy and one level. */
  readonly key: string;
  /** 0…7. A job passes its gates in the order of their levels, and has one gate per level at most. */
  readonly level: number;
}

/**
 * How a job has to end for one that needs it.
 *
 * - `succeeded`.
 * - `failed`: `dead`, `cancelled`, or `skipped` with the reason `prerequisite`.
 * - `notFailed`: `succeeded`, or `skipped` because something did not come to pass.
 * - `finished`: in whatever way.
 */
export const needConditions = ["succeeded", "failed", "notFailed", "finished"] as const;

export type NeedCondition = (typeof needConditions)[number];

/**
 * `met` and `unmet`: the job that is needed has ended, as it had to or otherwise. `broken`: otherwise, because it failed.
 */
export const edgeStatuses = ["open", "met", "unmet", "broken"] as const;

export type EdgeStatus = (typeof edgeStatuses)[number];

/** An edge between two jobs. */
export interface Need {
  readonly id: string;
  readonly when: NeedCondition;
}

/**
 * The jobs whose ends a job waits for. An edge is decided once, in the step in which the job that is needed ends, and
 * stays so until the job that needs it is requeued, which looks at all of them anew.
 */
export interface Needs {
  /** Ids are those of jobs that are there, or that stand earlier in the same call; each once. */
  readonly of: readonly Need[];
  /**
   * `all`: the job runs when every edge is met, and is skipped as soon as one is not. `any`: it runs as soon as one is met,
   * and is skipped when none is. The reason is `prerequisite` if one of them is broken by then, else `condition`.
   */
  readonly mode: "all" | "any";
}

/** A job on its way into the store. */
export interface NewJob {
  /** UUIDv7, made by the client: enqueueing the same id again is the same enqueue. */
  readonly id: string;
  /** Name of the job definition. */
  readonly name: string;
  readonly queue: string;
  /** Version of the payload contract that `payload` was written with. */
  readonly version: number;
  /** −32,768…32,767; smaller is offered first. */
  readonly priority: number;
  /** Absolute time in ms since the epoch, by the provider's clock; wins over `delayMs`. */
  readonly runAt?: number;
  /**
   * Relative to the provider's clock at the moment of acceptance, of a job with `needs` to that at which they let it go.
   * Default 0: ready at once.
   */
  readonly delayMs?: number;
  /** Crash-ended claims after which the job is dead, so that a poison job cannot kill workers for ever. */
  readonly maxCrashes: number;
  /** Opaque text; no provider ever looks into it. */
  readonly payload: string;
  /** Absent: the job may have any number of likes. */
  readonly unique?: UniqueKey;
  /**
   * By level. The limit that counts is that of `putLimits`, or of the first job with the policy. Absent: the job is ready when
   * it is due.
   */
  readonly gates?: readonly Gate[];
  /**
   * Until they let it go the job is `blocked`, before its gates. Then `runAt` becomes the time of that moment, plus `delayMs`, if
   * it was earlier. Goes not with `unique`.
   */
  readonly needs?: Needs;
  /**
   * Jobs that need this one, besides those that they need already: `id` names them. Each must still be held by its needs.
   * Goes not with `unique`.
   */
  readonly neededBy?: readonly Need[];
  /** What `list` can search for; at most 10 texts of 128 characters. */
  readonly tags?: readonly string[];
}

/**
 * `duplicate`: a job with this id is already there (an earlier call whose reply was lost); nothing was written.
 * `deduplicated`: another job holds the unique key; nothing was written. `replaced`, `extended`: it was changed.
 */
export type EnqueueOutcome = "enqueued" | "duplicate" | "deduplicated" | "replaced" | "extended";

/** `state` and `runAt` are those that the job has now. */
export interface EnqueueResult {
  /** Of the job that is there now: that of the holder if the unique key was taken. */
  readonly id: string;
  readonly outcome: EnqueueOutcome;
  readonly state: JobState;
  /** When the job may start, ms since the epoch by the provider's clock. */
  readonly runAt: number;
}

/** One lane of a claim: a queue, the room for it and the job definitions that this worker can run. */
export interface ClaimLane {
  readonly queue: string;
  /** At most this many jobs; ≥ 1. */
  readonly limit: number;
  /** Only these jobs are taken, and only with `version ≤ maxVersion`. Others stay untouched. */
  readonly handles: readonly { readonly name: string; readonly maxVersion: number }[];
}

export interface ClaimRequest {
  /** Repeating a claim with the id of one whose reply was lost returns the same leases. Unique among the calls of one worker. */
  readonly claimId: string;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly lanes: readonly ClaimLane[];
}

/** A time-bound right to run a job. `fence` grows by one at every claim and is never reset. */
export interface Lease {
  readonly id: string;
  readonly fence: number;
  /**
   * As the claim said: the job has gates, or others need it. A settlement that carries it lets the next jobs through the
   * gates in the same step. Edges are decided in that step in any case.
   */
  readonly gated?: true;
}

export interface ClaimedJob extends Lease {
  readonly name: string;
  readonly queue: string;
  readonly version: number;
  readonly priority: number;
  /** The counted execution that this claim starts, from 1. Snoozes, releases and crashes are not counted. */
  readonly attempt: number;
  /** Claims that ended with the worker vanishing. */
  readonly crashes: number;
  readonly runAt: number;
  readonly enqueuedAt: number;
  readonly leaseUntil: number;
  readonly payload: string;
}

/** The attempt succeeded. */
export interface Completion extends Lease {
  /** Opaque text, or absent if the job has no output. */
  readonly output?: string;
}

/** The attempt ended otherwise. */
export type Rejection = Lease &
  (
    | { readonly outcome: "retry"; readonly delayMs: number; readonly error: StoredError }
    | { readonly outcome: "dead"; readonly reason: EndReason; readonly error: StoredError }
    /** Not counted as an attempt: run again after `delayMs`. */
    | { readonly outcome: "snooze"; readonly delayMs: number }
    /** Not counted as an attempt: given back unchanged, ready at once. */
    | { readonly outcome: "release" }
    /** Not counted as an attempt: the job is not to run. It ends `skipped`, with the reason `condition`. */
    | { readonly outcome: "skip" }
  );

/** The success of a job that nobody has claimed, from outside. */
export interface OutsideCompletion {
  readonly id: string;
  /** Opaque text, or absent if the job has no output. */
  readonly output?: string;
}

/** `notWaiting`: the job runs, or has ended; nothing was changed. */
export type CompleteOutcome = "completed" | "notWaiting" | "notFound";

/**
 * What became of one settlement. `stale`: a newer claim holds the job, or the job is gone; nothing was changed.
 * `alreadyDone`: this lease has already ended, by an earlier copy of this very call or by an operator; nothing was changed.
 */
export type Settlement = "ok" | "stale" | "alreadyDone";

export interface ExtendRequest {
  readonly workerId: string;
  readonly leaseMs: number;
}

/** A lease that the store still counts as this worker's, after it was moved forward. */
export interface HeldLease extends Lease {
  readonly leaseUntil: number;
  /** Somebody called `cancel`: abort the running attempt. */
  readonly cancelRequested: boolean;
}

/** What a running handler says of itself. Fenced like a settlement. */
export interface ProgressReport extends Lease {
  /** 0…100. */
  readonly progress: number;
}

export const noteKinds = ["step", "cursor", "log"] as const;

export type NoteKind = (typeof noteKinds)[number];

/** Something that is kept beside a job. Fenced like a settlement. */
export interface Note extends Lease {
  /**
   * `step` and `log`: the first note with its key stays, others are ignored, so that a call may be made again. `cursor`: the
   * last one stays, in the place of the first.
   */
  readonly kind: NoteKind;
  /** At most 512 bytes; unique per job and kind. */
  readonly key: string;
  /** Opaque text. */
  readonly text: string;
}

export interface StoredNote {
  readonly key: string;
  readonly text: string;
}

/** An attempt that was not the last word: it failed, or its worker vanished. */
export interface AttemptRecord {
  readonly fence: number;
  /** The counted execution that it was. */
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly workerId: string;
  /** Absent: the worker vanished. */
  readonly error: StoredError | undefined;
}

export interface JobHistory {
  /** Those of the last 25 claims, the oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** In the order in which they came. */
  readonly steps: readonly StoredNote[];
  readonly cursors: readonly StoredNote[];
  readonly logs: readonly StoredNote[];
}

export interface PromoteResult {
  readonly promoted: number;
  /** When the next scheduled job is due, if there is one. */
  readonly nextRunAt: number | undefined;
}

export interface ReapResult {
  /** Expired leases whose jobs wait again. */
  readonly readied: number;
  /** Jobs that crashed their workers too often (`dead`), or whose cancellation was pending (`cancelled`). */
  readonly ended: number;
}

export interface PruneRequest {
  /** Retention per final state in ms since the job finished; a missing state is not pruned. */
  readonly retentionMs: Readonly<Partial<Record<FinalState, number>>>;
  /** At most this many jobs per call. */
  readonly limit: number;
}

/** `cancelled`: no attempt starts any more. `requested`: it runs; its signal is aborted at the next heartbeat. */
export type CancelOutcome = "cancelled" | "requested" | "alreadyDone" | "notFound";
/**
 * `alreadyWaiting`: the job is not final, so it will run without help. `deduplicated`: another job holds its unique key.
 */
export type RequeueOutcome = "requeued" | "alreadyWaiting" | "deduplicated" | "notFound";

/** What is to become of a waiting job. What is left out stays. */
export interface JobChange {
  readonly id: string;
  /** Absolute time in ms since the epoch, by the provider's clock; wins over `delayMs`. */
  readonly runAt?: number;
  /** Relative to the provider's clock at the moment of the call. */
  readonly delayMs?: number;
  /** −32,768…32,767. */
  readonly priority?: number;
}

/** `notWaiting`: the job runs, or has ended; nothing was changed. */
export type ChangeOutcome = "changed" | "notWaiting" | "notFound";

/** What can be paused: all jobs of a queue, or all of one definition. */
export type PauseTarget = { readonly queue: string } | { readonly name: string };

/** Sorted. */
export interface Paused {
  readonly queues: readonly string[];
  readonly names: readonly string[];
}

/** A schedule on its way into the store. The slots are computed by core: the store keeps and compares, no more. */
export interface NewSchedule {
  /** Unique in the store. */
  readonly key: string;
  /** Name of the job definition that it enqueues. */
  readonly name: string;
  /** Opaque text. A schedule with another text is another schedule: its slots begin anew. */
  readonly spec: string;
  /** The slot that fires next, ms since the epoch; absent: there is none any more. */
  readonly nextAt: number | undefined;
}

export interface ScheduleRecord extends NewSchedule {
  /** The slot that fired last. */
  readonly lastAt: number | undefined;
  readonly pausedAt: number | undefined;
}

export interface SchedulePage {
  /** The provider's clock. */
  readonly now: number;
  /** By key. */
  readonly schedules: readonly ScheduleRecord[];
}

export interface DueRequest {
  /** Only schedules of these job definitions. */
  readonly names: readonly string[];
  readonly limit: number;
}

export interface DueSchedules {
  /** The provider's clock. */
  readonly now: number;
  /** Not paused, `nextAt ≤ now`; the longest overdue first, then by key. */
  readonly due: readonly ScheduleRecord[];
  /** When the next of the others is due, if there is one. */
  readonly nextAt: number | undefined;
}

/** Enqueues the jobs of a slot and moves the schedule on, in one step, if nobody else did. */
export interface Firing {
  readonly key: string;
  /** The schedule must still be this one, … */
  readonly spec: string;
  /** … with this as its next slot, and not paused. */
  readonly expectedAt: number;
  /** What `lastAt` becomes. */
  readonly slotAt: number;
  /** May be empty: slots that are not caught up. */
  readonly jobs: readonly NewJob[];
  readonly nextAt: number | undefined;
}

/** `lost`: another process fired this slot, or the schedule was changed, paused or removed; nothing was written. */
export type FiringResult =
  | { readonly outcome: "fired"; readonly results: readonly EnqueueResult[] }
  | { readonly outcome: "lost" };

/** Everything a store knows about a job. */
export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly version: number;
  readonly state: JobState;
  readonly priority: number;
  readonly attempt: number;
  readonly crashes: number;
  readonly fence: number;
  readonly runAt: number;
  readonly enqueuedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly workerId: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly cancelRequested: boolean;
  readonly progress: number | undefined;
  /** Key of the gate that the job waits at, or `prerequisites`: of other jobs. */
  readonly blockedBy: string | undefined;
  readonly reason: EndReason | undefined;
  readonly payload: string;
  readonly output: string | undefined;
  readonly error: StoredError | undefined;
}

export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly names?: readonly string[];
  readonly queues?: readonly string[];
}

export interface ListRequest extends JobFilter {
  /** Jobs that have all of these. */
  readonly tags?: readonly string[];
  /** 1…1,000; default 100. */
  readonly limit?: number;
  /** `cursor` of the previous page. */
  readonly cursor?: string;
}

/** Newest first. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
}

/** `blockedBy` of a job that its needs hold. */
export const prerequisites = "prerequisites";

export interface NeedsRequest {
  /** The job that needs others. */
  readonly id: string;
  /** 1…1,000; default 100. */
  readonly limit?: number;
  /** `cursor` of the previous page. */
  readonly cursor?: string;
}

export interface NeedRecord {
  readonly when: NeedCondition;
  readonly status: EdgeStatus;
  /** As it is now. It is kept for as long as the one that needs it. */
  readonly job: JobRecord;
}

/** In the order in which the edges came; empty if there is no such job. */
export interface NeedPage {
  readonly needs: readonly NeedRecord[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
}

export interface FinishedRequest {
  /** Jobs that ended at this time or later, ms since the epoch by the provider's clock. */
  readonly since: number;
  /** 1…1,000; default 100. */
  readonly limit?: number;
  /** `cursor` of the previous page, with the same `since`. */
  readonly cursor?: string;
}

/** By the time of their end, then in insertion order. */
export interface FinishedPage {
  /** The provider's clock. */
  readonly now: number;
  readonly jobs: readonly JobRecord[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
}

/** Number of jobs per queue and state; zeros are left out. */
export type Counts = Readonly<Record<string, Readonly<Partial<Record<JobState, number>>>>>;
