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
import { deleteGates } from "./gate-statements.ts";
import { hasGates, leaveGates, openAfter, openAll, openBeside, waitAgain } from "./gates.ts";
import { deleteHistory, forgetProgress, recordCrashes } from "./history.ts";
import { startOf } from "./start-of.ts";
import * as statements from "./statements.ts";
import { deleteTags, selectTaggedPage } from "./tag-statements.ts";
import { forgetKeys, type RequeuedRow, retakesKey } from "./unique.ts";
import { selectRequeued } from "./unique-statements.ts";

/* Maintenance, inspection and the operator verbs, as synchronous functions; writers run inside an open transaction. */

export function promoteJobs(connection: Connection, limit: number, now: number): Promotion {
  const gated = hasGates(connection);
  const promoted = gated
    ? promoteMixed(connection, limit, now)
    : connection.run(statements.promoteJobs, { now, limit }).changes;
  const next = connection.get<{ runAt: number | null }>(statements.selectNextRun, {});
  const result = { promoted, nextRunAt: next?.runAt ?? undefined };
  return { result, readied: promoted + openAll(connection, now) };
}

export interface Promotion {
  readonly result: PromoteResult;
  /** At least 1 if there is something new to claim. */
  readonly readied: number;
}

function promoteMixed(connection: Connection, limit: number, now: number): number {
  const rows = connection.raw<MovedRow>(statements.promoteMixed, { now, limit });
  for (const [seq, gated] of rows) if (gated) waitAgain(connection, seq, false);
  return rows.length;
}

type MovedRow = [seq: number, gated: number];

type ReapedRow = [seq: number, state: JobState, fence: number, gated: number];

export function reapJobs(connection: Connection, limit: number, now: number): ReapResult {
  const rows = connection.raw<ReapedRow>(statements.reapJobs, { now, expiredBefore: now, limit });
  const crashed = rows.map(([seq, , fence]) => ({ seq, fence }));
  recordCrashes(connection, crashed, now);
  openAfterReap(connection, rows, now);
  const readied = rows.filter(([, state]) => state === "ready").length;
  return { readied, ended: rows.length - readied };
}

function openAfterReap(connection: Connection, rows: readonly ReapedRow[], now: number): void {
  const gated = rows.filter((row) => row[3]);
  for (const [seq, state] of gated) {
    if (state === "ready") waitAgain(connection, seq, false);
    else leaveGates(connection, seq);
  }
  openBeside(
    connection,
    gated.map(([seq]) => seq),
    now,
  );
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
  const list = JSON.stringify(seqs);
  connection.run(statements.deletePayloads, { seqs: list });
  connection.run(deleteTags, { seqs: list });
  connection.run(deleteGates, { seqs: list });
  deleteHistory(connection, list);
  deleteResults(connection, seqs);
  forgetKeys(connection, seqs);
}

function deleteResults(connection: Connection, seqs: readonly number[]): void {
  connection.run(statements.deleteOutputs, { seqs: JSON.stringify(seqs) });
  connection.run(statements.deleteErrors, { seqs: JSON.stringify(seqs) });
}

export function cancelJob(connection: Connection, id: string, now: number): CancelOutcome {
  const [cancelled] = connection.raw<MovedRow>(statements.cancelWaiting, { id, now });
  if (cancelled?.[1]) openAfter(connection, id, now);
  if (cancelled) return "cancelled";
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
  if (job.state === "succeeded") forgetProgress(connection, job.seq);
  if (job.gated) waitAndOpen(connection, job.seq, true, now);
  return "requeued";
}

function waitAndOpen(connection: Connection, seq: number, all: boolean, now: number): void {
  waitAgain(connection, seq, all);
  openBeside(connection, [seq], now);
}

export function changeJob(connection: Connection, change: JobChange, now: number): ChangeOutcome {
  const { id, runAt, delayMs, priority = null } = change;
  const given = runAt !== undefined || delayMs !== undefined;
  const changed = { id, priority, version: null, runAt: given ? startOf(change, now) : null, now };
  const [row] = connection.raw<MovedRow>(statements.changeJob, changed);
  if (row?.[1]) waitAndOpen(connection, row[0], false, now);
  if (row) return "changed";
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
  const rows = selectPage(connection, request, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: rows.length > limit && last ? String(last.seq) : undefined };
}

function selectPage(connection: Connection, request: ListRequest, limit: number): RecordRow[] {
  const page = { ...filterParameters(request), before: seqOfCursor(request.cursor), limit };
  const { tags = [] } = request;
  const [tag] = tags;
  if (tag === undefined) return connection.all<RecordRow>(statements.selectPage, page);
  return connection.all<RecordRow>(selectTaggedPage, { ...page, tag, tags: JSON.stringify(tags) });
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
