import { isFinalState, type JobState } from "../../contract/index.ts";
import type { Run } from "./database.ts";
import type { ExpectedEnd } from "./edge-tables.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId } from "./values.ts";

/*
 * Edges between jobs. Under READ COMMITTED a statement does not see what was committed while it waited for a lock. Therefore
 * the end of a job that others need takes three steps of one transaction: lock it with all that it may move, end it, follow
 * its edges. An edge is changed only by who has locked the job that is needed: its end, a new job that needs it, and the
 * requeue of one that does; the last two leave a mark on it. A job that is held is moved only by who has locked it. Jobs that
 * nobody needs are settled in one statement, which leaves those alone that are needed; so are most of those that succeed.
 */

/** A job that a transaction is about to lock with all that its end may move. */
export interface Root {
  readonly id: string;
  /** How it is expected to end; absent: not. */
  readonly kind?: ExpectedEnd;
  /** It looks at its needs: they are locked as well. */
  readonly anew?: true;
}

export interface Locked {
  readonly seq: number;
  readonly id: string;
  readonly held: boolean;
  readonly gated: boolean;
  readonly cancelling: boolean;
}

/** A job that was let go or skipped. */
export interface MovedJob {
  readonly id: string;
  readonly queue: string;
  readonly state: JobState;
  readonly runAt: number;
  readonly gated: boolean;
}

export interface FollowRow {
  readonly seq: number | string;
  readonly id: string;
  readonly queue: string;
  readonly state: JobState | "missing";
  readonly run_at: number | string;
  readonly gated: boolean;
  readonly needed: boolean;
}

type LockedRow = Omit<Locked, "seq"> & { readonly seq: number | string };

export async function lockReach(run: Run, { statements }: Store, roots: readonly Root[]): Promise<readonly Locked[]> {
  const known = roots.filter(({ id }) => isStorableId(id));
  if (known.length === 0) return [];
  const rows = await run<LockedRow>(statements.lockReach, { roots: JSON.stringify(known) });
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}

export interface EndedRoots<T> {
  readonly answer: T;
  readonly moved: readonly MovedJob[];
  readonly locked: readonly Locked[];
}

/** Ends jobs by `end`, and follows their edges. */
export async function endWithEdges<T>(
  run: Run,
  store: Store,
  roots: readonly Root[],
  end: () => Promise<T>,
): Promise<EndedRoots<T>> {
  const locked = await lockReach(run, store, roots);
  const answer = await end();
  const moved = await followRoots(run, store, roots, locked);
  return { answer, moved, locked };
}

/** One kind of end after the other: a job is skipped for the first that makes it so, in the order of the call. */
async function followRoots(
  run: Run,
  store: Store,
  roots: readonly Root[],
  locked: readonly Locked[],
): Promise<readonly MovedJob[]> {
  const byId = new Map(locked.map((one) => [one.id, one]));
  const turns: { readonly kind: ExpectedEnd | undefined; readonly seqs: number[] }[] = [];
  for (const { id, kind } of roots) {
    const root = byId.get(id);
    if (!root) continue;
    const expected = root.cancelling ? "failed" : kind;
    if (turns.at(-1)?.kind !== expected || turns.length === 0) turns.push({ kind: expected, seqs: [] });
    turns.at(-1)?.seqs.push(root.seq);
  }
  const seqs = locked.map(({ seq }) => seq);
  const moved: MovedJob[] = [];
  for (const turn of turns) moved.push(...(await follow(run, store, { ended: turn.seqs, locked: seqs })));
  return moved;
}

export interface Following {
  /** Jobs that may have ended. */
  readonly ended?: readonly number[];
  /** Ids of jobs that have looked at their needs. */
  readonly anew?: readonly string[];
  /** What the transaction has locked. */
  readonly locked: readonly number[];
}

/** Level by level: what is skipped has ended as well. */
export async function follow(run: Run, store: Store, start: Following): Promise<readonly MovedJob[]> {
  const { statements } = store;
  const locked = new Set(start.locked);
  const moved: MovedJob[] = [];
  let { ended = [], anew = [] } = start;
  while (ended.length + anew.length > 0) {
    const values = { ended: JSON.stringify(ended), anew, locked: JSON.stringify([...locked]), ...timeOf(store) };
    const rows = await run<FollowRow>(statements.follow, values);
    const missing = rows.filter(({ state }) => state === "missing").map(({ seq }) => Number(seq));
    const skipped = rows.filter(({ state, needed }) => needed && state === "skipped").map(({ seq }) => Number(seq));
    moved.push(...rows.flatMap(movedOf));
    // They came after the look at what is to be locked, and before the lock. Out of the order, which is seldom.
    if (missing.length > 0) await run(statements.lockSeqs, { seqs: JSON.stringify(missing) });
    for (const seq of missing) locked.add(seq);
    ended = missing.length > 0 ? [...ended, ...skipped] : skipped;
    anew = [];
  }
  return moved;
}

export function movedOf({ id, queue, state, run_at, gated }: FollowRow): readonly MovedJob[] {
  return state === "missing" ? [] : [{ id, queue, state, runAt: Number(run_at), gated }];
}

/** Whom a call has to tell of what it did. */
export interface Aftermath {
  /** Queues whose jobs can be claimed now. */
  readonly queues: Iterable<string>;
  /** Ids of jobs that have ended, besides those that the call names. */
  readonly settled: readonly string[];
  /** Ids of jobs beside which gates are to be opened. */
  readonly gated: readonly string[];
}

export function aftermathOf(moved: readonly MovedJob[]): Aftermath {
  return {
    queues: new Set(moved.flatMap(({ queue, state }) => (state === "ready" ? [queue] : []))),
    settled: moved.flatMap(({ id, state }) => (isFinalState(state) ? [id] : [])),
    gated: moved.flatMap(({ id, gated }) => (gated ? [id] : [])),
  };
}

export const nothing: Aftermath = { queues: [], settled: [], gated: [] };

export function joined(...all: readonly Aftermath[]): Aftermath {
  return {
    queues: new Set(all.flatMap(({ queues }) => [...queues])),
    settled: all.flatMap(({ settled }) => settled),
    gated: all.flatMap(({ gated }) => gated),
  };
}
