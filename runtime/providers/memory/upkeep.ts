import type { PromoteResult, PruneRequest, ReapResult } from "../../contract/index.ts";
import { isFinalState } from "../../contract/index.ts";
import { transitionOf } from "../../core/transitions.ts";
import { recordAttempt } from "./attempts.ts";
import { announce } from "./control.ts";
import { admitAll } from "./gates.ts";
import { isKept } from "./needs.ts";
import { applyTransition, byRunAt, type Row } from "./row.ts";
import type { MemoryStore } from "./store.ts";
import { forgetKey, reservesKey } from "./unique.ts";

/** What happens to jobs because time passes. */

export function promoteDue(store: MemoryStore, limit: number, now: number): PromoteResult {
  const scheduled = [...store.rows.values()].filter((row) => row.state === "scheduled").sort(byRunAt);
  const due = scheduled.filter((row) => row.runAt <= now).slice(0, Math.max(0, limit));
  for (const row of due) applyTransition(row, transitionOf(row, "promote"), { now });
  const admitted = admitAll(store, now);
  store.announceReady([...due.filter((row) => row.state === "ready"), ...admitted]);
  return { promoted: due.length, nextRunAt: scheduled[due.length]?.runAt };
}

export function reapExpired(store: MemoryStore, limit: number, now: number): ReapResult {
  const expired = [...store.rows.values()]
    .filter((row) => row.state === "running" && row.leaseUntil < now)
    .slice(0, Math.max(0, limit));
  for (const row of expired) reap(store, row, now);
  const readied = expired.filter((row) => !isFinalState(row.state));
  announce(store, expired, now);
  return { readied: readied.length, ended: expired.length - readied.length };
}

function reap(store: MemoryStore, row: Row, now: number): void {
  const last = row.crashes + 1 > row.maxCrashes;
  recordAttempt(row, now, undefined);
  applyTransition(row, transitionOf(row, last ? "reap-crash-loop" : "reap"), { now });
  if (isFinalState(row.state)) store.announceSettled(row.id);
}

export function pruneFinished(store: MemoryStore, request: PruneRequest, now: number): number {
  const old = [...store.rows.values()]
    .filter((row) => pastRetention(store, row, request, now))
    .sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0) || a.seq - b.seq)
    .slice(0, Math.max(0, request.limit));
  for (const row of old) {
    store.rows.delete(row.id);
    for (const { id } of row.needs) store.rows.get(id)?.neededBy.delete(row.id);
    forgetKey(store, row);
    store.announceSettled(row.id);
  }
  return old.length;
}

function pastRetention(store: MemoryStore, row: Row, request: PruneRequest, now: number): boolean {
  if (!isFinalState(row.state) || row.finishedAt === undefined) return false;
  const retentionMs = request.retentionMs[row.state];
  if (reservesKey(store, row, now) || isKept(store, row)) return false;
  return retentionMs !== undefined && row.finishedAt <= now - retentionMs;
}
