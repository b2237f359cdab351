import { isFinalState, type JobState, JobwrightError, type RequeueOutcome } from "../../contract/index.ts";
import type { Done } from "./control.ts";
import type { Run } from "./database.ts";
import { aftermathOf, follow, joined, lockReach, type MovedJob, type Root } from "./needs.ts";
import { type Store, timeOf } from "./store.ts";
import { dropUntaken, holderOf, holds, type KnownJob, lockKeys, look, type Sight } from "./unique.ts";
import { isStorableId } from "./values.ts";

/** Id and delay of each job, in the order of the call. */
type Requests = ReadonlyMap<string, number>;

/** Of an id that is there. `queue`: whose job can be claimed now. */
interface Outcome {
  readonly outcome: RequeueOutcome;
  readonly queue: string | null;
  readonly gated: boolean;
}

type Outcomes = ReadonlyMap<string, Outcome>;

interface Requeued {
  readonly outcomes: Outcomes;
  /** By edges. */
  readonly moved: readonly MovedJob[];
}

/** In one statement if none of the jobs has a unique key or needs. An id given twice meets what its first mention left. */
export async function requeueJobs(
  store: Store,
  items: readonly { readonly id: string; readonly delayMs: number }[],
): Promise<Done<RequeueOutcome>> {
  const requests = new Map<string, number>();
  for (const { id, delayMs } of items) {
    if (isStorableId(id) && !requests.has(id)) requests.set(id, Math.ceil(delayMs));
  }
  const { outcomes, moved } = requests.size === 0 ? nothingRequeued : await requeue(store, requests);
  const seen = new Set<string>();
  const results = items.map(({ id }): RequeueOutcome => {
    const { outcome = "notFound" } = outcomes.get(id) ?? {};
    const again = seen.has(id);
    seen.add(id);
    return again && outcome === "requeued" ? "alreadyWaiting" : outcome;
  });
  const queues = new Set([...outcomes.values()].flatMap(({ queue }) => (queue === null ? [] : [queue])));
  const gated = [...outcomes].flatMap(([id, { outcome, gated }]) => (gated && outcome === "requeued" ? [id] : []));
  return { outcomes: results, after: joined({ queues, gated, settled: [] }, aftermathOf(moved)) };
}

const nothingRequeued: Requeued = { outcomes: new Map(), moved: [] };

interface RequeuedRow {
  readonly id: string;
  readonly state: JobState;
  readonly gated: boolean;
  readonly queue: string | null;
  /** It has needs. */
  readonly spared: boolean;
}

async function requeue(store: Store, requests: Requests): Promise<Requeued> {
  const { database, statements } = store;
  const ids = [...requests.keys()];
  const keyed = await database.rows<readonly [id: string, key: string]>(statements.keysOf, { ids });
  if (keyed.length > 0) {
    const keys = [...new Set(keyed.map(([, key]) => key))];
    return { outcomes: await database.transact((run) => requeueUnique(run, store, requests, keys)), moved: [] };
  }
  const values = { requeues: rowsOf(requests), ...timeOf(store) };
  const rows = await database.objects<RequeuedRow>(statements.requeue, values);
  const left = [...requests].filter(([id]) => rows.some((row) => row.id === id && row.spared));
  const { rows: held, moved } =
    left.length === 0 ? { rows: [], moved: [] } : await database.transact((run) => requeueHeld(run, store, left));
  return { outcomes: new Map([...rows, ...held].map((row) => [row.id, outcomeOf(row)])), moved };
}

function outcomeOf({ state, gated, queue }: RequeuedRow): Outcome {
  return { outcome: isFinalState(state) ? "requeued" : "alreadyWaiting", queue, gated };
}

/** Jobs with needs wait for them again. */
async function requeueHeld(run: Run, store: Store, requests: readonly (readonly [id: string, delay: number])[]) {
  const { statements } = store;
  const roots = requests.map(([id]): Root => ({ id, kind: "skipped", anew: true }));
  const locked = await lockReach(run, store, roots);
  const rows = await run<RequeuedRow>(statements.requeueHeld, { requeues: rowsOf(requests), ...timeOf(store) });
  const anew = rows.flatMap(({ id, state }) => (isFinalState(state) ? [id] : []));
  if (anew.length > 0) await run(statements.lookAnew, { ids: anew });
  return { rows, moved: await follow(run, store, { anew, locked: locked.map(({ seq }) => seq) }) };
}

function rowsOf(requests: Iterable<readonly [id: string, delay: number]>): string {
  return JSON.stringify([...requests].map(([id, delay]) => ({ id, delay })));
}

interface ReadyRow {
  readonly id: string;
  readonly queue: string | null;
}

/** Keys before jobs, as everybody locks them. */
async function requeueUnique(run: Run, store: Store, requests: Requests, keys: readonly string[]): Promise<Outcomes> {
  const { statements } = store;
  const ids = [...requests.keys()];
  await lockKeys(run, store, keys);
  await run(statements.lockJobs, { ids });
  const sight = await look(run, store, keys, ids);
  const outcomes = new Map<string, Outcome>();
  const taken = new Map<string, number>();
  for (const id of ids) {
    const job = sight.jobs.get(id);
    if (job) outcomes.set(id, { outcome: decide(job, sight, keys, taken), queue: null, gated: job.gated });
  }
  const requeues = [...requests].filter(([id]) => outcomes.get(id)?.outcome === "requeued");
  if (requeues.length > 0) {
    const values = { requeues: rowsOf(requeues), now: sight.now };
    for (const { id, queue } of await run<ReadyRow>(statements.requeue, values)) {
      outcomes.set(id, { outcome: "requeued", gated: false, ...outcomes.get(id), queue });
    }
  }
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
