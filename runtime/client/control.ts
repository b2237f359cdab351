import type { Provider } from "../contract/index.ts";
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
    pause: (queue) => provider.pause(queue),
    resume: (queue) => provider.resume(queue),
  } satisfies ControlClient);
}
