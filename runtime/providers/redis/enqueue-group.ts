import type { EnqueueResult, NewJob } from "../../contract/index.ts";
import { enqueueJobs, type Parcel, parcelsOf } from "./enqueue.ts";
import type { RunScript } from "./store.ts";

/**
 * Calls of `enqueue` that are made in the same turn of the event loop travel in one script call, so that a round trip is
 * paid once for all of them. A call is never split: all of its jobs are written or none.
 */
export interface EnqueueGroup {
  submit(jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]>;
}

interface Pending {
  readonly jobs: readonly NewJob[];
  readonly parcels: readonly Parcel[];
  readonly bytes: number;
  /** Travels alone: it may be refused. */
  readonly alone: boolean;
  readonly resolve: (results: readonly EnqueueResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Beyond these a script, or what it carries, would hold up the server for too long. */
const maxJobs = 100;
/**
 * More jobs than these travel as two groups, if they could in one: while the server works on the second, the callers of the
 * first go on. With fewer, what a call costs by itself is more than that gains.
 */
const minSplit = 64;
const maxBytes = 1024 * 1024;

/**
 * `sent` is told of a group as soon as it is on its way: what is sent after it over the same connection is answered after it,
 * so whoever waits for these jobs need not wait for the reply first.
 */
export function createEnqueueGroup(run: RunScript, sent: (jobs: Iterable<NewJob>) => void): EnqueueGroup {
  let pending: Pending[] = [];

  async function send(calls: readonly Pending[]): Promise<void> {
    try {
      const results = await enqueueJobs(
        run,
        calls.flatMap((call) => call.parcels),
      );
      let start = 0;
      for (const { parcels, resolve } of calls) resolve(results.slice(start, (start += parcels.length)));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  function flush(): void {
    const calls = pending;
    pending = [];
    for (const group of inGroups(calls)) {
      void send(group);
      sent(jobsOf(group));
    }
  }

  return {
    submit(jobs) {
      return new Promise((resolve, reject) => {
        const parcels = parcelsOf(jobs);
        const bytes = jobs.reduce((sum, job) => sum + job.payload.length, 0);
        const alone = parcels.some(({ edges }) => edges.args);
        pending.push({ jobs, parcels, bytes, alone, resolve, reject });
        if (pending.length === 1) setImmediate(flush);
      });
    },
  };
}

function* jobsOf(calls: readonly Pending[]): Iterable<NewJob> {
  for (const { jobs } of calls) yield* jobs;
}

function* inGroups(calls: readonly Pending[]): Iterable<readonly Pending[]> {
  const total = calls.reduce((sum, call) => sum + call.parcels.length, 0);
  const limit = Math.min(maxJobs, Math.max(minSplit, Math.ceil(total / 2)));
  let group: Pending[] = [];
  let jobs = 0;
  let bytes = 0;
  for (const call of calls) {
    const isFull = jobs + call.parcels.length > limit || bytes + call.bytes > maxBytes;
    if (group.length > 0 && (isFull || call.alone || group[0]?.alone)) {
      yield group;
      group = [];
      jobs = 0;
      bytes = 0;
    }
    group.push(call);
    jobs += call.parcels.length;
    bytes += call.bytes;
  }
  if (group.length > 0) yield group;
}
