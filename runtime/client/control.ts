import type { Provider } from "../contract/index.ts";
import type { ControlClient } from "./types.ts";

export function createControlClient(provider: Provider): ControlClient {
  return Object.freeze({
    get: (id) => provider.get(id),
    list: (request = {}) => provider.list(request),
    counts: (filter) => provider.counts(filter),
    cancel: (...ids) => provider.cancel(ids),
    requeue: (...ids) => provider.requeue(ids),
    pause: (queue) => provider.pause(queue),
    resume: (queue) => provider.resume(queue),
  } satisfies ControlClient);
}
