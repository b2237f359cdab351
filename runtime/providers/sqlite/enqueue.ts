import type { EnqueueResult, JobState, NewJob, UniqueKey } from "../../contract/index.ts";
import type { Runner } from "./connection.ts";
import { insertGates, isHeld, openBeside, refuseUnstorableGates } from "./gates.ts";
import { startOf } from "./start-of.ts";
import * as statements from "./statements.ts";
import { insertTags } from "./tag-statements.ts";
import { storable } from "./text.ts";
import { type Holder, holderOf, meetHolder, rememberKey } from "./unique.ts";

/*
 * Jobs on their way in, inside one open transaction of the provider or of the user. Since only one of them writes at a
 * time, what is read here stays true until the commit.
 */

/** One after the other. */
export function enqueueJobs(runner: Runner, jobs: readonly NewJob[], now: number): EnqueueResult[] {
  for (const job of jobs) refuseUnstorable(job);
  return jobs.every(isPlain) ? insertPlain(runner, jobs, now) : enqueueMixed(runner, jobs, now);
}

function isPlain({ unique, gates, tags }: NewJob): boolean {
  return !unique && !gates && !tags;
}

/** Neighbours that are plain go in together, as no two of them can meet. */
function enqueueMixed(runner: Runner, jobs: readonly NewJob[], now: number): EnqueueResult[] {
  const results: EnqueueResult[] = [];
  const touched: number[] = [];
  for (let from = 0, to = 0; from < jobs.length; from = to) {
    while (to < jobs.length && isPlain(jobs[to] as NewJob)) to++; // it is there: to < length
    // One by one: a spread of so many arguments may be more than the stack holds.
    for (const result of insertPlain(runner, jobs.slice(from, to), now)) results.push(result);
    const job = jobs[to];
    if (!job) break;
    results.push(enqueueSpecial(runner, job, touched, now));
    to++;
  }
  if (touched.length === 0) return results;
  openBeside(runner, touched, now);
  return results.map((result) => afterGates(runner, result));
}

/** Whether a job waits at a gate is known when all have come. */
function afterGates(runner: Runner, result: EnqueueResult): EnqueueResult {
  const row = runner.get<WaitingRow>(statements.selectWaiting, { id: result.id });
  return row?.gated ? { ...result, state: row.state, runAt: row.runAt } : result;
}

/** Before anything is written: a user may catch the error and commit. */
function refuseUnstorable({ payload, unique, gates, tags }: NewJob): void {
  storable(payload);
  if (unique) storable(unique.key);
  if (gates) refuseUnstorableGates(gates);
  tags?.forEach(storable);
}

function insertPlain(runner: Runner, jobs: readonly NewJob[], now: number): EnqueueResult[] {
  const results: EnqueueResult[] = [];
  for (let from = 0; from < jobs.length; from += statements.rowsPerInsert) {
    const chunk = jobs.slice(from, from + statements.rowsPerInsert);
    const together = chunk.length === statements.rowsPerInsert ? insertTogether(runner, chunk, now) : undefined;
    results.push(...(together ?? chunk.map((job) => enqueueJob(runner, job, now))));
  }
  return results;
}

/** Undefined, and nothing written, if one of the ids exists. */
function insertTogether(runner: Runner, jobs: readonly NewJob[], now: number): EnqueueResult[] | undefined {
  const results: EnqueueResult[] = [];
  const rows: (string | number)[] = [];
  for (const job of jobs) {
    const result = newResult(job, now);
    results.push(result);
    rows.push(...rowOf(job, result, now));
  }
  let seq: number;
  try {
    seq = Number(runner.runRow(statements.insertJobs, rows).lastInsertRowid) - jobs.length;
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
  const payloads: (string | number)[] = [];
  for (const job of jobs) payloads.push(++seq, job.payload);
  runner.runRow(statements.insertPayloads, payloads);
  return results;
}

function isConflict(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "SQLITE_CONSTRAINT_UNIQUE";
}

function enqueueJob(runner: Runner, job: NewJob, now: number): EnqueueResult {
  const result = newResult(job, now);
  return insertOne(runner, job, result, now) === undefined ? existing(runner, job.id) : result;
}

/** Undefined, and nothing written, if the id exists. */
function insertOne(runner: Runner, job: NewJob, result: EnqueueResult, now: number): number | undefined {
  const inserted = job.gates?.length
    ? runner.runRow(statements.insertGatedJob, [...rowOf(job, result, now), 1])
    : runner.runRow(statements.insertJob, rowOf(job, result, now));
  if (inserted.changes === 0) return undefined;
  const seq = Number(inserted.lastInsertRowid);
  runner.runRow(statements.insertPayload, [seq, job.payload]);
  return seq;
}

/** Adds the number of the job, if gates hold it, to `touched`. */
function enqueueSpecial(runner: Runner, job: NewJob, touched: number[], now: number): EnqueueResult {
  const { unique, gates = [], tags = [] } = job;
  const holder = unique && holderOf(runner, unique, now);
  if (holder) return duplicate(runner, job.id) ?? enqueueTooLate(runner, job, unique, holder, touched, now);
  const result = newResult(job, now);
  const seq = insertOne(runner, job, result, now);
  if (seq === undefined) return existing(runner, job.id);
  if (unique) rememberKey(runner, seq, unique, now);
  if (tags.length > 0) runner.run(insertTags, { seq, tags: JSON.stringify(tags) });
  if (gates.length > 0) {
    insertGates(runner, seq, gates, { ...result, priority: job.priority });
    touched.push(seq);
  }
  return result;
}

function enqueueTooLate(
  runner: Runner,
  job: NewJob,
  unique: UniqueKey,
  holder: Holder,
  touched: number[],
  now: number,
): EnqueueResult {
  if (holder.gated) touched.push(holder.seq);
  return meetHolder(runner, holder, job, unique, now);
}

function newResult(job: NewJob, now: number): EnqueueResult {
  const runAt = startOf(job, now);
  const isDue = runAt <= now;
  const state = isHeld(job.gates, isDue) ? "blocked" : isDue ? "ready" : "scheduled";
  return { id: job.id, outcome: "enqueued", state, runAt };
}

/** In the order of `insertJob`. */
function rowOf(job: NewJob, { state, runAt }: EnqueueResult, now: number): (string | number)[] {
  return [job.id, job.name, job.queue, job.version, state, job.priority, runAt, now, job.maxCrashes];
}

interface WaitingRow {
  readonly state: JobState;
  readonly runAt: number;
  readonly gated: number;
}

function duplicate(runner: Runner, id: string): EnqueueResult | undefined {
  const row = runner.get<WaitingRow>(statements.selectWaiting, { id });
  return row && { id, outcome: "duplicate", state: row.state, runAt: row.runAt };
}

function existing(runner: Runner, id: string): EnqueueResult {
  const result = duplicate(runner, id);
  if (!result) throw new TypeError(`job ${id} was neither inserted nor found`);
  return result;
}
