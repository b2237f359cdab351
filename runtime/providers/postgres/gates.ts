import { isRetryable, type JobState, type Limit, type NewJob } from "../../contract/index.ts";
import type { Run } from "./database.ts";
import { type Store, timeOf } from "./store.ts";

/*
 * Who may pass which gate: read off the jobs, and off the times of recent starts. A call first commits what it does, then
 * opens the gates beside the jobs that it touched, one caller after the other. In between a job waits for longer than it
 * must, never the other way: all else that happens to jobs only makes room. If nobody comes to open, a promotion does.
 */

/** Opens gates, and tells of the queues whose jobs became ready. */
export interface Gates {
  /** Those of the jobs that a call has touched. A failure only delays: the call has taken effect. */
  openBeside(ids: readonly string[]): Promise<void>;
  /** All of them. */
  openAll(): Promise<void>;
  /** Before jobs are written: a policy that the store does not know yet is that of the first job. */
  learn(jobs: readonly NewJob[]): Promise<void>;
  /** Has `settled` wait for a call that opens gates and has more to do afterwards. */
  track<T>(call: Promise<T>): Promise<T>;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

interface OpenRow {
  readonly key: string;
  readonly level: number;
  readonly policy: string;
  readonly kind: Limit["kind"];
  readonly limit: number;
  readonly window_ms: number | null;
  /** The store does not know the policy: a transaction of the user wrote its first job. */
  readonly unknown: boolean;
}

interface AdmitRow {
  readonly queue: string;
  readonly state: JobState;
  /** Of a gate that the job has on a higher level, if it has one. */
  readonly key: string | null;
  readonly level: number | null;
}

const levels = [0, 1, 2, 3, 4, 5, 6, 7];
/** Between two statements while gates are locked, in ms: a process that hangs must not keep them closed. */
const idleMs = "5000";

/** `lock`: what all that open gates of this schema have in common. */
export function createGates(store: () => Store, lock: string, readied: (queues: Iterable<string>) => void): Gates {
  const known = new Set<string>();
  const underWay = new Set<Promise<unknown>>();
  let asked = new Set<string>();
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** For all that ask in one turn of the event loop, or while an earlier opening is under way, together. */
  async function openAsked(): Promise<void> {
    await new Promise(setImmediate);
    await last.catch(() => undefined);
    const ids = [...asked];
    asked = new Set();
    next = undefined;
    const opening = openGates("openBeside", { ids });
    last = opening;
    await opening;
  }

  async function openGates(statement: "openBeside" | "openAnywhere", values: { readonly ids?: readonly string[] }) {
    const given = store();
    const open = await given.database.objects<OpenRow>(given.statements[statement], { ...values, ...timeOf(given) });
    if (open.length === 0) return;
    readied(await given.database.transact((run) => admit(run, given, lock, open)));
  }

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const ended = (): void => void underWay.delete(work);
    work.then(ended, ended);
    return work;
  }

  return {
    async openBeside(ids) {
      if (ids.length === 0) return;
      for (const id of ids) asked.add(id);
      next ??= openAsked();
      await track(next).catch((error: unknown) => {
        if (!isRetryable(error)) throw error;
      });
    },
    async openAll() {
      await track(openGates("openAnywhere", {}));
      const given = store();
      await given.database.rows(given.statements.forgetStarts, timeOf(given));
    },
    async learn(jobs) {
      const limits = jobs.flatMap(({ gates = [] }) => gates).filter(({ policy }) => !known.has(policy));
      if (limits.length === 0) return;
      const given = store();
      await given.database.rows(given.statements.learnLimits, { limits: limitRows(limits) });
      for (const { policy } of limits) known.add(policy);
    },
    track,
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

/** Level by level, also where jobs arrive meanwhile. Returns the queues of those that are ready. */
async function admit(run: Run, store: Store, lock: string, open: readonly OpenRow[]): Promise<ReadonlySet<string>> {
  const { statements } = store;
  await run(statements.lockGates, { lock, idleMs });
  const unknown = open.filter((group) => group.unknown);
  if (unknown.length > 0) {
    const limits = unknown.map(({ window_ms, ...limit }) => ({ ...limit, windowMs: window_ms ?? undefined }));
    await run(statements.learnLimits, { limits: limitRows(limits) });
  }
  const keys = new Map(open.map(({ key, level }) => [key, level]));
  const queues = new Set<string>();
  for (const level of levels) {
    const here = [...keys].flatMap(([key, at]) => (at === level ? [key] : []));
    if (here.length === 0) continue;
    for (const row of await run<AdmitRow>(statements.admit, { keys: here, level, ...timeOf(store) })) {
      if (row.state === "ready") queues.add(row.queue);
      if (row.key !== null && row.level !== null) keys.set(row.key, row.level);
    }
  }
  return queues;
}

/** Each policy once, as the first of the list says. */
function limitRows(limits: readonly (Omit<Limit, "windowMs"> & { readonly windowMs?: number | undefined })[]): string {
  const byPolicy = new Map(
    limits.map((limit) => [limit.policy, limit]).toReversed() as [string, (typeof limits)[number]][],
  );
  return JSON.stringify(
    [...byPolicy.values()].map(({ policy, kind, limit, windowMs }) => {
      return { policy, kind, limit, ...(windowMs !== undefined && { window_ms: Math.ceil(windowMs) }) };
    }),
  );
}

/** Of two limits of one policy, the last counts. */
export async function putLimits({ database, statements }: Store, limits: readonly Limit[]): Promise<void> {
  if (limits.length === 0) return;
  await database.rows(statements.putLimits, { limits: limitRows([...limits].reverse()) });
}
