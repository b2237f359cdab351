import { JobwrightError, type NewJob } from "../../contract/index.ts";
import type { Written } from "./enqueue.ts";
import { createEnqueueGroup, type EnqueueGroup } from "./enqueue-group.ts";
import { createSlots } from "./slots.ts";

/** So long a group waits for a lock, in ms: others do not keep one for longer, unless in a transaction of a user. */
const groupWaitMs = 200;
/** So long those wait who want a key that was locked. */
const apartWaitMs = 5_000;

type Write = (jobs: readonly NewJob[], lockWaitMs: number) => Promise<readonly Written[]>;

/** Calls that want a key, or a job, which somebody keeps locked. */
interface Apart {
  readonly group: EnqueueGroup<Written>;
  calls: number;
}

/**
 * Group commit for calls with unique keys or edges. What somebody keeps locked must hold up nobody but those who want it: when
 * a group meets one, its calls are sent again in groups of their own, one for each key, and so is whoever comes meanwhile.
 * They wait on at most `connections` of the pool, which has other work too.
 */
export function createUniqueGroup(write: Write, connections: number): EnqueueGroup<Written> {
  const all = createEnqueueGroup((jobs) => write(jobs, groupWaitMs));
  const slots = createSlots(connections);
  const apart = new Map<string, Apart>();
  const underWay = new Set<Promise<unknown>>();

  async function submitApart(key: string, jobs: readonly NewJob[]): Promise<readonly Written[]> {
    const group = createEnqueueGroup((grouped) => slots.use(() => write(grouped, apartWaitMs)));
    const own = apart.get(key) ?? { group, calls: 0 };
    apart.set(key, own);
    own.calls++;
    try {
      return await own.group.submit(jobs);
    } finally {
      if (--own.calls === 0) apart.delete(key);
    }
  }

  async function submit(jobs: readonly NewJob[]): Promise<readonly Written[]> {
    const keys = jobs.flatMap(wantedBy);
    const locked = keys.find((key) => apart.has(key));
    if (locked !== undefined) return submitApart(locked, jobs);
    try {
      return await all.submit(jobs);
    } catch (error) {
      if (!isBusy(error)) throw error;
      return submitApart(keys[0] ?? "", jobs);
    }
  }

  return {
    submit(jobs) {
      const call = submit(jobs);
      const ended = call.then(
        () => undefined,
        () => undefined,
      );
      underWay.add(ended);
      void ended.then(() => underWay.delete(ended));
      return call;
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** What a job wants that others may keep locked: its unique key, and the jobs that it is tied to by edges. */
function wantedBy({ unique, needs, neededBy = [] }: NewJob): readonly string[] {
  return [...(unique ? [unique.key] : []), ...neededBy.map(({ id }) => id), ...(needs?.of ?? []).map(({ id }) => id)];
}

function isBusy(error: unknown): boolean {
  return JobwrightError.is(error) && error.code === "JW_STORE_BUSY";
}
