import type {
  CancelOutcome,
  ChangeOutcome,
  CompleteOutcome,
  EndReason,
  JobState,
  RequeueOutcome,
  Settlement,
} from "../contract/index.ts";

/**
 * The life of a job as data: for every situation and operation, what becomes of the job and what the caller is told.
 * Providers follow it, the memory provider executes it, the conformance suite is generated from it.
 *
 * What the table does not hold, because it is the same in every row:
 * - A fenced operation (ack, nack, report) on a missing job or with another fence than the job's is `stale`.
 * - Operations that wait for a time (claim, promote, reap, prune) leave a job untouched before that time.
 * - Between two calls a lease may expire; that alone changes nothing. `extend` moves expired leases too.
 */

/**
 * A state, refined by what the store knows besides: `lapsed` is `ready` or `blocked` with a lease that was reaped but not replaced,
 * so its holder may still settle it; `cancelling` is `running` with a cancellation pending.
 */
export type Situation = JobState | "lapsed" | "cancelling";

export const situations = [
  "scheduled",
  "ready",
  "lapsed",
  "running",
  "cancelling",
  "blocked",
  "succeeded",
  "dead",
  "cancelled",
  "skipped",
] as const satisfies readonly Situation[];

export const operations = [
  "claim",
  "ack",
  "nack-retry",
  "nack-dead",
  "nack-snooze",
  "nack-release",
  "nack-skip",
  "extend",
  "report",
  "promote",
  /** The lease expired and the job may crash again. */
  "reap",
  /** The lease expired and with this crash there are more than `maxCrashes`. */
  "reap-crash-loop",
  "prune",
  "cancel",
  "requeue",
  "change",
  "complete",
  /** The needs of the job can no longer let it go. */
  "skip",
] as const;

export type Operation = (typeof operations)[number];

/** `applied` and `untouched` stand for calls that report no outcome per job. */
export type Answer =
  | Settlement
  | CancelOutcome
  | RequeueOutcome
  | ChangeOutcome
  | CompleteOutcome
  | "applied"
  | "untouched";

export interface Transition {
  readonly answer: Answer;
  /**
   * Next state; absent: the same. `waiting`: `scheduled` if there is a delay, else `ready`. `gone`: deleted. A job with gates
   * gives back those that it has passed, but that of the order, and is `blocked` instead of `ready` until it has passed them
   * again; before an order gate also instead of `scheduled`. A requeued job with needs is `blocked` until they let it go.
   */
  readonly to?: JobState | "waiting" | "gone";
  /** Change of the counted executions; `reset`: back to 0, and crashes with them. */
  readonly attempt?: 1 | -1 | "reset";
  readonly crashes?: 1 | -1;
  readonly fence?: 1;
  /** Whether the lease is open afterwards; absent: as before. */
  readonly lease?: "open" | "closed";
  /** Why the job ended; `given`: the rejection says so. */
  readonly reason?: EndReason | "given";
}

type Row = Readonly<Record<Operation, Transition>>;

const untouched: Transition = { answer: "untouched" };
const leaseEnded: Transition = { answer: "alreadyDone" };
/** By the time that the job has then. */
const changed: Transition = { answer: "changed", to: "waiting" };
const completed: Transition = { answer: "completed", to: "succeeded", lease: "closed" };
const cancelNow: Transition = { answer: "cancelled", to: "cancelled", lease: "closed", reason: "cancelled" };

/** A job without a lease that will run, or could, without help. */
const waiting: Row = {
  claim: untouched,
  ack: leaseEnded,
  "nack-retry": leaseEnded,
  "nack-dead": leaseEnded,
  "nack-snooze": leaseEnded,
  "nack-release": leaseEnded,
  "nack-skip": leaseEnded,
  extend: untouched,
  report: leaseEnded,
  promote: untouched,
  reap: untouched,
  "reap-crash-loop": untouched,
  prune: untouched,
  cancel: cancelNow,
  requeue: { answer: "alreadyWaiting" },
  change: changed,
  complete: completed,
  skip: untouched,
};

const final: Row = {
  ...waiting,
  prune: { answer: "applied", to: "gone" },
  cancel: { answer: "alreadyDone" },
  requeue: { answer: "requeued", to: "waiting", attempt: "reset", lease: "closed" },
  change: { answer: "notWaiting" },
  complete: { answer: "notWaiting" },
};

const claim: Transition = { answer: "applied", to: "running", attempt: 1, fence: 1, lease: "open" };

const running: Row = {
  claim: untouched,
  ack: { answer: "ok", to: "succeeded", lease: "closed" },
  "nack-retry": { answer: "ok", to: "waiting", lease: "closed" },
  "nack-dead": { answer: "ok", to: "dead", lease: "closed", reason: "given" },
  "nack-snooze": { answer: "ok", to: "waiting", attempt: -1, lease: "closed" },
  "nack-release": { answer: "ok", to: "ready", attempt: -1, lease: "closed" },
  "nack-skip": { answer: "ok", to: "skipped", attempt: -1, lease: "closed", reason: "condition" },
  extend: { answer: "applied" },
  report: { answer: "ok" },
  promote: untouched,
  // The attempt is given back: the worker failed, not the job. The lease stays open for a late settlement.
  reap: { answer: "applied", to: "ready", attempt: -1, crashes: 1 },
  "reap-crash-loop": {
    answer: "applied",
    to: "dead",
    attempt: -1,
    crashes: 1,
    lease: "closed",
    reason: "crash-loop",
  },
  prune: untouched,
  cancel: { answer: "requested" },
  requeue: { answer: "alreadyWaiting" },
  change: { answer: "notWaiting" },
  complete: { answer: "notWaiting" },
  skip: untouched,
};

/** Whatever the holder says, the job ends `cancelled`; its output is discarded. */
const endCancelling: Transition = { answer: "ok", to: "cancelled", lease: "closed", reason: "cancelled" };
const endUncounted: Transition = { ...endCancelling, attempt: -1 };
const reapCancelling: Transition = { ...endCancelling, answer: "applied", attempt: -1, crashes: 1 };

const cancelling: Row = {
  ...running,
  ack: endCancelling,
  "nack-retry": endCancelling,
  "nack-dead": endCancelling,
  "nack-snooze": endUncounted,
  "nack-release": endUncounted,
  "nack-skip": endUncounted,
  // A pending cancellation wins over the crash limit: the operator asked first.
  reap: reapCancelling,
  "reap-crash-loop": reapCancelling,
};

/** A late settlement takes the lapse back: the attempt counts again, the crash does not. */
const lapsed: Row = {
  ...waiting,
  claim,
  ack: { ...running.ack, attempt: 1, crashes: -1 },
  "nack-retry": { ...running["nack-retry"], attempt: 1, crashes: -1 },
  "nack-dead": { ...running["nack-dead"], attempt: 1, crashes: -1 },
  "nack-snooze": { answer: "ok", to: "waiting", crashes: -1, lease: "closed" },
  "nack-release": { answer: "ok", to: "ready", crashes: -1, lease: "closed" },
  "nack-skip": { answer: "ok", to: "skipped", crashes: -1, lease: "closed", reason: "condition" },
  report: { answer: "ok" },
  // As a cancellation does: what an operator says of a waiting job ends the wait for its former holder.
  change: { ...changed, lease: "closed" },
};

export const transitions: Readonly<Record<Situation, Row>> = {
  scheduled: { ...waiting, promote: { answer: "applied", to: "ready" } },
  ready: { ...waiting, claim },
  lapsed,
  running,
  cancelling,
  blocked: { ...waiting, skip: { answer: "applied", to: "skipped", reason: "given" } },
  succeeded: final,
  dead: final,
  cancelled: final,
  skipped: final,
};

export interface SituationFacts {
  readonly state: JobState;
  /** From claim until an accepted settlement, a cancellation while waiting, a requeue, or the end by the reaper. */
  readonly leaseOpen: boolean;
  readonly cancelRequested: boolean;
}

export function situationOf(job: SituationFacts): Situation {
  if ((job.state === "ready" || job.state === "blocked") && job.leaseOpen) return "lapsed";
  if (job.state === "running" && job.cancelRequested) return "cancelling";
  return job.state;
}

export function transitionOf(job: SituationFacts, operation: Operation): Transition {
  return transitions[situationOf(job)][operation];
}
