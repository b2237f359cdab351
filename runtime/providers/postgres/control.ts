import {
  type CancelOutcome,
  type ChangeOutcome,
  type Counts,
  isFinalState,
  type JobChange,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type JobState,
  type ListRequest,
  type Paused,
  type PauseTarget,
  type PromoteResult,
  type PruneRequest,
} from "../../contract/index.ts";
import { pageLimit, seqOfCursor } from "../../core/paging.ts";
import type { Values } from "./database.ts";
import { type RecordRow, toRecord } from "../sql/record.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorable, isStorableId, storable } from "./values.ts";

/* Maintenance, inspection and the operator verbs. What they made ready comes with the result. */

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
  readonly queues: ReadonlySet<string>;
  /** Ids of those that have gates. */
  readonly gated: readonly string[];
}

export async function reapJobs(store: Store, limit: number): Promise<Reaped> {
  type Row = readonly [queue: string, state: JobState, id: string, gated: boolean];
  const rows = await store.database.rows<Row>(store.statements.reap, { limit: atMost(limit), ...timeOf(store) });
  const readied = rows.filter(([, state]) => !isFinalState(state)).length;
  const gated = rows.flatMap(([, , id, isGated]) => (isGated ? [id] : []));
  return { readied, ended: rows.length - readied, queues: readyQueues(rows), gated };
}

export async function pruneJobs(store: Store, { retentionMs, limit }: PruneRequest): Promise<number> {
  const retentions = Object.entries(retentionMs).map(([state, ms]) => ({ state, retention_ms: Math.ceil(ms) }));
  if (retentions.length === 0) return 0;
  const rows = await store.database.rows(store.statements.prune, {
    retentions: JSON.stringify(retentions),
    limit: atMost(limit),
    ...timeOf(store),
  });
  return rows.length;
}

function atMost(limit: number): number {
  return Math.min(2 ** 31 - 1, Math.max(0, Math.trunc(limit)));
}

const waitingStates: ReadonlySet<JobState> = new Set(["scheduled", "ready", "blocked"]);

/** What became of the jobs of a call. */
export interface Done<Outcome> {
  readonly outcomes: readonly Outcome[];
  /** Those whose jobs can be claimed now. */
  readonly queues: ReadonlySet<string>;
  /** Ids of those that have gates. */
  readonly gated: readonly string[];
}

function nothingDone(items: readonly unknown[]): Done<"notFound"> {
  return { outcomes: items.map(() => "notFound"), queues: new Set(), gated: [] };
}

function gatedOf(rows: readonly (readonly [id: string, state: JobState, gated: boolean, ...rest: unknown[]])[]) {
  return rows.flatMap(([id, , gated]) => (gated ? [id] : []));
}

/** The statement says what state each job was in; a job given twice meets what its first mention left. */
export async function cancelJobs(store: Store, ids: readonly string[]): Promise<Done<CancelOutcome>> {
  const known = [...new Set(ids)].filter(isStorableId);
  if (known.length === 0) return nothingDone(ids);
  type Row = readonly [id: string, state: JobState, gated: boolean];
  const rows = await store.database.rows<Row>(store.statements.cancel, { ids: known, ...timeOf(store) });
  const states = new Map(rows.map(([id, state]) => [id, state]));
  const seen = new Set<string>();
  const outcomes = ids.map((id): CancelOutcome => {
    const state = states.get(id);
    if (state === undefined) return "notFound";
    if (state === "running") return "requested";
    const again = seen.has(id);
    seen.add(id);
    return waitingStates.has(state) && !again ? "cancelled" : "alreadyDone";
  });
  return { outcomes, queues: new Set(), gated: gatedOf(rows) };
}

export async function changeJobs(store: Store, changes: readonly JobChange[]): Promise<Done<ChangeOutcome>> {
  const rows = changeRows(changes);
  if (rows.length === 0) return nothingDone(changes);
  type Row = readonly [id: string, state: JobState, gated: boolean, queue: string | null];
  const found = await store.database.rows<Row>(store.statements.change, {
    changes: JSON.stringify(rows),
    ...timeOf(store),
  });
  const states = new Map(found.map(([id, state]) => [id, state]));
  const outcomes = changes.map(({ id }): ChangeOutcome => {
    const state = states.get(id);
    if (state === undefined) return "notFound";
    return waitingStates.has(state) ? "changed" : "notWaiting";
  });
  const queues = new Set(found.flatMap(([, , , queue]) => (queue === null ? [] : [queue])));
  return { outcomes, queues, gated: gatedOf(found) };
}

/** Each job once: of several changes of one job, what each of them says counts until a later one says otherwise. */
function changeRows(changes: readonly JobChange[]): readonly unknown[] {
  const rows = new Map<string, object>();
  for (const { id, runAt, delayMs, priority } of changes) {
    if (!isStorableId(id)) continue;
    const timed = runAt !== undefined || delayMs !== undefined;
    const time = runAt === undefined ? { run_at: null, delay: Math.ceil(delayMs ?? 0) } : { run_at: Math.ceil(runAt) };
    rows.set(id, { ...rows.get(id), id, ...(timed && time), ...(priority !== undefined && { priority }) });
  }
  return [...rows.values()];
}

export async function getJobs(store: Store, ids: readonly string[]): Promise<readonly JobRecord[]> {
  const known = ids.filter(isStorableId);
  if (known.length === 0) return [];
  return (await store.database.objects<RecordRow>(store.statements.jobs, { ids: known })).map(toRecord);
}

/** State by id, without what is heavy. */
export async function jobStates(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
  const known = ids.filter(isStorableId);
  if (known.length === 0) return new Map();
  type Row = readonly [id: string, state: JobState];
  return new Map(await store.database.rows<Row>(store.statements.states, { ids: known }));
}

export async function listJobs(store: Store, request: ListRequest): Promise<JobPage> {
  const limit = pageLimit(request);
  const tags = [...new Set(request.tags)];
  // No job has a tag that cannot be stored.
  if (!tags.every(isStorable)) return { jobs: [], cursor: undefined };
  const { page: plain, taggedPage } = store.statements;
  const rows = await store.database.objects<RecordRow>(tags.length > 0 ? taggedPage : plain, {
    ...filterValues(request),
    ...(tags.length > 0 && { tags }),
    before: seqOfCursor(request.cursor),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: rows.length > limit && last ? String(last.seq) : undefined };
}

export async function countJobs(store: Store, filter: JobFilter): Promise<Counts> {
  type Row = readonly [queue: string, state: JobState, count: number];
  const rows = await store.database.rows<Row>(store.statements.counts, filterValues(filter));
  // A map first: a queue may be called "__proto__".
  const counts = new Map<string, Partial<Record<JobState, number>>>();
  for (const [queue, state, count] of rows) counts.set(queue, { ...counts.get(queue), [state]: count });
  return Object.fromEntries(counts);
}

function filterValues({ states, names, queues }: JobFilter): Values {
  // No job has a name that cannot be stored.
  const list = (values: readonly string[] | undefined) =>
    values?.filter((value) => !value.includes("\0") && value.isWellFormed()) ?? null;
  return { states: list(states), names: list(names), queues: list(queues) };
}

export async function pause(store: Store, target: PauseTarget): Promise<void> {
  const { database, statements } = store;
  const statement = "queue" in target ? statements.pauseQueue : statements.pauseName;
  await database.rows(statement, { name: nameOf(target), ...timeOf(store) });
}

/** Queues with jobs that can be claimed again, and perhaps more. */
export async function resume({ database, statements }: Store, target: PauseTarget): Promise<readonly string[]> {
  const name = nameOf(target);
  await database.rows("queue" in target ? statements.resumeQueue : statements.resumeName, { name });
  if ("queue" in target) return [name];
  return (await database.rows<readonly [queue: string]>(statements.readyQueues, {})).map(([queue]) => queue);
}

function nameOf(target: PauseTarget): string {
  return "queue" in target ? storable(target.queue, "A queue's name") : storable(target.name, "A job's name");
}

export async function paused({ database, statements }: Store): Promise<Paused> {
  const rows = await database.rows<readonly [kind: "queue" | "name", name: string]>(statements.paused, {});
  // Here, by code unit: the database's collation may be any.
  const among = (kind: string): string[] => rows.flatMap((row) => (row[0] === kind ? [row[1]] : [])).sort();
  return { queues: among("queue"), names: among("name") };
}
