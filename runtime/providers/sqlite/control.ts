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
  type PromoteResult,
  type PruneRequest,
  type ReapResult,
  type RequeueOutcome,
} from "../../contract/index.ts";
import { pageLimit, seqOfCursor } from "../../core/paging.ts";
import type { Connection, Parameters } from "./connection.ts";
import { type RecordRow, toRecord } from "../sql/record.ts";
import { startOf } from "./start-of.ts";
import * as statements from "./statements.ts";
import { forgetKeys, type RequeuedRow, retakesKey } from "./unique.ts";
import { selectRequeued } from "./unique-statements.ts";

/* Maintenance, inspection and the operator verbs, as synchronous functions; writers run inside an open transaction. */

export function promoteJobs(connection: Connection, limit: number, now: number): PromoteResult {
  const promoted = connection.run(statements.promoteJobs, { now, limit }).changes;
  const next = connection.get<{ runAt: number | null }>(statements.selectNextRun, {});
  return { promoted, nextRunAt: next?.runAt ?? undefined };
}

export function reapJobs(connection: Connection, limit: number, now: number): ReapResult {
  const rows = connection.raw<[state: JobState]>(statements.reapJobs, { now, expiredBefore: now, limit });
  const readied = rows.filter(([state]) => state === "ready").length;
  return { readied, ended: rows.length - readied };
}

export function pruneJobs(connection: Connection, request: PruneRequest, now: number): number {
  let left = request.limit;
  for (const [state, retentionMs] of Object.entries(request.retentionMs)) {
    if (left <= 0) break;
    const rows = connection.raw<[seq: number]>(statements.pruneJobs, {
      state,
      finishedBefore: now - retentionMs,
      now,
      limit: left,
    });
    const seqs = rows.map(([seq]) => seq);
    if (seqs.length > 0) deleteAttachments(connection, seqs);
    left -= seqs.length;
  }
  return request.limit - left;
}

function deleteAttachments(connection: Connection, seqs: readonly number[]): void {
  connection.run(statements.deletePayloads, { seqs: JSON.stringify(seqs) });
  deleteResults(connection, seqs);
  forgetKeys(connection, seqs);
}

function deleteResults(connection: Connection, seqs: readonly number[]): void {
  connection.run(statements.deleteOutputs, { seqs: JSON.stringify(seqs) });
  connection.run(statements.deleteErrors, { seqs: JSON.stringify(seqs) });
}

export function cancelJob(connection: Connection, id: string, now: number): CancelOutcome {
  if (connection.run(statements.cancelWaiting, { id, now }).changes === 1) return "cancelled";
  if (connection.run(statements.cancelRunning, { id }).changes === 1) return "requested";
  return stateOf(connection, id) === undefined ? "notFound" : "alreadyDone";
}

export function requeueJob(connection: Connection, id: string, delayMs: number, now: number): RequeueOutcome {
  const job = connection.get<RequeuedRow>(selectRequeued, { id });
  if (!job) return "notFound";
  if (!isFinalState(job.state)) return "alreadyWaiting";
  if (!retakesKey(connection, job, now)) return "deduplicated";
  const state: JobState = delayMs > 0 ? "scheduled" : "ready";
  connection.run(statements.requeueJob, { seq: job.seq, state, runAt: now + delayMs });
  deleteResults(connection, [job.seq]);
  return "requeued";
}

export function changeJob(connection: Connection, change: JobChange, now: number): ChangeOutcome {
  const { id, runAt, delayMs, priority = null } = change;
  const given = runAt !== undefined || delayMs !== undefined;
  const changed = { id, priority, version: null, runAt: given ? startOf(change, now) : null, now };
  if (connection.run(statements.changeJob, changed).changes === 1) return "changed";
  return stateOf(connection, id) === undefined ? "notFound" : "notWaiting";
}

function stateOf(connection: Connection, id: string): JobState | undefined {
  return connection.get<{ state: JobState }>(statements.selectState, { id })?.state;
}

export function getJob(connection: Connection, id: string): JobRecord | undefined {
  const row = connection.get<RecordRow>(statements.selectJob, { id });
  return row && toRecord(row);
}

export function listJobs(connection: Connection, request: ListRequest): JobPage {
  const limit = pageLimit(request);
  const rows = connection.all<RecordRow>(statements.selectPage, {
    ...filterParameters(request),
    before: seqOfCursor(request.cursor),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: rows.length > limit && last ? String(last.seq) : undefined };
}

export function countJobs(connection: Connection, filter: JobFilter): Counts {
  const rows = connection.all<{ queue: string; state: JobState; count: number }>(
    statements.countJobs,
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
