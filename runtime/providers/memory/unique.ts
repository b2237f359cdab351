import { type EnqueueOutcome, isFinalState, type NewJob, type UniqueKey } from "../../contract/index.ts";
import { transitionOf } from "../../core/transitions.ts";
import { holdsKey } from "../../core/unique.ts";
import { applyTransition, type Row, startOf } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** Who holds which unique key. */

export function heldUntil({ unique, enqueuedAt }: Row): number | undefined {
  return unique?.forMs === undefined ? undefined : enqueuedAt + unique.forMs;
}

/** The job that holds a key now, if there is one. */
export function holderOf(store: MemoryStore, { key }: UniqueKey, now: number): Row | undefined {
  const row = store.rows.get(store.keys.get(key) ?? "");
  if (row?.unique === undefined) return undefined;
  const { state, fence, unique } = row;
  return holdsKey({ state, fence, scope: unique.scope, heldUntil: heldUntil(row) }, now) ? row : undefined;
}

/** Does what the job that came too late asks for. */
export function meetHolder(holder: Row, job: NewJob, unique: UniqueKey, now: number): EnqueueOutcome {
  if (unique.onConflict === "ignore" || holder.fence > 0 || isFinalState(holder.state)) return "deduplicated";
  if (unique.onConflict === "replace") {
    holder.payload = job.payload;
    holder.version = job.version;
    holder.priority = job.priority;
  }
  holder.runAt = Math.min(startOf(job, now), holder.enqueuedAt + (unique.maxWaitMs ?? Number.POSITIVE_INFINITY));
  applyTransition(holder, transitionOf(holder, "change"), { now, delayMs: holder.runAt - now });
  return unique.onConflict === "replace" ? "replaced" : "extended";
}

/** A key that is held for a time outlives its job's retention. */
export function reservesKey(store: MemoryStore, row: Row, now: number): boolean {
  return row.unique?.forMs !== undefined && holderOf(store, row.unique, now) === row;
}

export function forgetKey(store: MemoryStore, { id, unique }: Row): void {
  if (unique && store.keys.get(unique.key) === id) store.keys.delete(unique.key);
}
