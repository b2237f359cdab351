import type {
  CancelOutcome,
  ChangeOutcome,
  CompleteOutcome,
  EnqueueOutcome,
  EnqueueResult,
  JobChange,
  NewJob,
  OutsideCompletion,
  PauseTarget,
  RequeueOutcome,
} from "../../contract/index.ts";
import { transitionOf } from "../../core/transitions.ts";
import { holdsKey } from "../../core/unique.ts";
import { admitBeside, learnLimits } from "./gates.ts";
import { applyTransition, createRow, type Row, startOf } from "./row.ts";
import type { MemoryStore } from "./store.ts";
import { checkNeeds, drawEdges, followEdges, lookAnew } from "./needs.ts";
import { heldUntil, holderOf, meetHolder } from "./unique.ts";

/** What producers and operators ask for. */

export function enqueueJobs(store: MemoryStore, jobs: readonly NewJob[], now: number): readonly EnqueueResult[] {
  checkNeeds(store, jobs);
  const touched: Row[] = [];
  const results = jobs.map((job) => enqueueJob(store, job, touched, now));
  announce(store, touched, now);
  return results.map((result) => {
    const row = store.rows.get(result.id);
    // Whether it waits before a gate, or for others, is known when all have come.
    return row && (row.gates.length > 0 || row.hasNeeds) ? { ...result, state: row.state, runAt: row.runAt } : result;
  });
}

function enqueueJob(store: MemoryStore, job: NewJob, touched: Row[], now: number): EnqueueResult {
  const existing = store.rows.get(job.id);
  if (existing) return resultOf(existing, "duplicate");
  const holder = job.unique && holderOf(store, job.unique, now);
  if (job.unique && holder) {
    touched.push(holder);
    return resultOf(holder, meetHolder(holder, job, job.unique, now));
  }
  const row = createRow(job, store.nextSeq(), now);
  store.rows.set(row.id, row);
  if (job.unique) store.keys.set(job.unique.key, row.id);
  learnLimits(store, row.gates);
  drawEdges(store, row, job);
  touched.push(row);
  return resultOf(row, "enqueued");
}

function resultOf({ id, state, runAt }: Row, outcome: EnqueueOutcome): EnqueueResult {
  return { id, outcome, state, runAt };
}

/** Lets on whoever waited for jobs that a call has touched, by edges and at gates, and tells of those that are ready now. */
export function announce(store: MemoryStore, touched: readonly Row[], now: number): void {
  const moved = new Set([...touched, ...followEdges(store, touched, now)]);
  const admitted = admitBeside(store, moved, now);
  store.announceReady([...[...moved].filter((row) => row.state === "ready"), ...admitted]);
}

export function cancelJob(store: MemoryStore, id: string, now: number): CancelOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "cancel");
  applyTransition(row, transition, { now });
  switch (transition.answer) {
    case "cancelled":
      announce(store, [row], now);
      store.announceSettled(id);
      return "cancelled";
    case "requested":
      row.cancelRequested = true;
      return "requested";
    default:
      return "alreadyDone";
  }
}

export function completeJob(store: MemoryStore, { id, output }: OutsideCompletion, now: number): CompleteOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "complete");
  if (transition.answer !== "completed") return "notWaiting";
  applyTransition(row, transition, { now });
  row.output = output;
  row.error = undefined;
  announce(store, [row], now);
  store.announceSettled(id);
  return "completed";
}

export function requeueJob(store: MemoryStore, id: string, delayMs: number, now: number): RequeueOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "requeue");
  if (transition.answer !== "requeued") return "alreadyWaiting";
  if (!retakesKey(store, row, now)) return "deduplicated";
  if (row.state === "succeeded") forgetProgress(row);
  applyTransition(row, transition, { now, delayMs });
  row.runAt = now + delayMs;
  row.reason = undefined;
  row.error = undefined;
  row.output = undefined;
  row.progress = undefined;
  row.finishedAt = undefined;
  row.cancelRequested = false;
  lookAnew(store, row);
  announce(store, [row], now);
  return "requeued";
}

/** What was done is to be done again. */
function forgetProgress({ notes }: Row): void {
  notes.step.clear();
  notes.cursor.clear();
}

/** A job that waits again holds its key again, as far as its scope and its window go; false if another one holds it. */
function retakesKey(store: MemoryStore, row: Row, now: number): boolean {
  if (!row.unique) return true;
  const { scope } = row.unique;
  if (!holdsKey({ state: "ready", fence: row.fence, scope, heldUntil: heldUntil(row) }, now)) return true;
  const holder = holderOf(store, row.unique, now);
  if (holder && holder !== row) return false;
  store.keys.set(row.unique.key, row.id);
  return true;
}

export function changeJob(store: MemoryStore, change: JobChange, now: number): ChangeOutcome {
  const row = store.rows.get(change.id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "change");
  if (transition.answer !== "changed") return "notWaiting";
  if (change.runAt !== undefined || change.delayMs !== undefined) row.runAt = startOf(change, now);
  row.priority = change.priority ?? row.priority;
  applyTransition(row, transition, { now, delayMs: row.runAt - now });
  announce(store, [row], now);
  return "changed";
}

export function pause(store: MemoryStore, target: PauseTarget): void {
  if ("queue" in target) store.pausedQueues.add(target.queue);
  else store.pausedNames.add(target.name);
}

export function resume(store: MemoryStore, target: PauseTarget): void {
  if ("queue" in target) store.pausedQueues.delete(target.queue);
  else store.pausedNames.delete(target.name);
  store.announceReady([...store.rows.values()].filter((row) => row.state === "ready" && isMeant(row, target)));
}

function isMeant(row: Row, target: PauseTarget): boolean {
  return "queue" in target ? row.queue === target.queue : row.name === target.name;
}
