import type { EndReason, JobRecord, JobState, NewJob, StoredError, UniqueKey } from "../../contract/index.ts";
import { isFinalState } from "../../contract/index.ts";
import type { Transition } from "../../core/transitions.ts";

/** A job as this store keeps it: everything that `JobRecord` shows, writable, plus what only the store needs. */
export interface Row {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly maxCrashes: number;
  readonly enqueuedAt: number;
  readonly unique: UniqueKey | undefined;
  version: number;
  priority: number;
  payload: string;
  state: JobState;
  runAt: number;
  attempt: number;
  crashes: number;
  fence: number;
  leaseOpen: boolean;
  leaseUntil: number;
  workerId: string;
  claimId: string;
  cancelRequested: boolean;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  progress: number | undefined;
  reason: EndReason | undefined;
  output: string | undefined;
  error: StoredError | undefined;
}

/** When a job may start that says when, or after how long. */
export function startOf({ runAt, delayMs = 0 }: Pick<NewJob, "runAt" | "delayMs">, now: number): number {
  return runAt ?? now + delayMs;
}

export function createRow(job: NewJob, seq: number, now: number): Row {
  const runAt = startOf(job, now);
  return {
    seq,
    id: job.id,
    name: job.name,
    queue: job.queue,
    version: job.version,
    priority: job.priority,
    payload: job.payload,
    maxCrashes: job.maxCrashes,
    enqueuedAt: now,
    unique: job.unique,
    state: runAt > now ? "scheduled" : "ready",
    runAt,
    attempt: 0,
    crashes: 0,
    fence: 0,
    leaseOpen: false,
    leaseUntil: 0,
    workerId: "",
    claimId: "",
    cancelRequested: false,
    startedAt: undefined,
    finishedAt: undefined,
    progress: undefined,
    reason: undefined,
    output: undefined,
    error: undefined,
  };
}

export interface TransitionInput {
  readonly now: number;
  /** Wait before the next attempt in ms. Default 0. */
  readonly delayMs?: number;
  /** Replaces `given` in the table. */
  readonly reason?: EndReason;
}

/** Moves a row as the table says. Deleting rows is the caller's. */
export function applyTransition(row: Row, transition: Transition, input: TransitionInput): void {
  const { to, lease } = transition;
  applyCounters(row, transition);
  if (lease !== undefined) row.leaseOpen = lease === "open";
  if (to === "waiting") {
    row.state = (input.delayMs ?? 0) > 0 ? "scheduled" : "ready";
  } else if (to !== undefined && to !== "gone") {
    row.state = to;
    if (isFinalState(to)) row.finishedAt = input.now;
  }
  if (transition.reason !== undefined) {
    row.reason = transition.reason === "given" ? input.reason : transition.reason;
  }
}

function applyCounters(row: Row, transition: Transition): void {
  if (transition.attempt === "reset") {
    row.attempt = 0;
    row.crashes = 0;
    return;
  }
  row.attempt += transition.attempt ?? 0;
  row.crashes += transition.crashes ?? 0;
  row.fence += transition.fence ?? 0;
}

export function toRecord(row: Row): JobRecord {
  const {
    seq: _seq,
    maxCrashes: _maxCrashes,
    leaseOpen: _leaseOpen,
    claimId: _claimId,
    unique: _unique,
    ...shown
  } = row;
  const held = row.state === "running";
  return { ...shown, workerId: held ? row.workerId : undefined, leaseUntil: held ? row.leaseUntil : undefined };
}

/** The order in which jobs are offered. */
export function byOffer(a: Row, b: Row): number {
  return a.priority - b.priority || byRunAt(a, b);
}

export function byRunAt(a: Row, b: Row): number {
  return a.runAt - b.runAt || a.seq - b.seq;
}
