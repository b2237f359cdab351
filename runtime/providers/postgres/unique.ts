import {
  type EnqueueResult,
  isFinalState,
  type JobState,
  type NewJob,
  type UniqueKey,
  type UniqueScope,
} from "../../contract/index.ts";
import { holdsKey } from "../../core/unique.ts";
import { firstState, hasGates } from "./enqueue.ts";
import type { Run } from "./database.ts";
import { type Store, timeOf } from "./store.ts";

/*
 * Unique keys. Under READ COMMITTED each statement sees what was committed before it began, so a statement that waits for
 * a lock does not see what the one before it in the queue did. Therefore three steps in one transaction: lock the keys,
 * look who holds them, write. Whatever makes a job hold a key (an enqueue, a requeue) locks the key first; whatever makes
 * it lose the key needs no lock. An older snapshot, in a transaction of the user, cannot lock a key that was taken since:
 * PostgreSQL says `could not serialize`.
 */

/** A job as the transaction knows it: what it found, and what it decided since. */
export interface KnownJob {
  readonly id: string;
  /** Undefined: this call makes it. */
  readonly seq: number | undefined;
  readonly queue: string;
  readonly fence: number;
  readonly enqueuedAt: number;
  readonly gated: boolean;
  readonly unique:
    | { readonly key: string; readonly scope: UniqueScope; readonly heldUntil: number | undefined }
    | undefined;
  version: number;
  state: JobState;
  priority: number;
  runAt: number;
  /** Undefined: the stored one. */
  payload: string | undefined;
  changed: boolean;
}

export interface Sight {
  readonly now: number;
  readonly jobs: Map<string, KnownJob>;
  /** Who took each key last, which is not always who holds it. */
  readonly takers: Map<string, KnownJob>;
  /** Keys whose rows this transaction has made. */
  readonly made: ReadonlySet<string>;
}

type Whole = number | string | bigint;

interface LookRow {
  readonly now: Whole;
  readonly by: "key" | "id" | "clock";
  readonly key: string | null;
  readonly seq: Whole | null;
  readonly id: string | null;
  readonly queue: string;
  readonly version: Whole;
  readonly state: JobState;
  readonly priority: Whole;
  readonly fence: Whole;
  readonly run_at: Whole;
  readonly enqueued_at: Whole;
  readonly gated: boolean;
  readonly scope: UniqueScope | null;
  readonly held_until: Whole | null;
}

export async function lockKeys(run: Run, { statements }: Store, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await run(statements.lockKeys, { keys });
}

/** The keys must be locked. */
export async function look(run: Run, store: Store, keys: readonly string[], ids: readonly string[]): Promise<Sight> {
  const rows = await run<LookRow>(store.statements.look, { keys, ids, ...timeOf(store) });
  const jobs = new Map<string, KnownJob>();
  const takers = new Map<string, KnownJob>();
  const made = new Set<string>();
  for (const row of rows) {
    const job = row.id === null ? undefined : (jobs.get(row.id) ?? knownJob(row.id, row));
    if (job) jobs.set(job.id, job);
    if (row.by !== "key" || row.key === null) continue;
    if (job) takers.set(row.key, job);
    else if (row.seq === null) made.add(row.key);
  }
  return { now: Number(rows[0]?.now), jobs, takers, made };
}

function knownJob(id: string, row: LookRow): KnownJob {
  const { key, scope } = row;
  return {
    id,
    seq: Number(row.seq),
    queue: row.queue,
    fence: Number(row.fence),
    enqueuedAt: Number(row.enqueued_at),
    gated: row.gated,
    unique:
      key === null || scope === null
        ? undefined
        : { key, scope, heldUntil: row.held_until === null ? undefined : Number(row.held_until) },
    version: Number(row.version),
    state: row.state,
    priority: Number(row.priority),
    runAt: Number(row.run_at),
    payload: undefined,
    changed: false,
  };
}

export function holds({ state, fence, unique }: KnownJob, now: number): boolean {
  return unique !== undefined && holdsKey({ state, fence, ...unique }, now);
}

/** The job that holds a key now, if there is one. */
export function holderOf({ takers, now }: Sight, key: string): KnownJob | undefined {
  const taker = takers.get(key);
  return taker && holds(taker, now) ? taker : undefined;
}

/** Key rows that were made for the lock and have no holder would stay for ever. */
export async function dropUntaken(run: Run, { statements }: Store, { made, takers }: Sight): Promise<void> {
  const keys = [...made].filter((key) => !takers.has(key));
  if (keys.length > 0) await run(statements.dropKeys, { keys });
}

export function newKnownJob(job: NewJob, now: number): KnownJob {
  const { id, queue, version, priority, payload, unique } = job;
  const runAt = firstDue(job, now);
  const heldUntil = unique?.forMs === undefined ? undefined : now + Math.ceil(unique.forMs);
  return {
    id,
    seq: undefined,
    queue,
    fence: 0,
    enqueuedAt: now,
    gated: hasGates(job),
    unique: unique && { key: unique.key, scope: unique.scope, heldUntil },
    version,
    state: job.needs ? "blocked" : firstState(runAt > now, job.gates),
    priority,
    runAt,
    payload,
    changed: false,
  };
}

/** The delay of a job with needs begins when they let it go. */
function firstDue(job: NewJob, now: number): number {
  return job.needs ? Math.ceil(job.runAt ?? now) : startOf(job, now);
}

function startOf({ runAt, delayMs = 0 }: NewJob, now: number): number {
  return Math.ceil(runAt ?? now + delayMs);
}

/** Does what the job that came too late asks for. */
export function meetHolder(holder: KnownJob, job: NewJob, unique: UniqueKey, now: number): EnqueueResult {
  const outcome = outcomeOf(holder, unique);
  if (outcome !== "deduplicated") {
    if (outcome === "replaced") {
      const { payload, version, priority } = job;
      Object.assign(holder, { payload, version, priority });
    }
    const latest = holder.enqueuedAt + (unique.maxWaitMs ?? Number.POSITIVE_INFINITY);
    holder.runAt = Math.ceil(Math.min(startOf(job, now), latest));
    // Whether it waits before a gate is said when it is written.
    holder.state = holder.runAt > now ? "scheduled" : "ready";
    holder.changed = true;
  }
  return { id: holder.id, outcome, state: holder.state, runAt: holder.runAt };
}

function outcomeOf({ fence, state }: KnownJob, { onConflict }: UniqueKey): "deduplicated" | "replaced" | "extended" {
  if (onConflict === "ignore" || fence > 0 || isFinalState(state)) return "deduplicated";
  return onConflict === "replace" ? "replaced" : "extended";
}
