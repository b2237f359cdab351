import type { Gate } from "./gates.ts";
import type { Need, Needs } from "./needs.ts";
import type { JobState } from "./states.ts";

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
