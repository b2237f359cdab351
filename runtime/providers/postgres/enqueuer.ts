import type { EnqueueResult, NewJob } from "../../contract/index.ts";
import type { ClaimCursors } from "./claim-cursor.ts";
import { enqueueJobs, enqueueRun, isPlain, shownNow, takesSteps, type Written, writtenOf } from "./enqueue.ts";
import { createEnqueueGroup } from "./enqueue-group.ts";
import { enqueueInSteps } from "./enqueue-steps.ts";
import type { Gates } from "./gates.ts";
import type { Hints } from "./hints.ts";
import type { Aftermath } from "./needs.ts";
import type { Store } from "./store.ts";
import { createUniqueGroup } from "./unique-group.ts";

/** Writes new jobs, and tells of those that can be claimed. */
export interface Enqueuer {
  /** The jobs must have been checked. */
  enqueue(jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]>;
  /** Opens the gates beside jobs that were written, and says where those wait now. */
  letIn(given: Store, written: readonly Written[]): Promise<readonly Written[]>;
  /** Tells of jobs that were written. */
  offer(written: Iterable<Written>): void;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

export interface EnqueuerOptions {
  readonly store: () => Store;
  readonly call: <T>(run: (given: Store) => Promise<T>) => Promise<T>;
  readonly gates: Gates;
  readonly cursors: ClaimCursors;
  readonly hints: Hints;
  readonly passOn: (after: Aftermath) => Promise<void>;
  /** So many of the pool may wait for locked keys. */
  readonly connections: number;
}

export function createEnqueuer(options: EnqueuerOptions): Enqueuer {
  const { store, call, gates, cursors, hints, passOn, connections } = options;
  const group = createEnqueueGroup((jobs) => call((given) => enqueueJobs(enqueueRun(given), jobs)));
  const steps = createUniqueGroup(
    (jobs, lockWaitMs) =>
      call(async (given) => {
        const { database } = given;
        const { written, after } = await database.transact((run) => enqueueInSteps(run, given, jobs), lockWaitMs);
        await passOn(after);
        return written;
      }),
    connections,
  );

  /** The common case, in which nothing but the jobs themselves is written: no promise and no object more than it takes. */
  async function enqueuePlain(jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
    const results = await group.submit(jobs);
    const queues = new Set<string>();
    for (const [n, { queue, priority }] of jobs.entries()) if (results[n]) offered(queues, results[n], queue, priority);
    hints.ready(queues);
    return results;
  }

  async function enqueue(given: Store, jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
    await gates.learn(jobs);
    const stored = jobs.some(takesSteps) ? await steps.submit(jobs) : writtenOf(jobs, await group.submit(jobs));
    const written = await letIn(given, stored);
    offer(written);
    return written.map(({ result }) => result);
  }

  async function letIn(given: Store, written: readonly Written[]): Promise<readonly Written[]> {
    if (!written.some(({ gated }) => gated)) return written;
    const touched = written.filter(({ gated, result }) => gated && result.outcome !== "duplicate");
    await gates.openBeside(touched.map(({ result }) => result.id));
    return shownNow(given, written);
  }

  function offer(written: Iterable<Written>): void {
    const queues = new Set<string>();
    for (const { result, queue, priority } of written) offered(queues, result, queue, priority);
    hints.ready(queues);
  }

  function offered(
    queues: Set<string>,
    { outcome, state, runAt }: EnqueueResult,
    queue: string,
    priority: number,
  ): void {
    if (state !== "ready" || outcome === "duplicate" || outcome === "deduplicated") return;
    cursors.added(queue, { priority, runAt });
    queues.add(queue);
  }

  return {
    enqueue: (jobs) => (jobs.every(isPlain) ? enqueuePlain(jobs) : gates.track(enqueue(store(), jobs))),
    letIn,
    offer,
    async settled() {
      await Promise.all([group.settled(), steps.settled()]);
    },
  };
}
