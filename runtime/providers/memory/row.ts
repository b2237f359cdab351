import type {
  AttemptRecord,
  EdgeStatus,
  EndReason,
  Gate,
  JobRecord,
  JobState,
  Need,
  Needs,
  NewJob,
  NoteKind,
  StoredError,
  StoredNote,
  UniqueKey,
} from "../../contract/index.ts";
import { isFinalState, prerequisites } from "../../contract/index.ts";
import type { Transition } from "../../core/transitions.ts";

export interface Edge extends Need {
  status: EdgeStatus;
}

/** A job as this store keeps it: everything that `JobRecord` shows, writable, plus what only the store needs. */
export interface Row {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly maxCrashes: number;
  readonly enqueuedAt: number;
  readonly unique: UniqueKey | undefined;
  readonly gates: readonly Gate[];
  readonly tags: readonly string[];
  /** In the order in which they came. */
  readonly needs: Edge[];
  readonly needsMode: Needs["mode"];
  /** How long it waits when its needs have let it go. */
  readonly afterNeedsMs: number;
  /** Absent needs hold nobody, needs of nothing may. */
  readonly hasNeeds: boolean;
  /** Ids of the jobs that need this one. */
  readonly neededBy: Set<string>;
  /** By fence. */
  readonly attempts: Map<number, AttemptRecord>;
  /** By key. */
  readonly notes: Readonly<Record<NoteKind, Map<string, StoredNote>>>;
  /** Its needs hold it, before its gates. */
  heldByNeeds: boolean;
  /** Some job needed it once. */
  isNeeded: boolean;
  /** How many gates it has passed. */
  passed: number;
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
  const runAt = job.needs ? (job.runAt ?? now) : startOf(job, now);
  const row: Row = {
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
    gates: job.gates ?? [],
    tags: job.tags ?? [],
    needs: [],
    needsMode: job.needs?.mode ?? "all",
    afterNeedsMs: job.needs ? (job.delayMs ?? 0) : 0,
    hasNeeds: job.needs !== undefined,
    neededBy: new Set(),
    attempts: new Map(),
    notes: { step: new Map(), cursor: new Map(), log: new Map() },
    heldByNeeds: job.needs !== undefined,
    isNeeded: false,
    passed: 0,
    state: "ready",
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
  place(row, runAt > now ? "scheduled" : "ready");
  return row;
}

/** How many gates a job keeps when it waits again: that of the order is passed once. */
function kept({ gates, passed }: Row): number {
  return Math.min(passed, gates[0]?.kind === "order" ? 1 : 0);
}

/**
 * Lets a job wait where it has to: for what it needs, before its next gate, or for its time, which counts behind the gate of
 * the order.
 */
export function place(row: Row, state: "scheduled" | "ready"): void {
  const next = row.gates[row.passed];
  const isHeld = row.heldByNeeds || (next !== undefined && (state === "ready" || next.kind === "order"));
  row.state = isHeld ? "blocked" : state;
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
  if (transition.attempt === "reset") {
    row.passed = 0;
    row.heldByNeeds = row.hasNeeds;
  }
  if (to === "waiting" || to === "ready") {
    row.passed = kept(row);
    place(row, to === "waiting" && (input.delayMs ?? 0) > 0 ? "scheduled" : "ready");
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
  const { id, name, queue, version, state, priority, attempt, crashes, fence, runAt, enqueuedAt } = row;
  const { startedAt, finishedAt, cancelRequested, progress, reason, payload, output, error } = row;
  const held = state === "running";
  return {
    id,
    name,
    queue,
    version,
    state,
    priority,
    attempt,
    crashes,
    fence,
    runAt,
    enqueuedAt,
    startedAt,
    finishedAt,
    cancelRequested,
    progress,
    reason,
    payload,
    output,
    error,
    workerId: held ? row.workerId : undefined,
    leaseUntil: held ? row.leaseUntil : undefined,
    blockedBy: state !== "blocked" ? undefined : row.heldByNeeds ? prerequisites : row.gates[row.passed]?.key,
  };
}

/** The order in which jobs are offered. */
export function byOffer(a: Row, b: Row): number {
  return a.priority - b.priority || byRunAt(a, b);
}

export function byRunAt(a: Row, b: Row): number {
  return a.runAt - b.runAt || a.seq - b.seq;
}
