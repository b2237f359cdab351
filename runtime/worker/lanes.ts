import type { ClaimedJob, ClaimLane } from "../contract/index.ts";
import type { BatchPolicy } from "../core/descriptor.ts";
import type { Executor, Runnable } from "./executor.ts";

/**
 * The slots of each queue. Beyond the free slots a lane claims a little ahead, no more than its recent jobs would use up
 * within `aheadMs`: short jobs come in large batches, long ones are never held back from another worker.
 */
export interface Lanes {
  /** What to ask the store for now; `unsettled` jobs still hold their leases. */
  room(unsettled: number): readonly ClaimLane[];
  dispatch(jobs: readonly ClaimedJob[]): void;
  /** Claimed and not started: ahead of free slots, or gathered for a batch. */
  holds(id: string): boolean;
  /** Running or claimed ahead. */
  readonly held: number;
  /** Takes what was claimed and not started, to give it back. */
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
  /** Jobs that a lane claims at most beyond its slots. */
  readonly maxAhead: number | undefined;
  /** Called with jobs that were claimed and are not to be started here now. */
  readonly giveBack: (job: ClaimedJob) => void;
  /** Whether the store has not yet confirmed that the lease is over. */
  readonly isSettling: (id: string) => boolean;
  readonly wake: () => void;
}

/** The jobs of one definition that wait for the rest of their batch. They hold slots and leases, and have not begun. */
interface Gathering {
  readonly jobs: ClaimedJob[];
  readonly since: number;
  /** Absent: the batch is whatever there is. */
  readonly timer: NodeJS.Timeout | undefined;
}

interface Lane {
  readonly queue: string;
  readonly slots: number;
  readonly handles: ClaimLane["handles"];
  readonly waiting: ClaimedJob[];
  /** Absent: no job of this queue has a batch handler. */
  readonly batches: ReadonlyMap<string, BatchPolicy> | undefined;
  readonly gathering: Map<string, Gathering>;
  /** Whether a worker vanished with one of the jobs that the last claim brought. */
  careful: boolean;
  /** Until the store has them back, nothing is claimed. */
  givenBack: readonly string[];
  /** Slots in use, by jobs that run or are gathered. */
  running: number;
  /** Undefined: no job was started since the event loop went round. */
  turnEndsAt: number | undefined;
  filling: boolean;
  /** Moving average of what one job takes in ms; unknown until the first has ended. */
  jobMs: number | undefined;
}

const aheadMs = 25;
/** Of a store that does not say what it likes best. */
const usualAhead = 300;
/** How long, in ms, jobs of a lane that wait for nothing follow each other before others have their turn. */
const turnMs = 10;
/** Settlements that may wait for confirmation before claiming pauses. */
const maxUnsettled = 2_000;
/** Weight of the latest job in the moving average. */
const weight = 0.1;

export function createLanes(options: LanesOptions): Lanes {
  const { concurrency, runnables, executor, maxAhead = usualAhead, giveBack, isSettling, wake } = options;
  const lanes = new Map<string, Lane>();
  for (const [queue, slots] of concurrency) {
    const handles = [...runnables.values()]
      .filter(({ descriptor, everywhere }) => everywhere ?? descriptor.queue === queue)
      .map(({ descriptor }) => ({ name: descriptor.name, maxVersion: descriptor.version }));
    lanes.set(queue, {
      queue,
      slots,
      handles,
      waiting: [],
      batches: batchesOf(runnables, queue),
      gathering: new Map(),
      careful: false,
      givenBack: [],
      running: 0,
      turnEndsAt: undefined,
      filling: false,
      jobMs: undefined,
    });
  }
  let held = 0;
  let quiet: (() => void)[] = [];

  function limit(lane: Lane): number {
    lane.givenBack = lane.givenBack.filter(isSettling);
    if (lane.givenBack.length > 0) return 0;
    const ahead =
      lane.jobMs === undefined || lane.careful
        ? 0
        : Math.min(maxAhead, Math.floor((aheadMs * lane.slots) / Math.max(lane.jobMs, 0.05)));
    const inHand = lane.running + lane.waiting.length;
    const room = lane.slots + ahead - inHand;
    // With work in hand a small top-up would cost as much as a large one later.
    return inHand < lane.slots || room * 2 >= lane.slots + ahead ? room : 0;
  }

  /** Whether one more job of this lane may start before the event loop goes round. */
  function hasTurn(lane: Lane): boolean {
    if (lane.turnEndsAt === undefined) {
      lane.turnEndsAt = performance.now() + turnMs;
      setImmediate(nextTurn, lane);
    }
    return performance.now() < lane.turnEndsAt;
  }

  function nextTurn(lane: Lane): void {
    lane.turnEndsAt = undefined;
    if (lane.waiting.length === 0 || lane.running >= lane.slots) return;
    fill(lane);
    // Meanwhile there may be room for a claim.
    wake();
  }

  /**
   * One of these jobs may end this process too. What was not even started must not share its crashes, so none is started
   * before the store has all of those back that find no slot; then they are claimed few at a time.
   */
  function giveAllBack(lane: Lane): void {
    const jobs = lane.waiting.splice(0);
    held -= jobs.length;
    lane.givenBack = jobs.map(({ id }) => id);
    for (const job of jobs) giveBack(job);
  }

  function run(lane: Lane, job: ClaimedJob): void {
    lane.running++;
    const startedAt = performance.now();
    executor.execute(job, () => left(lane, startedAt, 1));
  }

  function left(lane: Lane, since: number, jobs: number): void {
    const tookMs = performance.now() - since;
    lane.jobMs = lane.jobMs === undefined ? tookMs : lane.jobMs + weight * (tookMs - lane.jobMs);
    lane.running -= jobs;
    held -= jobs;
    fill(lane);
    if (lane.waiting.length === 0) wake();
    if (held === 0) for (const resolve of quiet.splice(0)) resolve();
  }

  function gather(lane: Lane, job: ClaimedJob, { size, waitMs }: BatchPolicy): void {
    lane.running++;
    const gathering = lane.gathering.get(job.name) ?? {
      jobs: [],
      since: performance.now(),
      timer: waitMs > 0 ? setTimeout(() => runGathered(lane, job.name), waitMs) : undefined,
    };
    lane.gathering.set(job.name, gathering);
    gathering.jobs.push(job);
    if (gathering.jobs.length >= Math.min(size, lane.slots)) runGathered(lane, job.name);
  }

  function runGathered(lane: Lane, name: string): void {
    const gathering = lane.gathering.get(name);
    if (!gathering) return;
    clearTimeout(gathering.timer);
    lane.gathering.delete(name);
    const { jobs, since } = gathering;
    executor.executeBatch(name, jobs, () => left(lane, since, jobs.length));
  }

  /** Batches that wait for nobody, when the claim holds no more for them. */
  function runImpatient(lane: Lane): void {
    for (const [name, { timer }] of lane.gathering) if (!timer) runGathered(lane, name);
  }

  function fill(lane: Lane): void {
    // A handler that is no promise ends inside this loop, which then goes on by itself.
    if (lane.filling) return;
    lane.filling = true;
    do {
      while (lane.running < lane.slots && lane.waiting.length > 0 && hasTurn(lane)) {
        const job = lane.waiting.shift();
        if (!job) break;
        const batch = lane.batches?.get(job.name);
        if (batch) gather(lane, job, batch);
        else run(lane, job);
      }
      if (lane.batches) runImpatient(lane);
    } while (lane.batches && lane.waiting.length > 0 && lane.running < lane.slots && hasTurn(lane));
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
      for (const lane of lanes.values()) {
        const claimed = jobs.filter(({ queue }) => queue === lane.queue);
        if (claimed.length > 0) lane.careful = claimed.some(({ crashes }) => crashes > 0);
        for (const job of claimed) lane.waiting.push(job);
        if (lane.careful && lane.waiting.length > lane.slots - lane.running) giveAllBack(lane);
        fill(lane);
      }
    },
    holds: (id) => [...lanes.values()].some((lane) => notStarted(lane).some((job) => job.id === id)),
    get held() {
      return held;
    },
    takeWaiting() {
      const taken = [...lanes.values()].flatMap((lane) => {
        const jobs = notStarted(lane);
        lane.running -= jobs.length - lane.waiting.length;
        lane.waiting.length = 0;
        for (const { timer } of lane.gathering.values()) clearTimeout(timer);
        lane.gathering.clear();
        return jobs;
      });
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

function batchesOf(
  runnables: ReadonlyMap<string, Runnable>,
  queue: string,
): ReadonlyMap<string, BatchPolicy> | undefined {
  const batches = [...runnables.values()].flatMap(({ descriptor }) =>
    descriptor.queue === queue && descriptor.batch ? [[descriptor.name, descriptor.batch] as const] : [],
  );
  return batches.length > 0 ? new Map(batches) : undefined;
}

function notStarted({ waiting, gathering }: Lane): readonly ClaimedJob[] {
  if (gathering.size === 0) return [...waiting];
  return [...waiting, ...[...gathering.values()].flatMap(({ jobs }) => jobs)];
}
