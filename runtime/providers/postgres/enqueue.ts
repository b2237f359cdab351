import { type EnqueueResult, type JobState, JobwrightError, type NewJob } from "../../contract/index.ts";
import { type Store, timeOf } from "./store.ts";
import { storable, storableId } from "./values.ts";

export type InsertedRow = readonly [n: number, state: JobState | null, runAt: number | null];
export type StateRow = readonly [id: string, state: JobState, runAt: number];

/** How often ids that were neither written nor found are tried again: their jobs were pruned in that moment. */
const maxTries = 3;

/** Refuses what the store cannot hold, before anything is written. */
export function checkStorable(jobs: readonly NewJob[]): void {
  for (const job of jobs) {
    storableId(job.id);
    storable(job.name, "A job's name");
    storable(job.queue, "A queue's name");
    storable(job.payload, "A payload");
  }
}

/** Each id once, with the place of its first job. */
function firstOfEach(jobs: readonly NewJob[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [n, { id }] of jobs.entries()) if (!first.has(id)) first.set(id, n);
  return first;
}

/** The batch as `json_to_recordset` reads it. */
function batchOf(jobs: readonly NewJob[], places: Iterable<number>): string {
  const rows: unknown[] = [];
  for (const n of places) {
    const job = jobs[n];
    if (!job) continue;
    const { id, name, queue, version, priority, runAt, delayMs = 0, maxCrashes, payload } = job;
    const due = runAt === undefined ? {} : { run_at: Math.ceil(runAt) };
    rows.push({
      n,
      id,
      name,
      queue,
      version,
      priority,
      ...due,
      delay_ms: Math.ceil(delayMs),
      max_crashes: maxCrashes,
      payload,
    });
  }
  return JSON.stringify(rows);
}

/** Runs the two statements in the provider's own way, or through the transaction of a user. */
export interface EnqueueStatements {
  insert(batch: string): Promise<readonly InsertedRow[]>;
  states(ids: readonly string[]): Promise<readonly StateRow[]>;
}

export function enqueueStatements(store: Store): EnqueueStatements {
  const { database, statements } = store;
  return {
    insert: (jobs) => database.rows<InsertedRow>(statements.insertJobs, { jobs, ...timeOf(store) }),
    states: (ids) => database.rows<StateRow>(statements.states, { ids }),
  };
}

/** All of them in one statement; a second one only if some were there already. */
export async function enqueueJobs(run: EnqueueStatements, jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
  const first = firstOfEach(jobs);
  const results = new Map<string, EnqueueResult>();
  let places: readonly number[] = [...first.values()];
  for (let tries = 0; tries < maxTries && places.length > 0; tries++) {
    for (const [n, state, runAt] of await run.insert(batchOf(jobs, places))) {
      const id = jobs[n]?.id ?? "";
      if (state !== null) results.set(id, { id, outcome: "enqueued", state, runAt: runAt ?? 0 });
    }
    const ids = jobs.map(({ id }) => id).filter((id) => !results.has(id));
    if (ids.length > 0) {
      for (const [id, state, runAt] of await run.states(ids))
        results.set(id, { id, outcome: "duplicate", state, runAt });
    }
    places = places.filter((n) => !results.has(jobs[n]?.id ?? ""));
  }
  return jobs.map(({ id }, n) => {
    const result = results.get(id);
    if (!result) throw vanished(id);
    return first.get(id) === n ? result : { ...result, outcome: "duplicate" };
  });
}

function vanished(id: string): JobwrightError {
  return new JobwrightError("JW_STORE_BUSY", `Job ${id} was neither written nor found.`, {
    hint: "Somebody deletes it again and again; make the call again.",
    retryable: true,
  });
}
