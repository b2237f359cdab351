import { isFinalState, type JobState, type PromoteResult, type PruneRequest } from "../../contract/index.ts";
import { type Aftermath, aftermathOf, endWithEdges, joined, type MovedJob, type Root } from "./needs.ts";
import { type Store, timeOf } from "./store.ts";

/* What happens to jobs because time passes. */

export interface Promoted extends PromoteResult {
  readonly queues: ReadonlySet<string>;
}

export async function promoteJobs(store: Store, limit: number): Promise<Promoted> {
  const { database, statements } = store;
  type Row = readonly [queue: string, state: JobState];
  const rows = await database.rows<Row>(statements.promote, { limit: atMost(limit), ...timeOf(store) });
  const [next] = await database.rows<readonly [runAt: number]>(statements.nextRun, {});
  return { promoted: rows.length, nextRunAt: next?.[0], queues: readyQueues(rows) };
}

function readyQueues(
  rows: readonly (readonly [queue: string, state: JobState, ...rest: unknown[]])[],
): ReadonlySet<string> {
  return new Set(rows.flatMap(([queue, state]) => (state === "ready" ? [queue] : [])));
}

export interface Reaped {
  readonly ended: number;
  readonly readied: number;
  readonly after: Aftermath;
}

type ReapRow = {
  readonly queue: string | null;
  readonly state: JobState | "spared";
  readonly id: string;
  readonly gated: boolean;
};

export async function reapJobs(store: Store, limit: number): Promise<Reaped> {
  const { database, statements } = store;
  const rows = await database.objects<ReapRow>(statements.reap, { limit: atMost(limit), ...timeOf(store) });
  const left = rows.flatMap(({ state, id }) => (state === "spared" ? [id] : []));
  const { answer: ended, moved } = left.length === 0 ? nothingReaped : await reapNeeded(store, left);
  const reaped = [...rows.filter(({ state }) => state !== "spared"), ...ended];
  const readied = reaped.filter(({ state }) => state !== "spared" && !isFinalState(state));
  const gated = reaped.flatMap(({ id, gated: isGated }) => (isGated ? [id] : []));
  const queues = readied.flatMap(({ queue, state }) => (queue !== null && state === "ready" ? [queue] : []));
  const after = joined({ queues, gated, settled: [] }, aftermathOf(moved));
  return { readied: readied.length, ended: reaped.length - readied.length, after };
}

const nothingReaped: { readonly answer: readonly ReapRow[]; readonly moved: readonly MovedJob[] } = {
  answer: [],
  moved: [],
};

function reapNeeded(store: Store, ids: readonly string[]): Promise<typeof nothingReaped> {
  const roots = ids.map((id): Root => ({ id, kind: "failed" }));
  return store.database.transact((run) =>
    endWithEdges(run, store, roots, () => run<ReapRow>(store.statements.reapNeeded, { ids, ...timeOf(store) })),
  );
}

type PrunedRow = readonly [seq: number, needed: boolean];

export async function pruneJobs(store: Store, { retentionMs, limit }: PruneRequest): Promise<number> {
  const retentions = Object.entries(retentionMs).map(([state, ms]) => ({ state, retention_ms: Math.ceil(ms) }));
  if (retentions.length === 0) return 0;
  const rows = await store.database.rows<PrunedRow>(store.statements.prune, {
    retentions: JSON.stringify(retentions),
    limit: atMost(limit),
    ...timeOf(store),
  });
  const needed = rows.flatMap(([seq, isNeeded]) => (isNeeded ? [seq] : []));
  return rows.length - needed.length + (needed.length === 0 ? 0 : await pruneNeeded(store, needed));
}

/** Once they are locked, nobody can come to need them. */
function pruneNeeded(store: Store, seqs: readonly number[]): Promise<number> {
  const { database, statements } = store;
  return database.transact(async (run) => {
    const locked = await run<{ readonly seq: number | string }>(statements.lockOld, { seqs: JSON.stringify(seqs) });
    const values = { seqs: JSON.stringify(locked.map(({ seq }) => Number(seq))), ...timeOf(store) };
    return (await run(statements.pruneNeeded, values)).length;
  });
}

function atMost(limit: number): number {
  return Math.min(2 ** 31 - 1, Math.max(0, Math.trunc(limit)));
}
