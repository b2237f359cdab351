import { isFinalState, type JobState, JobwrightError, type RequeueOutcome } from "../../contract/index.ts";
import type { Run } from "./database.ts";
import { type Store, timeOf } from "./store.ts";
import { dropUntaken, holderOf, holds, type KnownJob, lockKeys, look, type Sight } from "./unique.ts";
import { isStorableId } from "./values.ts";

export interface Requeued {
  readonly outcomes: readonly RequeueOutcome[];
  /** Queues whose jobs can be claimed again. */
  readonly queues: ReadonlySet<string>;
}

/** Id and delay of each job, in the order of the call. */
type Requests = ReadonlyMap<string, number>;

/** Outcome and queue of every id that is there. */
type Outcomes = ReadonlyMap<string, readonly [RequeueOutcome, string]>;

/** In one statement if none of the jobs has a unique key. An id given twice meets what its first mention left. */
export async function requeueJobs(
  store: Store,
  ids: readonly string[],
  delaysMs: readonly number[],
): Promise<Requeued> {
  const requests = new Map<string, number>();
  for (const [n, id] of ids.entries()) {
    if (isStorableId(id) && !requests.has(id)) requests.set(id, Math.ceil(delaysMs[n] ?? 0));
  }
  const outcomes: Outcomes = requests.size === 0 ? new Map() : await requeue(store, requests);
  const seen = new Set<string>();
  const results = ids.map((id): RequeueOutcome => {
    const [outcome] = outcomes.get(id) ?? ["notFound" as const];
    const again = seen.has(id);
    seen.add(id);
    return again && outcome === "requeued" ? "alreadyWaiting" : outcome;
  });
  const ready = [...outcomes].filter(([id, [outcome]]) => outcome === "requeued" && (requests.get(id) ?? 0) <= 0);
  return { outcomes: results, queues: new Set(ready.map(([, [, queue]]) => queue)) };
}

async function requeue(store: Store, requests: Requests): Promise<Outcomes> {
  const { database, statements } = store;
  const ids = [...requests.keys()];
  const keyed = await database.rows<readonly [id: string, key: string]>(statements.keysOf, { ids });
  if (keyed.length > 0) {
    const keys = [...new Set(keyed.map(([, key]) => key))];
    return database.transact((run) => requeueUnique(run, store, requests, keys));
  }
  type Row = readonly [id: string, state: JobState, queue: string];
  const rows = await database.rows<Row>(statements.requeue, { requeues: rowsOf(requests), ...timeOf(store) });
  return new Map(rows.map(([id, state, queue]) => [id, [isFinalState(state) ? "requeued" : "alreadyWaiting", queue]]));
}

function rowsOf(requests: Iterable<readonly [id: string, delay: number]>): string {
  return JSON.stringify([...requests].map(([id, delay]) => ({ id, delay })));
}

/** Keys before jobs, as everybody locks them. */
async function requeueUnique(run: Run, store: Store, requests: Requests, keys: readonly string[]): Promise<Outcomes> {
  const { statements } = store;
  const ids = [...requests.keys()];
  await lockKeys(run, store, keys);
  await run(statements.lockJobs, { ids });
  const sight = await look(run, store, keys, ids);
  const outcomes = new Map<string, readonly [RequeueOutcome, string]>();
  const taken = new Map<string, number>();
  for (const id of ids) {
    const job = sight.jobs.get(id);
    if (job) outcomes.set(id, [decide(job, sight, keys, taken), job.queue]);
  }
  const requeues = [...requests].filter(([id]) => outcomes.get(id)?.[0] === "requeued");
  if (requeues.length > 0) await run(statements.requeue, { requeues: rowsOf(requeues), now: sight.now });
  const rows = [...taken].map(([key, seq]) => ({ key, seq }));
  if (rows.length > 0) await run(statements.retakeKeys, { keys: JSON.stringify(rows) });
  await dropUntaken(run, store, sight);
  return outcomes;
}

/** A job that waits again holds its key again, as far as its scope and its window go. */
function decide(job: KnownJob, sight: Sight, keys: readonly string[], taken: Map<string, number>): RequeueOutcome {
  if (!isFinalState(job.state)) return "alreadyWaiting";
  const { unique, seq } = job;
  // The fate of the table's row is that of this object: whether the key is held is read off its state.
  const again = { ...job, state: "ready" as const };
  if (unique && seq !== undefined && holds(again, sight.now)) {
    if (!keys.includes(unique.key)) throw moved(job.id);
    const holder = holderOf(sight, unique.key);
    if (holder && holder !== job) return "deduplicated";
    sight.takers.set(unique.key, job);
    taken.set(unique.key, seq);
  }
  job.state = "ready";
  return "requeued";
}

function moved(id: string): JobwrightError {
  return new JobwrightError("JW_STORE_BUSY", `Job ${id} was deleted and enqueued again with another unique key.`, {
    hint: "Make the call again.",
    retryable: true,
  });
}
