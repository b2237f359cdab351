import type { JobRecord, PauseTarget, Provider } from "../contract/index.ts";
import { cancelAll, requeueAll } from "../core/bulk.ts";
import { drain } from "../core/drain.ts";
import { parseDuration } from "../core/duration.ts";
import { openEnvelope } from "../core/envelope.ts";
import type { ControlClient, JobInfo } from "./types.ts";

export function createControlClient(provider: Provider): ControlClient {
  return Object.freeze({
    async get(id) {
      const record = await provider.get(id);
      return record && infoOf(record);
    },
    async list(request = {}) {
      const { jobs, cursor } = await provider.list(request);
      return { jobs: jobs.map(infoOf), cursor };
    },
    counts: (filter) => provider.counts(filter),
    cancel: (...ids) => provider.cancel(ids),
    cancelAll: (filter) => cancelAll(provider, filter),
    requeue: (...ids) => provider.requeue(ids),
    async requeueAll({ spread, ...filter }) {
      const spreadMs = spread === undefined ? 0 : parseDuration(spread, "spread");
      return await requeueAll(provider, { ...filter, spreadMs });
    },
    change: (...changes) => provider.change(changes),
    pause: (target) => provider.pause(targetOf(target)),
    resume: (target) => provider.resume(targetOf(target)),
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

/** A name alone is that of a queue. */
function targetOf(target: string | PauseTarget): PauseTarget {
  return typeof target === "string" ? { queue: target } : target;
}

function infoOf(record: JobRecord): JobInfo {
  try {
    const { payload, settings } = openEnvelope(record.payload);
    return { ...record, payload, metadata: settings?.metadata ?? {} };
  } catch {
    // Not written by a client of this version; the text is all there is to show.
    return { ...record, metadata: {} };
  }
}
