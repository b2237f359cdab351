import { isRetryable, JobwrightError, type JobRecord, type Provider } from "../../contract/index.ts";
import type { Makers } from "../../core/makers.ts";
import { createPace } from "./pace.ts";
import { type AnyEvent, readEvent, typesOf } from "./read-event.ts";
import { createEndReader } from "./reader.ts";
import type { EventSettings } from "./settings.ts";
import type { JobEventType } from "./types.ts";

type Listen = (event: never) => unknown;

interface Listener {
  readonly type: JobEventType;
  /** Undefined: all. */
  readonly job: string | undefined;
  readonly listen: Listen;
}

export interface Listeners {
  add(type: JobEventType, job: string | undefined, listen: Listen): () => void;
}

const maxRetryMs = 30_000;

/** All listeners of a client share one reader, which works as long as there are any. */
export function createListeners(provider: Provider, makers: Makers, settings: EventSettings): Listeners {
  const { pollMs, lateMs, logger } = settings;
  const listeners = new Set<Listener>();
  let stop: (() => void) | undefined;

  function tell(record: JobRecord): void {
    const maker = makers.get(record.name);
    const types = typesOf(record);
    const wanted = [...listeners].filter(
      ({ type, job }) => types.includes(type) && (job === undefined || job === record.name),
    );
    // Nothing is decoded that nobody wants; of jobs that the schema does not have, nothing is known.
    if (!maker || wanted.length === 0) return;
    const event = readEvent(record, maker);
    const heard = wanted.filter(({ type }) => type === event.status);
    if (heard.length === 0 && event.status === "unreadable") {
      logger.error({ err: event.error, job: event.job, id: event.id }, "the end of a job cannot be read");
    }
    for (const listener of heard) if (listeners.has(listener)) call(listener, event);
  }

  function call({ listen }: Listener, event: AnyEvent): void {
    const complain = (error: unknown): void =>
      logger.error({ err: error, event: event.status, job: event.job, id: event.id }, "a listener failed");
    try {
      // `on` takes listeners of exactly this event's type.
      const result: unknown = listen(event as never);
      if (result instanceof Promise) result.catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  /** Reads at once and then at each poll and hint, until it is stopped or the provider is. */
  function start(): () => void {
    const reader = createEndReader(provider, { from: undefined, lateMs });
    const pace = createPace(provider);
    let leave: (() => void) | undefined;
    let running = true;
    let failures = 0;

    async function round(): Promise<void> {
      for (let more = true; more && running;) {
        const page = await reader.read();
        more = page.more;
        for (const { record } of page.ends) if (running) tell(record);
      }
      failures = 0;
    }

    function go(): void {
      round().then(again, (error: unknown) => {
        if (isStopped(error)) return halt();
        failures++;
        if (running) logger.error({ err: error }, "the ends of jobs cannot be read; the client goes on trying");
        again(isRetryable(error) ? undefined : maxRetryMs);
      });
    }

    function again(waitMs: number | void): void {
      const ms = waitMs ?? Math.min(Math.max(pollMs, maxRetryMs), pollMs * 2 ** Math.min(failures, 10));
      // A listener alone is no work that a process has to stay for.
      if (running) leave = pace.next(go, ms, { stay: false });
    }

    function halt(): void {
      running = false;
      leave?.();
      pace.close();
    }

    go();
    return halt;
  }

  return {
    add(type, job, listen) {
      // One that is given twice is told twice, and taken back one at a time.
      const listener = { type, job, listen };
      listeners.add(listener);
      stop ??= start();
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
  };
}

/** Whether the provider was stopped: the regular end of everything that reads from it. */
export function isStopped(error: unknown): boolean {
  return JobwrightError.is(error) && error.code === "JW_STOPPED";
}
