import {
  type Counts,
  type FinishedPage,
  type FinishedRequest,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type JobState,
  type ListRequest,
  type NeedPage,
  type NeedRecord,
  type NeedsRequest,
} from "../../contract/index.ts";
import { cursorNumber, cursorNumbers, pageLimit, seqOfCursor } from "../../core/paging.ts";
import { type RecordRow, toRecord } from "../sql/record.ts";
import type { Values } from "./database.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorable, isStorableId } from "./values.ts";

/* What can be asked without changing anything. */

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

type FinishedRow = { readonly now: number } & (RecordRow | { readonly id: null });

export async function finishedJobs(store: Store, { since, ...request }: FinishedRequest): Promise<FinishedPage> {
  const limit = pageLimit(request);
  const [afterTime = 0, afterSeq = 0] = cursorNumbers(request.cursor, 2) ?? [];
  const rows = await store.database.objects<FinishedRow>(store.statements.finished, {
    since: Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(since))),
    afterTime,
    afterSeq,
    limit: limit + 1,
    ...timeOf(store),
  });
  const ended = rows.flatMap((row) => (row.id === null ? [] : [row]));
  const page = ended.slice(0, limit);
  const last = page.at(-1);
  const cursor = last && ended.length > limit ? `${last.finishedAt ?? 0}:${last.seq}` : undefined;
  return { now: rows[0]?.now ?? 0, jobs: page.map(toRecord), cursor };
}

type NeedRow = RecordRow & Pick<NeedRecord, "when" | "status"> & { readonly place: number };

export async function needsOf({ database, statements }: Store, request: NeedsRequest): Promise<NeedPage> {
  const limit = pageLimit(request);
  const after = cursorNumber(request.cursor) ?? 0;
  if (!isStorableId(request.id)) return { needs: [], cursor: undefined };
  const rows = await database.objects<NeedRow>(statements.needs, { id: request.id, after, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    needs: page.map((row) => ({ when: row.when, status: row.status, job: toRecord(row) })),
    cursor: last && rows.length > limit ? String(last.place) : undefined,
  };
}
