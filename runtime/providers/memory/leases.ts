import type {
  ClaimedJob,
  ClaimLane,
  ClaimRequest,
  Completion,
  ExtendRequest,
  HeldLease,
  Lease,
  Note,
  ProgressReport,
  Rejection,
  Settlement,
} from "../../contract/index.ts";
import { isFinalState } from "../../contract/index.ts";
import { type Operation, transitionOf } from "../../core/transitions.ts";
import { recordAttempt } from "./attempts.ts";
import { announce } from "./control.ts";
import { recordStarts } from "./gates.ts";
import { followEdges } from "./needs.ts";
import { applyTransition, byOffer, type Row } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** Everything that starts, moves or ends a lease. */

export function claimJobs(store: MemoryStore, request: ClaimRequest, now: number): readonly ClaimedJob[] {
  const repeated = [...store.rows.values()].filter(
    (row) => row.state === "running" && row.claimId === request.claimId && row.workerId === request.workerId,
  );
  if (repeated.length > 0) return repeated.sort(byOffer).map(toClaimedJob);
  const taken = request.lanes.flatMap((lane) => {
    const rows = offered(store, lane);
    for (const row of rows) startLease(store, row, request, now);
    return rows;
  });
  announce(
    store,
    taken.filter(({ gates }) => gates.length > 0),
    now,
  );
  return taken.map(toClaimedJob);
}

function offered(store: MemoryStore, lane: ClaimLane): readonly Row[] {
  if (lane.limit < 1 || store.pausedQueues.has(lane.queue)) return [];
  const maxVersions = new Map(lane.handles.map(({ name, maxVersion }) => [name, maxVersion]));
  return [...store.rows.values()]
    .filter((row) => row.state === "ready" && row.queue === lane.queue)
    .filter((row) => !store.pausedNames.has(row.name))
    .filter((row) => row.version <= (maxVersions.get(row.name) ?? Number.NEGATIVE_INFINITY))
    .sort(byOffer)
    .slice(0, lane.limit);
}

function startLease(store: MemoryStore, row: Row, request: ClaimRequest, now: number): void {
  recordStarts(store, row, now);
  applyTransition(row, transitionOf(row, "claim"), { now });
  row.claimId = request.claimId;
  row.workerId = request.workerId;
  row.leaseUntil = now + request.leaseMs;
  row.startedAt = now;
  row.progress = undefined;
}

function toClaimedJob(row: Row): ClaimedJob {
  const { id, fence, name, queue, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload } = row;
  const job = { id, fence, name, queue, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload };
  return row.gates.length > 0 || row.isNeeded ? { ...job, gated: true } : job;
}

export function extendLeases(store: MemoryStore, request: ExtendRequest, now: number): readonly HeldLease[] {
  const held = [...store.rows.values()].filter((row) => row.state === "running" && row.workerId === request.workerId);
  return held.map((row) => {
    row.leaseUntil = now + request.leaseMs;
    const { id, fence, leaseUntil, cancelRequested } = row;
    return { id, fence, leaseUntil, cancelRequested };
  });
}

export function ackJob(store: MemoryStore, completion: Completion, now: number): Settlement {
  return fenced(store, completion, "ack", now, (row, transition) => {
    applyTransition(row, transition, { now });
    if (row.state === "succeeded") {
      row.output = completion.output;
      row.error = undefined;
    }
  });
}

export function nackJob(store: MemoryStore, rejection: Rejection, now: number): Settlement {
  return fenced(store, rejection, `nack-${rejection.outcome}`, now, (row, transition) => {
    if ("error" in rejection) recordAttempt(row, now, rejection.error);
    const delayMs = "delayMs" in rejection ? Math.max(0, rejection.delayMs) : undefined;
    applyTransition(row, transition, {
      now,
      ...(delayMs !== undefined && { delayMs }),
      ...(rejection.outcome === "dead" && { reason: rejection.reason }),
    });
    if (delayMs !== undefined) row.runAt = now + delayMs;
    if ("error" in rejection) row.error = rejection.error;
  });
}

export function reportProgress(store: MemoryStore, report: ProgressReport, now: number): Settlement {
  return fenced(store, report, "report", now, (row) => {
    row.progress = report.progress;
  });
}

export function keepNote(store: MemoryStore, note: Note, now: number): Settlement {
  return fenced(store, note, "report", now, (row) => {
    const notes = row.notes[note.kind];
    if (note.kind === "cursor" || !notes.has(note.key)) notes.set(note.key, { key: note.key, text: note.text });
  });
}

/** The one place where a fence is compared. */
function fenced(
  store: MemoryStore,
  lease: Lease,
  operation: Operation,
  now: number,
  change: (row: Row, transition: ReturnType<typeof transitionOf>) => void,
): Settlement {
  const row = store.rows.get(lease.id);
  if (row === undefined || row.fence !== lease.fence) return "stale";
  const transition = transitionOf(row, operation);
  if (transition.answer !== "ok") return "alreadyDone";
  const wasReady = row.state === "ready";
  change(row, transition);
  if (row.state === "ready" && !wasReady) store.announceReady([row]);
  if (lease.gated && transition.lease === "closed") announce(store, [row], now);
  else if (isFinalState(row.state)) announce(store, followEdges(store, [row], now), now);
  if (isFinalState(row.state)) store.announceSettled(row.id);
  return "ok";
}
