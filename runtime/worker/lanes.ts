import type { ClaimedJob, ClaimLane } from "../contract/index.ts";
import type { Executor, Runnable } from "./executor.ts";

/**
 * The slots of each queue. Beyond the free slots a lane claims a little ahead, no more than its recent jobs would use up
 * within `aheadMs`: short jobs come in large batches, long ones are never held back from another worker.
 */
export interface Lanes {
  /** What to ask the store for now; `unsettled` jobs still hold their leases. */
  room(unsettled: number): readonly ClaimLane[];
  dispatch(jobs: readonly ClaimedJob[]): void;
  /** Claimed ahead and not started. */
  holds(id: string): boolean;
  /** Running or claimed ahead. */
  readonly held: number;
  /** Takes what was claimed ahead and not started, to give it back. */
  takeWaiting(): readonly ClaimedJob[];
  /** Resolves when nothing runs. */
  settledDown(): Promise<void>;
  /** Call it when a settlement made room. */
  changed(): void;
}

export interface LanesOptions {
  readonly concurrency: ReadonlyMap<string, number>;
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly executor: Executor;
  readonly wake: () => void;
}

interface Lane {
  readonly queue: string;
  readonly slots: number;
  readonly handles: ClaimLane["handles"];
  readonly waiting: ClaimedJob[];
  running: number;
  filling: boolean;
  /** Moving average of what one job takes in ms; unknown until the first has ended. */
  jobMs: number | undefined;
}

const aheadMs = 25;
const maxAhead = 300;
/** Settlements that may wait for confirmation before claiming pauses. */
const maxUnsettled = 2_000;
/** Weight of the latest job in the moving average. */
const weight = 0.1;

export function createLanes({ concurrency, runnables, executor, wake }: LanesOptions): Lanes {
  const lanes = new Map<string, Lane>();
  for (const [queue, slots] of concurrency) {
    const handles = [...runnables.values()]
      .filter(({ descriptor }) => descriptor.queue === queue)
      .map(({ descriptor }) => ({ name: descriptor.name, maxVersion: descriptor.version }));
    lanes.set(queue, { queue, slots, handles, waiting: [], running: 0, filling: false, jobMs: undefined });
  }
  let held = 0;
  let quiet: (() => void)[] = [];

  function limit(lane: Lane): number {
    const ahead =
      lane.jobMs === undefined
        ? 0
        : Math.min(maxAhead, Math.floor((aheadMs * lane.slots) / Math.max(lane.jobMs, 0.05)));
    const inHand = lane.running + lane.waiting.length;
    const room = lane.slots + ahead - inHand;
    // With work in hand a small top-up would cost as much as a large one later.
    return inHand < lane.slots || room * 2 >= lane.slots + ahead ? room : 0;
  }

  function run(lane: Lane, job: ClaimedJob): void {
    lane.running++;
    const startedAt = performance.now();
    executor.execute(job, () => {
      const tookMs = performance.now() - startedAt;
      lane.jobMs = lane.jobMs === undefined ? tookMs : lane.jobMs + weight * (tookMs - lane.jobMs);
      lane.running--;
      held--;
      fill(lane);
      if (lane.waiting.length === 0) wake();
      if (held === 0) for (const resolve of quiet.splice(0)) resolve();
    });
  }

  function fill(lane: Lane): void {
    // A handler that is no promise ends inside this loop, which then goes on by itself.
    if (lane.filling) return;
    lane.filling = true;
    while (lane.running < lane.slots) {
      const job = lane.waiting.shift();
      if (!job) break;
      run(lane, job);
    }
    lane.filling = false;
  }

  return {
    room(unsettled) {
      if (unsettled > maxUnsettled) return [];
      return [...lanes.values()]
        .map((lane) => ({ queue: lane.queue, handles: lane.handles, limit: limit(lane) }))
        .filter((lane) => lane.limit > 0);
    },
    dispatch(jobs) {
      held += jobs.length;
      for (const job of jobs) lanes.get(job.queue)?.waiting.push(job);
      for (const lane of lanes.values()) fill(lane);
    },
    holds: (id) => [...lanes.values()].some((lane) => lane.waiting.some((job) => job.id === id)),
    get held() {
      return held;
    },
    takeWaiting() {
      const taken = [...lanes.values()].flatMap((lane) => lane.waiting.splice(0));
      held -= taken.length;
      return taken;
    },
    settledDown() {
      if (held === 0) return Promise.resolve();
      return new Promise((resolve) => {
        quiet = [...quiet, resolve];
      });
    },
    changed: wake,
  };
}
