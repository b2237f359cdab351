import type { Completion, Lease, Settlement } from "../../contract/index.ts";
import type { Run, Values } from "./database.ts";
import { arrayOf, textsOf } from "./lists.ts";
import {
  aftermathOf,
  type EndedRoots,
  endWithEdges,
  type FollowRow,
  joined,
  nothing,
  type MovedJob,
  movedOf,
  type Root,
} from "./needs.ts";
import { answers, type Batch, besideGates, leasesOf, nothingEnded, type Refusal, type Settled } from "./settle.ts";
import { type ClaimedJobs, forget, type Store, timeOf } from "./store.ts";
import { storable } from "./values.ts";

/** The batch, as the statements take it. */
export function completionsOf({ seqs }: ClaimedJobs, batch: Batch<Completion>): Values {
  return {
    ids: arrayOf(batch.map(([, { id }]) => id)),
    seqs: arrayOf(batch.map(([, { id }]) => seqs.get(id))),
    fences: arrayOf(batch.map(([, { fence }]) => fence)),
    places: arrayOf(batch.map(([n]) => n)),
    ...textsOf(
      "outputs",
      batch.map(([, { output }]) => (output === undefined ? undefined : storable(output, "An output"))),
    ),
  };
}

interface ClosedRow {
  readonly n: number;
  /** It was left alone because others need the job; or it was closed meanwhile. */
  readonly open: boolean;
}

type MovedRow = FollowRow & { readonly n: null };

/** Jobs that nobody needs in one statement, and in another one most of those that others need; what is left, in steps. */
export async function ackJobs(store: Store, items: readonly Completion[]): Promise<Settled> {
  const leases = leasesOf(items, "first");
  const { batch } = leases;
  if (batch.length === 0) return { settlements: items.map(() => "stale"), after: nothing };
  const { needed: gates } = store.claimed;
  const [plain, needed] = parted(batch, ([, { id }]) => gates.has(id));
  const known = new Map(needed.map(([n, { id }]) => [n, gates.get(id)]));
  const one = await ackPlain(store, plain);
  const other = await ackEdges(store, needed);
  const closed = [...one, ...other.closed];
  const open = new Set(closed.flatMap((row) => (row.open ? [row.n] : [])));
  const left = batch.filter(([n]) => open.has(n));
  const { answer, moved, locked } =
    left.length === 0 ? nothingEnded : await store.database.transact((run) => ackNeeded(run, store, left));
  forget(store.claimed, items);
  const refusals = [...closed.flatMap((row) => (row.open ? [] : [row.n])), ...answer];
  const refused = refusals.length === 0 ? [] : await reasons(store, items, refusals);
  const settlements = answers(items, leases, refused, "alreadyDone");
  const after = aftermathOf([...other.moved, ...moved]);
  return { settlements, after: joined(besideGates(items, settlements, known, locked), after) };
}

function parted<T>(
  items: readonly T[],
  isSecond: (item: T) => boolean,
): readonly [first: readonly T[], second: readonly T[]] {
  return [items.filter((item) => !isSecond(item)), items.filter(isSecond)];
}

/** Returns what was not settled. */
async function ackPlain(store: Store, batch: Batch<Completion>): Promise<readonly ClosedRow[]> {
  if (batch.length === 0) return [];
  const values = { ...completionsOf(store.claimed, batch), ...timeOf(store) };
  const rows = await store.database.rows<readonly [n: number, open: boolean]>(store.statements.ack, values);
  return rows.map(([n, open]) => ({ n, open }));
}

/** Returns what was not settled, and the jobs that were let go. */
async function ackEdges(
  store: Store,
  batch: Batch<Completion>,
): Promise<{ readonly closed: readonly ClosedRow[]; readonly moved: readonly MovedJob[] }> {
  if (batch.length === 0) return { closed: [], moved: [] };
  const values = { ...completionsOf(store.claimed, batch), ...timeOf(store) };
  const rows = await store.database.objects<ClosedRow | MovedRow>(store.statements.ackEdges, values);
  return {
    closed: rows.flatMap((row) => (row.n === null ? [] : [row])),
    moved: rows.flatMap((row) => (row.n === null ? movedOf(row) : [])),
  };
}

/** Settles within a transaction, whoever needs the jobs; `answer`: what was refused. */
export function ackNeeded(run: Run, store: Store, batch: Batch<Completion>): Promise<EndedRoots<readonly number[]>> {
  const roots = batch.map(([, { id }]): Root => ({ id, kind: "succeeded" }));
  return endWithEdges(run, store, roots, async () => {
    const values = { ...completionsOf(store.claimed, batch), ...timeOf(store) };
    return (await run<ClosedRow>(store.statements.ackNeeded, values)).map(({ n }) => n);
  });
}

/** Asked for afterwards, and seldom: a snapshot taken before the wait for a lock would not know who re-claimed the job. */
async function reasons(
  store: Store,
  items: readonly Completion[],
  refused: readonly number[],
): Promise<readonly Refusal[]> {
  const leases = refused.flatMap((n) => items.slice(n, n + 1).map((lease) => ({ n, lease })));
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
