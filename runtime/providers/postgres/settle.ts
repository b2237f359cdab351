import type { ExtendRequest, HeldLease, Lease, ProgressReport, Settlement } from "../../contract/index.ts";
import { type Aftermath, type EndedRoots, type Locked, nothing } from "./needs.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId, storable } from "./values.ts";

/* What all settlements have in common, and those that end no lease. */

/** Fences are 32-bit integers; what is none was never given out. */
const maxFence = 2 ** 31 - 1;

export type Refusal = readonly [n: number, answer: Settlement];

export type Batch<T> = readonly (readonly [n: number, item: T])[];

/** The leases of a call, as a statement takes them: each once, with its place in the list. */
export interface Leases<T> {
  readonly batch: Batch<T>;
  /** Of an item, the place of the one that stands for it; undefined if there can be no such lease. */
  readonly placeOf: (n: number) => number | undefined;
}

/** Leases that cannot exist are `stale` without asking; a lease that comes again meets what its first settlement left. */
export function leasesOf<T extends Lease>(items: readonly T[], keep: "first" | "last"): Leases<T> {
  const entries = new Map<string, readonly [n: number, item: T]>();
  const keys = items.map((item, n) => {
    if (!isPossible(item)) return undefined;
    // Seldom are there two leases of a job: only those of the second pay for a key with the fence.
    const other = entries.get(item.id)?.[1];
    const key = other === undefined || other.fence === item.fence ? item.id : `${item.id} ${item.fence}`;
    if (keep === "last" || !entries.has(key)) entries.set(key, [n, item]);
    return key;
  });
  const placeOf = (n: number): number | undefined => {
    const key = keys[n];
    return key === undefined ? undefined : entries.get(key)?.[0];
  };
  return { batch: [...entries.values()], placeOf };
}

function isPossible({ id, fence }: Lease): boolean {
  return isStorableId(id) && Number.isInteger(fence) && Math.abs(fence) <= maxFence;
}

/** Everything that was not refused is `ok`; a repeated lease is `again`. */
export function answers<T extends Lease>(
  items: readonly T[],
  { placeOf }: Leases<T>,
  refused: readonly Refusal[],
  again: Settlement,
): readonly Settlement[] {
  const refusals = new Map(refused);
  return items.map((_, n) => {
    const place = placeOf(n);
    if (place === undefined) return "stale";
    const answer = refusals.get(place) ?? "ok";
    return answer === "ok" && place !== n ? again : answer;
  });
}

/** What became of the settlements of a call, and whom to tell. */
export interface Settled {
  readonly settlements: readonly Settlement[];
  readonly after: Aftermath;
}

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
  const leases = leasesOf(items, "last");
  if (leases.batch.length === 0) return items.map(() => "stale");
  const rows = leases.batch.map(([n, { id, fence, progress }]) => ({ n, id, fence, progress }));
  const refused = await store.database.rows<Refusal>(store.statements.report, { reports: JSON.stringify(rows) });
  return answers(items, leases, refused, "ok");
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
