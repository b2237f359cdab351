import {
  type CancelOutcome,
  type Counts,
  isFinalState,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type JobState,
  type ListRequest,
  type PromoteResult,
  type PruneRequest,
  type RequeueOutcome,
} from "../../contract/index.ts";
import { pageLimit, seqOfCursor } from "../../core/paging.ts";
import type { Values } from "./database.ts";
import { type RecordRow, toRecord } from "../sql/record.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId, storable } from "./values.ts";

/* Maintenance, inspection and the operator verbs. What they made ready comes with the result. */

export interface Promoted extends PromoteResult {
  readonly queues: ReadonlySet<string>;
}

export async function promoteJobs(store: Store, limit: number): Promise<Promoted> {
  const { database, statements } = store;
  const rows = await database.rows<readonly [queue: string]>(statements.promote, {
    limit: atMost(limit),
    ...timeOf(store),
  });
  const [next] = await database.rows<readonly [runAt: number]>(statements.nextRun, {});
  return { promoted: rows.length, nextRunAt: next?.[0], queues: new Set(rows.map(([queue]) => queue)) };
}

export interface Reaped {
  readonly ended: number;
  readonly readied: number;
  readonly queues: ReadonlySet<string>;
}

export async function reapJobs(store: Store, limit: number): Promise<Reaped> {
  type Row = readonly [queue: string, state: JobState];
  const rows = await store.database.rows<Row>(store.statements.reap, { limit: atMost(limit), ...timeOf(store) });
  const ready = rows.filter(([, state]) => state === "ready");
  return {
    readied: ready.length,
    ended: rows.length - ready.length,
    queues: new Set(ready.map(([queue]) => queue)),
  };
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

interface FoundRow {
  readonly id: string;
  readonly state: JobState;
  readonly queue: string | null;
}

const waitingStates: ReadonlySet<JobState> = new Set(["scheduled", "ready", "blocked"]);

/** The statement says what state each job was in; a job given twice meets what its first mention left. */
async function forEachJob<Outcome>(
  store: Store,
  statement: "cancel" | "requeue",
  ids: readonly string[],
  outcomes: (state: JobState) => readonly [first: Outcome, again: Outcome],
  missing: Outcome,
): Promise<{ readonly results: readonly Outcome[]; readonly found: readonly FoundRow[] }> {
  const known = [...new Set(ids)].filter(isStorableId);
  if (known.length === 0) return { results: ids.map(() => missing), found: [] };
  const found = await store.database.objects<FoundRow>(store.statements[statement], { ids: known, ...timeOf(store) });
  const states = new Map(found.map(({ id, state }) => [id, state]));
  const seen = new Set<string>();
  const results = ids.map((id) => {
    const state = states.get(id);
    if (state === undefined) return missing;
    const [first, again] = outcomes(state);
    const outcome = seen.has(id) ? again : first;
    seen.add(id);
    return outcome;
  });
  return { results, found };
}

export async function cancelJobs(store: Store, ids: readonly string[]): Promise<readonly CancelOutcome[]> {
  const outcomes = (state: JobState): readonly [CancelOutcome, CancelOutcome] => {
    if (waitingStates.has(state)) return ["cancelled", "alreadyDone"];
    return state === "running" ? ["requested", "requested"] : ["alreadyDone", "alreadyDone"];
  };
  return (await forEachJob<CancelOutcome>(store, "cancel", ids, outcomes, "notFound")).results;
}

export async function requeueJobs(
  store: Store,
  ids: readonly string[],
): Promise<{ readonly outcomes: readonly RequeueOutcome[]; readonly queues: ReadonlySet<string> }> {
  const outcomesOf = (state: JobState): readonly [RequeueOutcome, RequeueOutcome] =>
    isFinalState(state) ? ["requeued", "alreadyWaiting"] : ["alreadyWaiting", "alreadyWaiting"];
  const { results, found } = await forEachJob<RequeueOutcome>(store, "requeue", ids, outcomesOf, "notFound");
  const readied = found.filter(({ state }) => isFinalState(state));
  return { outcomes: results, queues: new Set(readied.map(({ queue }) => queue ?? "")) };
}

/** The columns of `select j.*`, `payload`, `output`, `error`. */

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
  const rows = await store.database.objects<RecordRow>(store.statements.page, {
    ...filterValues(request),
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

export async function pauseQueue(store: Store, queue: string): Promise<void> {
  await store.database.rows(store.statements.pause, { queue: storable(queue, "A queue's name"), ...timeOf(store) });
}

export async function resumeQueue(store: Store, queue: string): Promise<void> {
  await store.database.rows(store.statements.resume, { queue: storable(queue, "A queue's name") });
}

export async function pausedQueues(store: Store): Promise<readonly string[]> {
  return (await store.database.rows<readonly [name: string]>(store.statements.paused, {})).map(([name]) => name);
}
