import type {
  Completion,
  ExtendRequest,
  HeldLease,
  Lease,
  ProgressReport,
  Rejection,
  Settlement,
} from "../../contract/index.ts";
import type { Run } from "./database.ts";
import type { ExpectedEnd } from "./edge-tables.ts";
import {
  type Aftermath,
  aftermathOf,
  type EndedRoots,
  type FollowRow,
  type MovedJob,
  movedOf,
  endWithEdges,
  joined,
  type Locked,
  nothing,
  type Root,
} from "./needs.ts";
import type { PgStatement } from "./sql.ts";
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

/** What became of the settlements of a call, and whom to tell. */
export interface Settled {
  readonly settlements: readonly Settlement[];
  readonly after: Aftermath;
}

type Batch<T> = readonly (readonly [n: number, item: T])[];

interface ClosedRow {
  readonly n: number;
  /** It was left alone because others need the job; or it was closed meanwhile. */
  readonly open: boolean;
}

type MovedRow = FollowRow & { readonly n: null };

/** Jobs that nobody needs in one statement, and in another one most of those that others need; what is left, in steps. */
export async function ackJobs(store: Store, items: readonly Completion[]): Promise<Settled> {
  const batch = batchOf(items, "first");
  if (batch.size === 0) return { settlements: items.map(() => "stale"), after: nothing };
  const [plain, needed] = parted([...batch.values()], ([, { id }]) => store.needed.has(id));
  const known = new Map(needed.map(([n, { id }]) => [n, store.needed.get(id)]));
  for (const [, { id }] of needed) store.needed.delete(id);
  const one = await ackPlain(store, plain);
  const other = await ackEdges(store, needed);
  const closed = [...one, ...other.closed];
  const open = new Set(closed.flatMap((row) => (row.open ? [row.n] : [])));
  const left = [...batch.values()].filter(([n]) => open.has(n));
  const { answer, moved, locked } =
    left.length === 0 ? nothingEnded : await store.database.transact((run) => ackNeeded(run, store, left));
  const refusals = [...closed.flatMap((row) => (row.open ? [] : [row.n])), ...answer];
  const refused = refusals.length === 0 ? [] : await reasons(store, items, refusals);
  const settlements = answers(items, batch, refused, "alreadyDone");
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
  const values = { completions: completionsOf(batch), ...timeOf(store) };
  const rows = await store.database.rows<readonly [n: number, open: boolean]>(store.statements.ack, values);
  return rows.map(([n, open]) => ({ n, open }));
}

/** Returns what was not settled, and the jobs that were let go. */
async function ackEdges(
  store: Store,
  batch: Batch<Completion>,
): Promise<{ readonly closed: readonly ClosedRow[]; readonly moved: readonly MovedJob[] }> {
  if (batch.length === 0) return { closed: [], moved: [] };
  const values = { completions: completionsOf(batch), ...timeOf(store) };
  const rows = await store.database.objects<ClosedRow | MovedRow>(store.statements.ackEdges, values);
  return {
    closed: rows.flatMap((row) => (row.n === null ? [] : [row])),
    moved: rows.flatMap((row) => (row.n === null ? movedOf(row) : [])),
  };
}

const nothingEnded: { readonly answer: readonly number[] } & Pick<EndedRoots<unknown>, "moved" | "locked"> = {
  answer: [],
  moved: [],
  locked: [],
};

/** Settles within a transaction, whoever needs the jobs; `answer`: what was refused. */
export function ackNeeded(run: Run, store: Store, batch: Batch<Completion>): Promise<EndedRoots<readonly number[]>> {
  const roots = batch.map(([, { id }]): Root => ({ id, kind: "succeeded" }));
  return endWithEdges(run, store, roots, async () => {
    const values = { completions: completionsOf(batch), ...timeOf(store) };
    return (await run<ClosedRow>(store.statements.ackNeeded, values)).map(({ n }) => n);
  });
}

/**
 * Of leases that were settled, those whose jobs have gates. What a lease says of that may be about edges; `known` and the
 * jobs that were locked say more.
 */
function besideGates(
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

/** The answer to a lease, or a queue whose jobs can be claimed again. */
type NackRow =
  | { readonly n: number; readonly answer: Settlement | "gated" | "needed"; readonly queue: null }
  | { readonly n: null; readonly answer: null; readonly queue: string };

export async function nackJobs(store: Store, items: readonly Rejection[]): Promise<Settled> {
  const batch = batchOf(items, "first");
  if (batch.size === 0) return { settlements: items.map(() => "stale"), after: nothing };
  const { nack, nackGated } = store.statements;
  const run: Run = (statement, values) => store.database.objects(statement, values);
  const hasGated = [...batch.values()].some(([, { gated }]) => gated);
  const rows = await nackRows(run, store, hasGated ? nackGated : nack, [...batch.values()]);
  // Leases that do not say that they are gated, and are.
  const gated = leftIn(batch, rows, "gated");
  if (gated.length > 0) rows.push(...(await nackRows(run, store, nackGated, gated)));
  const needed = leftIn(batch, rows, "needed");
  const { answer, moved, locked } =
    needed.length === 0 ? noRows : await store.database.transact((step) => nackNeeded(step, store, needed));
  const all = [...rows, ...answer];
  const refused = all.flatMap(({ n, answer: one }) =>
    n === null || one === "gated" || one === "needed" ? [] : [[n, one] as const],
  );
  const settlements = answers(items, batch, refused, "alreadyDone");
  const queues = all.flatMap(({ queue }) => (queue === null ? [] : [queue]));
  const after = joined(besideGates(items, settlements, new Map(), locked), aftermathOf(moved), { ...nothing, queues });
  return { settlements, after };
}

const noRows = { ...nothingEnded, answer: [] as readonly NackRow[] };

function leftIn(
  batch: ReadonlyMap<string, readonly [number, Rejection]>,
  rows: readonly NackRow[],
  why: "gated" | "needed",
): Batch<Rejection> {
  const left = new Set(rows.flatMap(({ n, answer }) => (answer === why ? [n] : [])));
  return left.size === 0 ? [] : [...batch.values()].filter(([n]) => left.has(n));
}

function nackRows(run: Run, store: Store, statement: PgStatement, batch: Batch<Rejection>): Promise<NackRow[]> {
  const rejections = JSON.stringify(batch.map(([n, rejection]) => rejectionRow(n, rejection)));
  return run<NackRow>(statement, { rejections, ...timeOf(store) });
}

const expectedEnds: Readonly<Partial<Record<Rejection["outcome"], ExpectedEnd>>> = {
  dead: "failed",
  skip: "passedOver",
};

function nackNeeded(run: Run, store: Store, batch: Batch<Rejection>): Promise<EndedRoots<readonly NackRow[]>> {
  const roots = batch.map(([, { id, outcome }]): Root => {
    const kind = expectedEnds[outcome];
    return kind ? { id, kind } : { id };
  });
  return endWithEdges(run, store, roots, () => nackRows(run, store, store.statements.nackNeeded, batch));
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
    case "skip":
      return { ...common, state: "skipped", reason: "condition", uncounted: 1 };
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
