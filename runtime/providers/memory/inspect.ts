import {
  type Counts,
  type FinishedPage,
  type FinishedRequest,
  isFinalState,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type JobState,
  type ListRequest,
} from "../../contract/index.ts";
import { cursorNumbers, pageLimit, seqOfCursor } from "../../core/paging.ts";
import { type Row, toRecord } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** What can be asked without changing anything. */

export function getJob(store: MemoryStore, id: string): JobRecord | undefined {
  const row = store.rows.get(id);
  return row && toRecord(row);
}

export function isSettled(store: MemoryStore, id: string): boolean {
  const row = store.rows.get(id);
  return row === undefined || isFinalState(row.state);
}

export function listJobs(store: MemoryStore, request: ListRequest): JobPage {
  const limit = pageLimit(request);
  const before = seqOfCursor(request.cursor);
  const rows = [...store.rows.values()]
    .filter((row) => row.seq < before && matches(row, request) && hasTags(row, request))
    .reverse();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: last && rows.length > limit ? String(last.seq) : undefined };
}

export function finishedJobs(store: MemoryStore, request: FinishedRequest, now: number): FinishedPage {
  const limit = pageLimit(request);
  const [afterTime = 0, afterSeq = 0] = cursorNumbers(request.cursor, 2) ?? [];
  const rows = [...store.rows.values()]
    .flatMap((row) => (row.finishedAt === undefined ? [] : [{ row, at: row.finishedAt }]))
    .filter(({ row, at }) => at >= request.since && (at > afterTime || (at === afterTime && row.seq > afterSeq)))
    .sort((a, b) => a.at - b.at || a.row.seq - b.row.seq);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const cursor = last && rows.length > limit ? `${last.at}:${last.row.seq}` : undefined;
  return { now, jobs: page.map(({ row }) => toRecord(row)), cursor };
}

export function countJobs(store: MemoryStore, filter: JobFilter): Counts {
  // A map first: a queue may be called "__proto__".
  const counts = new Map<string, Partial<Record<JobState, number>>>();
  for (const row of store.rows.values()) {
    if (!matches(row, filter)) continue;
    const queue = counts.get(row.queue) ?? {};
    counts.set(row.queue, queue);
    queue[row.state] = (queue[row.state] ?? 0) + 1;
  }
  return Object.fromEntries(counts);
}

function hasTags(row: Row, { tags = [] }: ListRequest): boolean {
  return tags.every((tag) => row.tags.includes(tag));
}

function matches(row: Row, { states, names, queues }: JobFilter): boolean {
  return (
    (states === undefined || states.includes(row.state)) &&
    (names === undefined || names.includes(row.name)) &&
    (queues === undefined || queues.includes(row.queue))
  );
}
