import type { EndReason, StoredError } from "./jobs.ts";
import type { FinalState } from "./states.ts";

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
