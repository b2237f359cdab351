import type {
  Completion,
  ExtendRequest,
  HeldLease,
  Lease,
  ProgressReport,
  Rejection,
  Settlement,
} from "../../contract/index.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId, storable } from "./values.ts";

/** Fences are 32-bit integers; what is none was never given out. */
const maxFence = 2 ** 31 - 1;

export type Refusal = readonly [n: number, answer: Settlement];

/**
 * What one statement settles: each lease once, with its place in the list. Leases that cannot exist are `stale` without
 * asking; a lease that comes again meets what its first settlement left.
 */
export function batchOf<T extends Lease>(
  items: readonly T[],
  keep: "first" | "last",
): ReadonlyMap<string, readonly [number, T]> {
  const batch = new Map<string, readonly [number, T]>();
  for (const [n, item] of items.entries()) {
    const key = keyOf(item);
    if (!isStorableId(item.id) || !Number.isInteger(item.fence) || Math.abs(item.fence) > maxFence) continue;
    if (keep === "last" || !batch.has(key)) batch.set(key, [n, item]);
  }
  return batch;
}

const keyOf = ({ id, fence }: Lease): string => `${id} ${fence}`;

/** Everything that was not refused is `ok`; a repeated lease is `again`. */
export function answers<T extends Lease>(
  items: readonly T[],
  batch: ReadonlyMap<string, readonly [number, T]>,
  refused: readonly Refusal[],
  again: Settlement,
): readonly Settlement[] {
  const refusals = new Map(refused);
  return items.map((item, n) => {
    const settled = batch.get(keyOf(item));
    if (!settled) return "stale";
    const answer = refusals.get(settled[0]) ?? "ok";
    return answer === "ok" && settled[0] !== n ? again : answer;
  });
}

/** Ids of the jobs beside which gates are to be opened. */
export function gatedOf(items: readonly Lease[], settlements: readonly Settlement[]): readonly string[] {
  return items.flatMap(({ id, gated }, n) => (gated && settlements[n] === "ok" ? [id] : []));
}

/** The batch as `json_to_recordset` reads it. */
export function completionsOf(batch: Iterable<readonly [number, Completion]>): string {
  const rows = [...batch].map(([n, { id, fence, output }]) => ({
    n,
    id,
    fence,
    ...(output !== undefined && { output: storable(output, "An output") }),
  }));
  return JSON.stringify(rows);
}

export async function ackJobs(store: Store, items: readonly Completion[]): Promise<readonly Settlement[]> {
  const batch = batchOf(items, "first");
  if (batch.size === 0) return items.map(() => "stale");
  const completions = completionsOf(batch.values());
  const closed = await store.database.rows<readonly [n: number]>(store.statements.ack, {
    completions,
    ...timeOf(store),
  });
  const refused = closed.length === 0 ? [] : await reasons(store, items, closed);
  return answers(items, batch, refused, "alreadyDone");
}

/** Asked for afterwards, and seldom: a snapshot taken before the wait for a lock would not know who re-claimed the job. */
async function reasons(
  store: Store,
  items: readonly Completion[],
  refused: readonly (readonly [n: number])[],
): Promise<readonly Refusal[]> {
  const leases = refused.flatMap(([n]) => items.slice(n, n + 1).map((lease) => ({ n, lease })));
  const ids = leases.map(({ lease }) => lease.id);
  const fences = new Map(
    await store.database.rows<readonly [id: string, fence: number]>(store.statements.fences, { ids }),
  );
  return leases.map(({ n, lease }) => [n, refusalOf(lease, fences.get(lease.id))]);
}

/** Why a lease was not open, from the fence that its job has now. */
export function refusalOf(lease: Lease, fence: number | undefined): Settlement {
  return fence === lease.fence ? "alreadyDone" : "stale";
}

type NackRow =
  | readonly [n: number, answer: Settlement | "gated", queue: null]
  | readonly [n: null, answer: null, queue: string];

/** `readied`: queues whose jobs can be claimed again. */
export async function nackJobs(
  store: Store,
  items: readonly Rejection[],
): Promise<{ readonly settlements: readonly Settlement[]; readonly readied: readonly string[] }> {
  const batch = batchOf(items, "first");
  if (batch.size === 0) return { settlements: items.map(() => "stale"), readied: [] };
  const rows = [...(await nackRows(store, [...batch.values()]))];
  const left = new Set(rows.flatMap(([n, answer]) => (answer === "gated" ? [n] : [])));
  // Leases that do not say that they are gated, and are.
  if (left.size > 0)
    rows.push(
      ...(await nackRows(
        store,
        [...batch.values()].filter(([n]) => left.has(n)),
        true,
      )),
    );
  const refused: Refusal[] = [];
  const readied: string[] = [];
  for (const [n, answer, queue] of rows) {
    if (n === null) readied.push(queue);
    else if (answer !== "gated") refused.push([n, answer]);
  }
  return { settlements: answers(items, batch, refused, "alreadyDone"), readied };
}

function nackRows(
  store: Store,
  batch: readonly (readonly [number, Rejection])[],
  gated = batch.some(([, lease]) => lease.gated),
): Promise<readonly NackRow[]> {
  const rejections = JSON.stringify(batch.map(([n, rejection]) => rejectionRow(n, rejection)));
  const { nack, nackGated } = store.statements;
  return store.database.rows<NackRow>(gated ? nackGated : nack, { rejections, ...timeOf(store) });
}

function rejectionRow(n: number, rejection: Rejection): unknown {
  const { id, fence } = rejection;
  // JSON escapes what the column cannot hold.
  const error = "error" in rejection ? { error: JSON.stringify(rejection.error) } : {};
  const common = { n, id, fence, ...error };
  switch (rejection.outcome) {
    case "retry":
      return { ...common, ...waitFor(rejection.delayMs), uncounted: 0 };
    case "snooze":
      return { ...common, ...waitFor(rejection.delayMs), uncounted: 1 };
    case "release":
      return { ...common, state: "ready", uncounted: 1 };
    case "dead":
      return { ...common, state: "dead", reason: rejection.reason, uncounted: 0 };
  }
}

function waitFor(delayMs: number): { readonly state: string; readonly delay_ms: number } {
  return { state: delayMs > 0 ? "scheduled" : "ready", delay_ms: Math.max(0, Math.ceil(delayMs)) };
}

export async function reportProgress(store: Store, items: readonly ProgressReport[]): Promise<readonly Settlement[]> {
  const batch = batchOf(items, "last");
  if (batch.size === 0) return items.map(() => "stale");
  const rows = [...batch.values()].map(([n, { id, fence, progress }]) => ({ n, id, fence, progress }));
  const refused = await store.database.rows<Refusal>(store.statements.report, { reports: JSON.stringify(rows) });
  return answers(items, batch, refused, "ok");
}

export async function extendLeases(store: Store, { workerId, leaseMs }: ExtendRequest): Promise<readonly HeldLease[]> {
  type Row = readonly [seq: number, id: string, fence: number, leaseUntil: number, cancelRequested: boolean];
  const rows = await store.database.rows<Row>(store.statements.extend, {
    workerId: storable(workerId, "A worker's id"),
    leaseMs: Math.round(leaseMs),
    ...timeOf(store),
  });
  return rows
    .sort((a, b) => a[0] - b[0])
    .map(([, id, fence, leaseUntil, cancelRequested]) => ({ id, fence, leaseUntil, cancelRequested }));
}
