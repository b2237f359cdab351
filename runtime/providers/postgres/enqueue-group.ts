import { isRetryable, type NewJob } from "../../contract/index.ts";

/**
 * Group commit: calls made in one turn of the event loop, or while an earlier group is on its way, travel in one statement,
 * so that a round trip and a commit are paid once for all of them. A call is never split: all of its jobs are written or
 * none. A call that the database refuses takes only itself down.
 */
export interface EnqueueGroup<Result> {
  submit(jobs: readonly NewJob[]): Promise<readonly Result[]>;
  /** Waits for what was submitted. */
  settled(): Promise<void>;
}

interface Call<Result> {
  readonly jobs: readonly NewJob[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Beyond these a statement would hold up everybody in its group. */
const maxJobs = 1_000;
const maxCharacters = 4 * 1024 * 1024;

/** `write` gives one result per job. */
export function createEnqueueGroup<Result>(
  write: (jobs: readonly NewJob[]) => Promise<readonly Result[]>,
): EnqueueGroup<Result> {
  const pending: Call<Result>[] = [];
  let flushing: Promise<void> | undefined;

  async function send(calls: readonly Call<Result>[]): Promise<void> {
    try {
      const results = await write(calls.flatMap(({ jobs }) => jobs));
      let start = 0;
      for (const { jobs, resolve } of calls) resolve(results.slice(start, (start += jobs.length)));
    } catch (error) {
      const [first] = calls;
      // An outage meets every call alike; a refusal is meant for one of them.
      if (calls.length > 1 && !isRetryable(error)) for (const call of calls) await send([call]);
      else if (calls.length > 1) for (const { reject } of calls) reject(error);
      else first?.reject(error);
    }
  }

  async function flush(): Promise<void> {
    await new Promise(setImmediate);
    while (pending.length > 0) await send(takeGroup(pending));
    flushing = undefined;
  }

  return {
    submit(jobs) {
      return new Promise((resolve, reject) => {
        pending.push({ jobs, resolve, reject });
        flushing ??= flush();
      });
    },
    async settled() {
      await flushing;
    },
  };
}

/** Removes the calls of the next statement from the front. */
function takeGroup<Result>(pending: Call<Result>[]): readonly Call<Result>[] {
  let jobs = 0;
  let characters = 0;
  const end = pending.findIndex((call, index) => {
    jobs += call.jobs.length;
    characters += call.jobs.reduce((sum, { payload }) => sum + payload.length, 0);
    return index > 0 && (jobs > maxJobs || characters > maxCharacters);
  });
  return pending.splice(0, end < 0 ? pending.length : end);
}
