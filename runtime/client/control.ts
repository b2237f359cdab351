import { type JobRecord, JobwrightError, type PauseTarget, type Provider } from "../contract/index.ts";
import { cancelAll, requeueAll } from "../core/bulk.ts";
import { drain } from "../core/drain.ts";
import { parseDuration } from "../core/duration.ts";
import { makeChange } from "../core/new-job.ts";
import { shownHistory } from "../core/shown-history.ts";
import { shownJob } from "../core/shown-job.ts";
import { lazyScheduleControl } from "./schedule-verbs.ts";
import type { Makers } from "../core/makers.ts";
import type { ControlClient, JobInfo } from "./types.ts";

/** `makers`: of the jobs whose sensitive places and schedules are known. */
export function createControlClient(provider: Provider, makers: Makers): ControlClient {
  const infoOf = (record: JobRecord): JobInfo => shownJob(record, makers.get(record.name)?.job);
  return Object.freeze({
    schedules: lazyScheduleControl(provider, makers),
    async get(id) {
      const record = await provider.get(id);
      return record && infoOf(record);
    },
    async list(request = {}) {
      const { jobs, cursor } = await provider.list(request);
      return { jobs: jobs.map(infoOf), cursor };
    },
    async history(id) {
      const [record, history] = await Promise.all([provider.get(id), provider.history(id)]);
      return record && history && shownHistory(history, record, makers.get(record.name)?.job);
    },
    counts: (filter) => provider.counts(filter),
    cancel: (...ids) => provider.cancel(ids),
    cancelAll: (filter) => cancelAll(provider, filter),
    requeue: (...ids) => provider.requeue(ids),
    async requeueAll({ spread, ...filter }) {
      const spreadMs = spread === undefined ? 0 : parseDuration(spread, "spread");
      return await requeueAll(provider, { ...filter, spreadMs });
    },
    change: async (...changes) => await provider.change(changes.map(makeChange)),
    pause: async (target) => await provider.pause(targetOf(target)),
    resume: async (target) => await provider.resume(targetOf(target)),
    paused: () => provider.paused(),
    async drain({ scheduled = false, timeout, signal, ...filter } = {}) {
      await drain(provider, filter, {
        scheduled,
        ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
  } satisfies ControlClient);
}

/** A name alone is that of a queue. All of it is checked: to pause what does not exist looks like success. */
function targetOf(target: string | PauseTarget): PauseTarget {
  const { queue, name }: { queue?: unknown; name?: unknown } = typeof target === "string" ? { queue: target } : target;
  if (typeof queue === "string" && queue !== "" && name === undefined) return { queue };
  if (typeof name === "string" && name !== "" && queue === undefined) return { name };
  throw new JobwrightError("JW_INVALID_OPTION", "What is to be paused or resumed is neither a queue nor a job.", {
    hint: 'Give the name of a queue, or { name: "sendEmail" }.',
  });
}
