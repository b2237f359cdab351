import type {
  Counts,
  FinishedPage,
  FinishedRequest,
  JobFilter,
  JobPage,
  JobRecord,
  JobState,
  ListRequest,
  NeedPage,
  NeedRecord,
  NeedsRequest,
} from "../../contract/index.ts";
import { cursorNumber, cursorNumbers, pageLimit, seqOfCursor } from "../../core/paging.ts";
import { type RecordRow, toRecord } from "../sql/record.ts";
import type { Connection, Parameters } from "./connection.ts";
import * as records from "./record-statements.ts";
import { selectTaggedPage } from "./tag-statements.ts";

/* What can be asked without changing anything. */

export function getJob(connection: Connection, id: string): JobRecord | undefined {
  const row = connection.get<RecordRow>(records.selectJob, { id });
  return row && toRecord(row);
}

export function listJobs(connection: Connection, request: ListRequest): JobPage {
  const limit = pageLimit(request);
  const rows = selectPage(connection, request, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: rows.length > limit && last ? String(last.seq) : undefined };
}

function selectPage(connection: Connection, request: ListRequest, limit: number): RecordRow[] {
  const page = { ...filterParameters(request), before: seqOfCursor(request.cursor), limit };
  const { tags = [] } = request;
  const [tag] = tags;
  if (tag === undefined) return connection.all<RecordRow>(records.selectPage, page);
  return connection.all<RecordRow>(selectTaggedPage, { ...page, tag, tags: JSON.stringify(tags) });
}

export function countJobs(connection: Connection, filter: JobFilter): Counts {
  const rows = connection.all<{ queue: string; state: JobState; count: number }>(
    records.countJobs,
    filterParameters(filter),
  );
  // A map first: a queue may be called "__proto__".
  const counts = new Map<string, Partial<Record<JobState, number>>>();
  for (const { queue, state, count } of rows) counts.set(queue, { ...counts.get(queue), [state]: count });
  return Object.fromEntries(counts);
}

function filterParameters(filter: JobFilter): Parameters {
  const list = (values: readonly string[] | undefined) => (values ? JSON.stringify(values) : null);
  return { states: list(filter.states), names: list(filter.names), queues: list(filter.queues) };
}

export function finishedJobs(connection: Connection, request: FinishedRequest, now: number): FinishedPage {
  const limit = pageLimit(request);
  const [afterTime = 0, afterSeq = 0] = cursorNumbers(request.cursor, 2) ?? [];
  const from = Math.max(request.since, afterTime);
  const rows = connection.all<RecordRow>(records.selectFinished, { from, afterTime, afterSeq, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const cursor = last && rows.length > limit ? `${last.finishedAt}:${last.seq}` : undefined;
  return { now, jobs: page.map(toRecord), cursor };
}

type NeedRow = RecordRow & Pick<NeedRecord, "when" | "status"> & { readonly number: number };

export function needsOf(connection: Connection, request: NeedsRequest): NeedPage {
  const limit = pageLimit(request);
  const after = cursorNumber(request.cursor) ?? 0;
  const rows = connection.all<NeedRow>(records.selectNeeds, { id: request.id, after, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const needs = page.map((row) => ({ when: row.when, status: row.status, job: toRecord(row) }));
  return { needs, cursor: rows.length > limit ? String(page.at(-1)?.number) : undefined };
}
