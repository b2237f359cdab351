import type { CancelOutcome, EnqueueResult, NewJob, RequeueOutcome } from "../../contract/index.ts";
import { transitionOf } from "../../core/transitions.ts";
import { applyTransition, createRow, type Row } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** What producers and operators ask for. */

export function enqueueJobs(store: MemoryStore, jobs: readonly NewJob[], now: number): readonly EnqueueResult[] {
  const added: Row[] = [];
  const results = jobs.map((job): EnqueueResult => {
    const existing = store.rows.get(job.id);
    if (existing) return { id: job.id, outcome: "duplicate", state: existing.state, runAt: existing.runAt };
    const row = createRow(job, store.nextSeq(), now);
    store.rows.set(row.id, row);
    added.push(row);
    return { id: row.id, outcome: "enqueued", state: row.state, runAt: row.runAt };
  });
  store.announceReady(added.filter((row) => row.state === "ready"));
  return results;
}

export function cancelJob(store: MemoryStore, id: string, now: number): CancelOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "cancel");
  applyTransition(row, transition, { now });
  switch (transition.answer) {
    case "cancelled":
      store.announceSettled(id);
      return "cancelled";
    case "requested":
      row.cancelRequested = true;
      return "requested";
    default:
      return "alreadyDone";
  }
}

export function requeueJob(store: MemoryStore, id: string, now: number): RequeueOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "requeue");
  if (transition.answer !== "requeued") return "alreadyWaiting";
  applyTransition(row, transition, { now });
  row.runAt = now;
  row.reason = undefined;
  row.error = undefined;
  row.output = undefined;
  row.progress = undefined;
  row.finishedAt = undefined;
  row.cancelRequested = false;
  store.announceReady([row]);
  return "requeued";
}

export function pauseQueue(store: MemoryStore, queue: string): void {
  store.paused.add(queue);
}

export function resumeQueue(store: MemoryStore, queue: string): void {
  store.paused.delete(queue);
  store.announceReady([...store.rows.values()].filter((row) => row.state === "ready" && row.queue === queue));
}
