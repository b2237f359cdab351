import type { ExtendRequest, HeldLease, Lease, ProgressReport, Settlement } from "../../contract/index.ts";
import { type Aftermath, type EndedRoots, type Locked, nothing } from "./needs.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId, storable } from "./values.ts";

/* What all settlements have in common, and those that end no lease. */

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

/** What became of the settlements of a call, and whom to tell. */
export interface Settled {
  readonly settlements: readonly Settlement[];
  readonly after: Aftermath;
}

export type Batch<T> = readonly (readonly [n: number, item: T])[];

/** Of a call that had none of them to end. */
export const nothingEnded: { readonly answer: readonly number[] } & Pick<EndedRoots<unknown>, "moved" | "locked"> = {
  answer: [],
  moved: [],
  locked: [],
};

/**
 * Of leases that were settled, those whose jobs have gates. What a lease says of that may be about edges; `known` and the
 * jobs that were locked say more.
 */
export function besideGates(
  items: readonly Lease[],
  settlements: readonly Settlement[],
  known: ReadonlyMap<number, boolean | undefined>,
  locked: readonly Locked[],
): Aftermath {
  const byId = new Map(locked.map(({ id, gated }) => [id, gated]));
  const gated = items.flatMap(({ id, gated: isGated }, n) =>
    isGated && settlements[n] === "ok" && (known.get(n) ?? byId.get(id) ?? true) ? [id] : [],
  );
  return { ...nothing, gated };
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
