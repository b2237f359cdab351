import { JobwrightError, type Provider } from "../../contract/index.ts";
import type { Makers } from "../../core/makers.ts";
import { createListeners } from "./listeners.ts";
import type { EventSettings } from "./settings.ts";
import { type AnyStream, openStream } from "./stream.ts";
import type { JobEventType, StreamOptions } from "./types.ts";

/** Adds a listener; what it returns takes it back. */
export type On = (type: JobEventType, listener: (event: never) => unknown) => () => void;

/** The runtime half of `jobs.$events` and of `on` of each job. */
export interface EventClient {
  /** Of one job. */
  onOf(job: string): On;
  /** `ClientEvents` is its type. */
  readonly all: { readonly on: On; stream(options?: StreamOptions): AnyStream };
}

export function createEventClient(provider: Provider, makers: Makers, settings: EventSettings): EventClient {
  const listeners = createListeners(provider, makers, settings);
  const onOf =
    (job?: string): On =>
    (type, listener) =>
      listeners.add(checked(type), job, listener);
  return {
    onOf,
    all: Object.freeze({
      on: onOf(),
      stream: (options: StreamOptions = {}) => openStream(provider, makers, settings, options),
    }),
  };
}

const types: Readonly<Record<JobEventType, true>> = {
  succeeded: true,
  dead: true,
  cancelled: true,
  skipped: true,
  unreadable: true,
};

/** Code without types would wait for ever for an event that does not exist, as those of workers. */
function checked(type: JobEventType): JobEventType {
  if (Object.hasOwn(types, type)) return type;
  throw new JobwrightError("JW_INVALID_OPTION", `There is no event ${JSON.stringify(type)}.`, {
    hint: `Events are ${Object.keys(types).join(", ")}; attempts that are retried are told by workers.`,
  });
}
