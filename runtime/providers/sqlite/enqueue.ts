import type { EnqueueResult, JobState, NewJob, UniqueKey } from "../../contract/index.ts";
import { checkNeeds } from "./check-needs.ts";
import type { Runner } from "./connection.ts";
import { withGates } from "./ends.ts";
import { insertGates, isHeld, openBeside, refuseUnstorableGates } from "./gates.ts";
import { drawEdges, followHeld, insertNeeds } from "./needs.ts";
import { startOf } from "./start-of.ts";
import * as statements from "./statements.ts";
import { insertTags } from "./tag-statements.ts";
import { storable } from "./text.ts";
import { ties } from "./ties.ts";
import { type Holder, holderOf, meetHolder, rememberKey } from "./unique.ts";

/*
 * Jobs on their way in, inside one open transaction of the provider or of the user. Since only one of them writes at a
 * time, what is read here stays true until the commit.
 */

/** One after the other. */
export function enqueueJobs(runner: Runner, jobs: readonly NewJob[], now: number): EnqueueResult[] {
  for (const job of jobs) refuseUnstorable(job);
  if (jobs.every(isPlain)) return insertAlike(runner, jobs, 0, now);
  checkNeeds(runner, jobs);
  const touched: Touched = { gated: [], held: [] };
  const results = enqueueMixed(runner, jobs, touched, now);
  drawEdges(runner, jobs, results);
  const moved = followHeld(runner, touched.held, now);
  openBeside(runner, [...touched.gated, ...withGates(moved)], now);
  return touched.gated.length + touched.held.length > 0 ? results.map((result) => afterAll(runner, result)) : results;
}

/** Numbers of jobs whose place is known when all have come. */
interface Touched {
  /** At gates. */
  readonly gated: number[];
  /** Held by what they need. */
  readonly held: number[];
}

/** What a job is tied to that goes in together with its neighbours; undefined: it goes in alone. */
function alikeTies(job: NewJob): number | undefined {
  const { unique, gates, tags, needs } = job;
  return unique || gates || tags || needs ? undefined : tiesOf(job);
}

function isPlain(job: NewJob): boolean {
  return alikeTies(job) === 0;
}

/** Neighbours that are alike go in together, as no two of them can meet. */
function enqueueMixed(runner: Runner, jobs: readonly NewJob[], touched: Touched, now: number): EnqueueResult[] {
  const results: EnqueueResult[] = [];
  for (let from = 0, to = 0; from < jobs.length; from = to) {
    const job = jobs[to++] as NewJob; // it is there: to < length
    const tied = alikeTies(job);
    if (tied === undefined) {
      results.push(enqueueSpecial(runner, job, touched, now));
      continue;
    }
    for (let next = jobs[to]; next && alikeTies(next) === tied; next = jobs[to]) to++;
    // One by one: a spread of so many arguments may be more than the stack holds.
    for (const result of insertAlike(runner, jobs.slice(from, to), tied, now)) results.push(result);
  }
  return results;
}

/** Whether a job waits at a gate, or for others, is known when all have come. */
function afterAll(runner: Runner, result: EnqueueResult): EnqueueResult {
  const row = runner.get<WaitingRow>(statements.selectWaiting, { id: result.id });
  const isKnown = row && row.gated & (ties.gates | ties.needs);
  return isKnown ? { ...result, state: row.state, runAt: row.runAt } : result;
}

/** Before anything is written: a user may catch the error and commit. */
function refuseUnstorable({ payload, unique, gates, tags }: NewJob): void {
  storable(payload);
  if (unique) storable(unique.key);
  if (gates) refuseUnstorableGates(gates);
  tags?.forEach(storable);
}

/** `tied`: what all of them are tied to. */
function insertAlike(runner: Runner, jobs: readonly NewJob[], tied: number, now: number): EnqueueResult[] {
  const results: EnqueueResult[] = [];
  for (let from = 0; from < jobs.length; from += statements.rowsPerInsert) {
    const chunk = jobs.slice(from, from + statements.rowsPerInsert);
    const together = chunk.length === statements.rowsPerInsert ? insertTogether(runner, chunk, tied, now) : undefined;
    results.push(...(together ?? chunk.map((job) => enqueueJob(runner, job, tied, now))));
  }
  return results;
}

/** Undefined, and nothing written, if one of the ids exists. */
function insertTogether(
  runner: Runner,
  jobs: readonly NewJob[],
  tied: number,
  now: number,
): EnqueueResult[] | undefined {
  const results: EnqueueResult[] = [];
  const rows: (string | number)[] = [];
  for (const job of jobs) {
    const result = newResult(job, now);
    results.push(result);
    rows.push(...rowOf(job, result, tied, now));
  }
  let seq: number;
  try {
    seq =
      Number(runner.runRow(tied === 0 ? statements.insertJobs : statements.insertTiedJobs, rows).lastInsertRowid) -
      jobs.length;
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

function enqueueJob(runner: Runner, job: NewJob, tied: number, now: number): EnqueueResult {
  const result = newResult(job, now);
  return insertOne(runner, job, result, tied, now) === undefined ? existing(runner, job.id) : result;
}

/** Undefined, and nothing written, if the id exists. */
function insertOne(runner: Runner, job: NewJob, result: EnqueueResult, tied: number, now: number): number | undefined {
  const statement = tied === 0 ? statements.insertJob : statements.insertTiedJob;
  const inserted = runner.runRow(statement, rowOf(job, result, tied, now));
  if (inserted.changes === 0) return undefined;
  const seq = Number(inserted.lastInsertRowid);
  runner.runRow(statements.insertPayload, [seq, job.payload]);
  return seq;
}

/** Adds the number of the job to `touched`, if gates or its needs may hold it. */
function enqueueSpecial(runner: Runner, job: NewJob, touched: Touched, now: number): EnqueueResult {
  const { unique, gates = [], tags = [], needs } = job;
  const holder = unique && holderOf(runner, unique, now);
  if (holder) return duplicate(runner, job.id) ?? enqueueTooLate(runner, job, unique, holder, touched, now);
  const result = newResult(job, now);
  const seq = insertOne(runner, job, result, tiesOf(job), now);
  if (seq === undefined) return existing(runner, job.id);
  if (unique) rememberKey(runner, seq, unique, now);
  if (tags.length > 0) runner.run(insertTags, { seq, tags: JSON.stringify(tags) });
  if (gates.length > 0) {
    const isAtGate = result.state === "blocked" && !needs;
    insertGates(runner, seq, gates, { isAtGate, priority: job.priority, runAt: result.runAt });
    touched.gated.push(seq);
  }
  if (needs) {
    insertNeeds(runner, seq, needs, job.delayMs ?? 0);
    touched.held.push(seq);
  }
  return result;
}

function tiesOf({ gates, neededBy, needs }: NewJob): number {
  return (gates?.length ? ties.gates : 0) | (neededBy?.length ? ties.needed : 0) | (needs ? ties.needs : 0);
}

function enqueueTooLate(
  runner: Runner,
  job: NewJob,
  unique: UniqueKey,
  holder: Holder,
  touched: Touched,
  now: number,
): EnqueueResult {
  if (holder.gated & ties.gates) touched.gated.push(holder.seq);
  return meetHolder(runner, holder, job, unique, now);
}

function newResult(job: NewJob, now: number): EnqueueResult {
  // The delay of a job that needs others begins when they let it go.
  const runAt = job.needs ? (job.runAt ?? now) : startOf(job, now);
  const isDue = runAt <= now;
  const state = job.needs || isHeld(job.gates, isDue) ? "blocked" : isDue ? "ready" : "scheduled";
  return { id: job.id, outcome: "enqueued", state, runAt };
}

/** In the order of `insertJob`; that of a tied one has a column more. */
function rowOf(job: NewJob, { state, runAt }: EnqueueResult, tied: number, now: number): (string | number)[] {
  const row = [job.id, job.name, job.queue, job.version, state, job.priority, runAt, now, job.maxCrashes];
  if (tied !== 0) row.push(tied);
  return row;
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
