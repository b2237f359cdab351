import type { EnqueueResult, NewJob } from "../../contract/index.ts";
import type { Run } from "./database.ts";
import { drawEdges, edgeColumns, lockEnds } from "./draw-edges.ts";
import { batchOf, hasEdges, insertOf, type Written } from "./enqueue.ts";
import { type Aftermath, aftermathOf, type MovedJob } from "./needs.ts";
import type { Store } from "./store.ts";
import { dropUntaken, holderOf, type KnownJob, lockKeys, look, meetHolder, newKnownJob, type Sight } from "./unique.ts";

/** What is to be written. */
interface Plan {
  readonly written: readonly Written[];
  /** Jobs to be made, as they are after what later jobs of the call did to them. */
  readonly fresh: readonly (readonly [NewJob, KnownJob])[];
}

export interface Enqueued {
  readonly written: readonly Written[];
  /** Of other jobs, which new edges have moved. */
  readonly after: Aftermath;
}

/** Writes jobs of which some have a unique key or edges, within a transaction: all of them or none. */
export async function enqueueInSteps(run: Run, store: Store, jobs: readonly NewJob[]): Promise<Enqueued> {
  const keys = keysOf(jobs);
  await lockKeys(run, store, keys);
  const contested = keysOf(jobs.filter(({ unique }) => unique?.onConflict !== "ignore"));
  if (contested.length > 0) await run(store.statements.lockHolders, { keys: contested });
  const ids = [...new Set(jobs.map(({ id }) => id))];
  const sight = await look(run, store, keys, ids);
  const locked = await lockEnds(run, store, jobs, new Set(sight.jobs.keys()));
  const { written, fresh } = decide(jobs, sight);
  await insert(run, store, fresh, sight);
  await rewrite(run, store, sight);
  await dropUntaken(run, store, sight);
  const moved = await drawEdges(
    run,
    store,
    fresh.map(([job]) => job),
    locked,
  );
  return { written: afterMoves(written, moved), after: aftermathOf(moved) };
}

function keysOf(jobs: readonly NewJob[]): readonly string[] {
  return [...new Set(jobs.flatMap(({ unique }) => (unique ? [unique.key] : [])))];
}

/** One job after the other, as the contract says; each sees what those before it did. */
function decide(jobs: readonly NewJob[], sight: Sight): Plan {
  const { now } = sight;
  const fresh: [NewJob, KnownJob][] = [];
  const written = jobs.map((job): Written => {
    const { id, unique } = job;
    const known = sight.jobs.get(id);
    if (known) return speakOf(known, resultOf(known, "duplicate"));
    const holder = unique && holderOf(sight, unique.key);
    if (unique && holder) return speakOf(holder, meetHolder(holder, job, unique, now));
    const made = newKnownJob(job, now);
    sight.jobs.set(id, made);
    if (unique) sight.takers.set(unique.key, made);
    fresh.push([job, made]);
    return speakOf(made, resultOf(made, "enqueued"));
  });
  return { written, fresh };
}

const resultOf = ({ id, state, runAt }: KnownJob, outcome: EnqueueResult["outcome"]): EnqueueResult => {
  return { id, outcome, state, runAt };
};

const speakOf = ({ queue, priority, gated }: KnownJob, result: EnqueueResult): Written => {
  return { result, queue, priority, gated };
};

/** Where the jobs are now of which the results speak. */
function afterMoves(written: readonly Written[], moved: readonly MovedJob[]): readonly Written[] {
  if (moved.length === 0) return written;
  const byId = new Map(moved.map((job) => [job.id, job]));
  return written.map((each) => {
    const job = byId.get(each.result.id);
    return job ? { ...each, result: { ...each.result, state: job.state, runAt: job.runAt } } : each;
  });
}

async function insert(run: Run, store: Store, fresh: Plan["fresh"], { now, takers }: Sight): Promise<void> {
  if (fresh.length === 0) return;
  const jobs = fresh.map(([job, { version, priority, runAt, payload = job.payload }]): NewJob => {
    return { ...job, version, priority, runAt, payload };
  });
  const uniques = fresh.flatMap(([, made], n) => {
    if (!made.unique) return [];
    const { key, scope, heldUntil } = made.unique;
    return [{ n, key, scope, held_until: heldUntil, takes: takers.get(key) === made }];
  });
  // The moment of the decision is the moment of the enqueue.
  const { insertUnique, insertUniqueGated, insertEdged } = store.statements;
  const batch = batchOf(jobs, jobs.some(hasEdges) ? edgeColumns(jobs) : undefined);
  const [statement, values] = insertOf(batch, insertUnique, insertUniqueGated, insertEdged);
  await run(statement, { ...values, uniques: JSON.stringify(uniques), now });
}

async function rewrite(run: Run, { statements }: Store, { jobs }: Sight): Promise<void> {
  const changed = [...jobs.values()].filter((job) => job.changed && job.seq !== undefined);
  if (changed.length === 0) return;
  const changes = changed.map(({ seq, version, state, priority, runAt, payload }) => {
    return { seq, version, state, priority, run_at: runAt, payload };
  });
  await run(statements.rewrite, { changes: JSON.stringify(changes) });
}
