import { type EnqueueResult, type Gate, type JobState, JobwrightError, type NewJob } from "../../contract/index.ts";
import type { Values } from "./database.ts";
import { arrayOf, textsOf } from "./lists.ts";
import type { PgStatement } from "./sql.ts";
import { type Store, timeOf } from "./store.ts";
import { storable, storableId } from "./values.ts";

/** One with the time of the enqueue, and one for each job whose id is there already. */
export type InsertedRow = readonly [n: null, now: number] | readonly [n: number, now: null];
export type StateRow = readonly [id: string, state: JobState, runAt: number, gated: boolean];

/** The answer, and where the job that it speaks of is offered. */
export interface Written {
  readonly result: EnqueueResult;
  readonly queue: string;
  readonly priority: number;
  /** Whether that job has gates. */
  readonly gated: boolean;
}

/** Results of jobs without a unique key: they speak of those jobs. */
export function writtenOf(jobs: readonly NewJob[], results: readonly EnqueueResult[]): readonly Written[] {
  return results.flatMap((result, n) =>
    jobs.slice(n, n + 1).map((job) => ({ result, queue: job.queue, priority: job.priority, gated: hasGates(job) })),
  );
}

/** Whether nobody else is touched by the job's enqueue. */
export function isPlain(job: NewJob): boolean {
  return job.gates === undefined && !takesSteps(job);
}

/** Whether it is written in several steps of a transaction: it has a unique key, or edges. */
export function takesSteps(job: NewJob): boolean {
  return job.unique !== undefined || hasEdges(job);
}

export function hasEdges({ needs, neededBy = [] }: NewJob): boolean {
  return needs !== undefined || neededBy.length > 0;
}

export function hasGates({ gates = [] }: NewJob): boolean {
  return gates.length > 0;
}

/** How often ids that were neither written nor found are tried again: their jobs were pruned in that moment. */
const maxTries = 3;

/** Refuses what the store cannot hold, before anything is written. */
export function checkStorable(jobs: readonly NewJob[]): void {
  for (const job of jobs) {
    storableId(job.id);
    storable(job.name, "A job's name");
    storable(job.queue, "A queue's name");
    storable(job.payload, "A payload");
    if (job.unique) storable(job.unique.key, "A unique key");
    for (const { key, policy } of job.gates ?? []) {
      storable(key, "The key of a gate");
      storable(policy, "A policy");
    }
    for (const tag of job.tags ?? []) storable(tag, "A tag");
  }
}

/** Each id once, with the place of its first job. */
function firstOfEach(jobs: readonly NewJob[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [n, { id }] of jobs.entries()) if (!first.has(id)) first.set(id, n);
  return first;
}

export interface Batch {
  /** Values of the parameters. */
  readonly columns: Values;
  /** What some of them have besides. */
  readonly beside?: { readonly gates: string; readonly tags: string };
  /** Whether some have edges. */
  readonly edged?: boolean;
}

/** What the statements that insert jobs are given. `edges`: what they are given of edges besides. */
export function batchOf(jobs: readonly NewJob[], edges?: Values): Batch {
  const { kinds, kindsOf } = kindsOfJobs(jobs);
  const columns = {
    ids: arrayOf(jobs.map(({ id }) => id)),
    kindsOf: arrayOf(kindsOf),
    runAts: arrayOf(jobs.map(({ runAt }) => (runAt === undefined ? undefined : Math.ceil(runAt)))),
    delays: arrayOf(jobs.map(delayOf)),
    ...textsOf(
      "payloads",
      jobs.map(({ payload }) => payload),
    ),
    kinds: JSON.stringify(kinds),
    ...edges,
  };
  if (edges) return { columns, beside: besideOf(jobs), edged: true };
  return jobs.some(({ gates, tags }) => gates || tags) ? { columns, beside: besideOf(jobs) } : { columns };
}

/** What many jobs of a batch have in common, each once, and of each job its place there; the first one is not named. */
function kindsOfJobs(jobs: readonly NewJob[]): {
  readonly kinds: readonly object[];
  readonly kindsOf: readonly (number | undefined)[];
} {
  const kinds = new Map<string, { readonly k: number }>();
  const kindsOf = jobs.map(({ name, queue, version, priority, maxCrashes }) => {
    const key = `${version} ${priority} ${maxCrashes} ${name.length} ${name}${queue}`;
    let kind = kinds.get(key);
    if (!kind) {
      const common = { k: kinds.size, name, queue, version, priority, max_crashes: maxCrashes };
      kinds.set(key, (kind = common));
    }
    return kind.k === 0 ? undefined : kind.k;
  });
  return { kinds: [...kinds.values()], kindsOf };
}

function besideOf(jobs: readonly NewJob[]): { readonly gates: string; readonly tags: string } {
  const gates = jobs.flatMap(({ gates: own = [] }, n) =>
    own.map(({ level, key, policy, kind, limit, windowMs }, place) => {
      const window = windowMs === undefined ? {} : { window_ms: Math.ceil(windowMs) };
      return { n, place, level, key, policy, kind, limit, ...window };
    }),
  );
  const tags = jobs.flatMap(({ tags: own = [] }, n) => own.map((tag) => ({ n, tag })));
  return { gates: JSON.stringify(gates), tags: JSON.stringify(tags) };
}

/** The statement that writes a batch, of those given, and its values. */
export function insertOf(
  { columns, beside, edged = false }: Batch,
  plain: PgStatement,
  withGates: PgStatement,
  withEdges: PgStatement = withGates,
): readonly [PgStatement, Values] {
  return beside ? [edged ? withEdges : withGates, { ...columns, ...beside }] : [plain, columns];
}

/** The delay of a job with needs begins when they let it go. */
function delayOf({ runAt, delayMs = 0, needs }: NewJob): number | undefined {
  return runAt !== undefined || needs || delayMs === 0 ? undefined : Math.ceil(delayMs);
}

/** Runs the two statements in the provider's own way, or through the transaction of a user. */
export interface EnqueueRun {
  insert(batch: Batch): Promise<readonly InsertedRow[]>;
  states(ids: readonly string[]): Promise<readonly StateRow[]>;
}

export function enqueueRun(store: Store): EnqueueRun {
  const { database, statements } = store;
  return {
    insert(batch) {
      const [statement, values] = insertOf(batch, statements.insertJobs, statements.insertGated);
      return database.rows<InsertedRow>(statement, { ...values, ...timeOf(store) });
    },
    states: (ids) => database.rows<StateRow>(statements.states, { ids }),
  };
}

/** All of them in one statement; a second one only if some were there already. */
export async function enqueueJobs(run: EnqueueRun, jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
  const first = firstOfEach(jobs);
  const results = new Map<string, EnqueueResult>();
  let left = first.size === jobs.length ? jobs : jobs.filter(({ id }, n) => first.get(id) === n);
  for (let tries = 0; tries < maxTries && left.length > 0; tries++) {
    const rows = await run.insert(batchOf(left));
    const known = new Set(rows.map(([n]) => n));
    const now = rows.find(([n]) => n === null)?.[1] ?? 0;
    for (const [n, job] of left.entries()) if (!known.has(n)) results.set(job.id, enqueued(job, now));
    if (known.size > 1) {
      const ids = left.map(({ id }) => id).filter((id) => !results.has(id));
      for (const [id, state, runAt] of await run.states(ids))
        results.set(id, { id, outcome: "duplicate", state, runAt });
    }
    left = left.filter(({ id }) => !results.has(id));
  }
  return jobs.map(({ id }, n) => {
    const result = results.get(id);
    if (!result) throw vanished(id);
    return first.get(id) === n ? result : { ...result, outcome: "duplicate" };
  });
}

/** What the statement wrote. */
function enqueued({ id, runAt, delayMs = 0, gates }: NewJob, now: number): EnqueueResult {
  const due = runAt === undefined ? now + Math.ceil(delayMs) : Math.ceil(runAt);
  return { id, outcome: "enqueued", state: firstState(due > now, gates), runAt: due };
}

/** Where a job waits that has passed no gate. */
export function firstState(isLater: boolean, [first]: readonly Gate[] = []): JobState {
  if (first && (!isLater || first.kind === "order")) return "blocked";
  return isLater ? "scheduled" : "ready";
}

/** The same results, with where jobs with gates wait now. */
export async function shownNow(
  { database, statements }: Store,
  written: readonly Written[],
): Promise<readonly Written[]> {
  const ids = written.flatMap(({ gated, result }) => (gated ? [result.id] : []));
  if (ids.length === 0) return written;
  const rows = await database.rows<StateRow>(statements.states, { ids });
  const states = new Map(rows.map(([id, state, runAt]) => [id, { state, runAt }]));
  return written.map((each) => ({ ...each, result: { ...each.result, ...states.get(each.result.id) } }));
}

function vanished(id: string): JobwrightError {
  return new JobwrightError("JW_STORE_BUSY", `Job ${id} was neither written nor found.`, {
    hint: "Somebody deletes it again and again; make the call again.",
    retryable: true,
  });
}
