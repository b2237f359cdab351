import type { PauseTarget, Provider } from "../contract/index.ts";
import { cancelAll, requeueAll } from "../core/bulk.ts";
import type { ControlClient } from "./types.ts";

export function createControlClient(provider: Provider): ControlClient {
  return Object.freeze({
    get: (id) => provider.get(id),
    list: (request = {}) => provider.list(request),
    counts: (filter) => provider.counts(filter),
    cancel: (...ids) => provider.cancel(ids),
    cancelAll: (filter) => cancelAll(provider, filter),
    requeue: (...ids) => provider.requeue(ids),
    requeueAll: (filter) => requeueAll(provider, filter),
    change: (...changes) => provider.change(changes),
    pause: (target) => provider.pause(targetOf(target)),
    resume: (target) => provider.resume(targetOf(target)),
    paused: () => provider.paused(),
  } satisfies ControlClient);
}

/** A name alone is that of a queue. */
function targetOf(target: string | PauseTarget): PauseTarget {
  return typeof target === "string" ? { queue: target } : target;
}
