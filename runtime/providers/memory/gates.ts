import { type Gate, isFinalState, type Limit } from "../../contract/index.ts";
import { byOffer, place, type Row } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/**
 * Who may pass which gate. Everything is read off the rows, and off the times of recent starts.
 *
 * A call lets jobs through the gates of the jobs that it touched, and through those where jobs arrive meanwhile: level by
 * level, the first of each group first, until the group has no room.
 */

const levels = [0, 1, 2, 3, 4, 5, 6, 7];

/** A policy that the store does not know yet is that of the first job. */
export function learnLimits(store: MemoryStore, gates: readonly Gate[]): void {
  for (const { policy, kind, limit, windowMs } of gates) {
    if (store.limits.has(policy)) continue;
    store.limits.set(policy, { policy, kind, limit, ...(windowMs === undefined ? {} : { windowMs }) });
  }
}

export function putLimits(store: MemoryStore, limits: readonly Limit[]): void {
  for (const limit of limits) store.limits.set(limit.policy, limit);
}

/** Opens the gates of these jobs as far as they have room; returns the jobs that became ready. */
export function admitBeside(store: MemoryStore, touched: Iterable<Row>, now: number): readonly Row[] {
  return admit(store, new Set([...touched].flatMap(({ gates }) => gates.map(({ key }) => key))), now);
}

/** Opens all gates, and forgets starts that no window reaches. */
export function admitAll(store: MemoryStore, now: number): readonly Row[] {
  const waiting = [...store.rows.values()].filter(({ state, heldByNeeds }) => state === "blocked" && !heldByNeeds);
  const ready = admitBeside(store, waiting, now);
  for (const [key, times] of store.starts) {
    const recent = times.filter((at) => at > now - longestWindow(store));
    if (recent.length > 0) store.starts.set(key, recent);
    else store.starts.delete(key);
  }
  return ready;
}

function longestWindow(store: MemoryStore): number {
  return Math.max(0, ...[...store.limits.values()].map(({ windowMs = 0 }) => windowMs));
}

/** A claim starts its jobs: they count for the rates of their groups from now on. */
export function recordStarts(store: MemoryStore, { gates }: Row, now: number): void {
  for (const { kind, key } of gates) {
    if (kind === "rate") store.starts.set(key, [...(store.starts.get(key) ?? []), now]);
  }
}

function admit(store: MemoryStore, keys: Set<string>, now: number): readonly Row[] {
  const ready: Row[] = [];
  for (const level of levels) {
    for (const [key, waiting] of waitingAt(store, level, keys)) {
      for (const row of waiting) {
        if (!hasRoom(store, key, gateOf(row), now)) break;
        pass(row, now);
        // It may have arrived where nobody has looked yet.
        for (const gate of row.gates) keys.add(gate.key);
        if (row.state === "ready") ready.push(row);
      }
    }
  }
  return ready;
}

/** The gate that a blocked job waits at. */
function gateOf({ gates, passed }: Row): Gate {
  const gate = gates[passed];
  if (!gate) throw new Error("a job is blocked that has passed all its gates");
  return gate;
}

function waitingAt(store: MemoryStore, level: number, keys: ReadonlySet<string>): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of store.rows.values()) {
    if (row.state !== "blocked" || row.heldByNeeds) continue;
    const gate = gateOf(row);
    if (gate.level !== level || !keys.has(gate.key)) continue;
    groups.set(gate.key, [...(groups.get(gate.key) ?? []), row]);
  }
  // Rows stand in insertion order already, which is that of an order gate.
  for (const rows of groups.values()) if (gateOf(rows[0] as Row).kind !== "order") rows.sort(byOffer); // a group is never empty
  return groups;
}

function pass(row: Row, now: number): void {
  if (gateOf(row).kind === "fair") row.runAt = now;
  row.passed += 1;
  place(row, row.runAt > now ? "scheduled" : "ready");
}

function hasRoom(store: MemoryStore, key: string, { policy, kind }: Gate, now: number): boolean {
  const { limit = 1, windowMs = 0 } = store.limits.get(policy) ?? {};
  const passed = [...store.rows.values()].filter((row) => hasPassed(row, key) && isCounted(row, kind)).length;
  const started = kind === "rate" ? (store.starts.get(key) ?? []).filter((at) => at > now - windowMs).length : 0;
  return passed + started < limit;
}

function hasPassed({ gates, passed }: Row, key: string): boolean {
  return gates.slice(0, passed).some((gate) => gate.key === key);
}

function isCounted({ state }: Row, kind: Gate["kind"]): boolean {
  switch (kind) {
    case "order":
      return !isFinalState(state);
    case "concurrency":
      return state === "blocked" || state === "ready" || state === "running";
    case "rate":
    case "fair":
      return state === "blocked" || state === "ready";
  }
}
