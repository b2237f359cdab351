import type { ClaimedJob, Completion, EndReason, Rejection } from "../contract/index.ts";
import type { Logger } from "./types.ts";

/** What every event says. */
interface EventBase<Name> {
  /** Name of the job definition. */
  readonly job: Name;
  readonly id: string;
  readonly attempt: number;
}

/** `Outputs`: what the handlers of all jobs return, by name. */
export interface WorkerEvents<Outputs> {
  /** The store has accepted the end of a job. */
  readonly succeeded: {
    readonly [Name in keyof Outputs]: EventBase<Name> & { readonly output: Outputs[Name] };
  }[keyof Outputs];
  /** An attempt failed; the job waits for the next one. */
  readonly retrying: EventBase<keyof Outputs> & { readonly error: unknown; readonly delayMs: number };
  /** A job was given up. */
  readonly dead: EventBase<keyof Outputs> & { readonly error: unknown; readonly reason: EndReason };
  /** A job ended because somebody cancelled it while it ran here. */
  readonly cancelled: EventBase<keyof Outputs>;
}

export type WorkerEventType = keyof WorkerEvents<object>;

type Listener = (event: never) => unknown;

/** Events of jobs that this worker ended, told when the store has accepted the end. */
export interface EventHub {
  /** What is to be told when this settlement is accepted. Remembered only if somebody listens. */
  expect(item: Completion | Rejection, type: WorkerEventType, job: ClaimedJob, facts: object): void;
  accepted(item: Completion | Rejection): void;
  on(type: WorkerEventType, listener: Listener): () => void;
}

export function createEventHub(logger: Logger): EventHub {
  const listeners = new Map<WorkerEventType, Set<Listener>>();
  const expected = new WeakMap<object, { readonly type: WorkerEventType; readonly event: object }>();
  let count = 0;

  function tell(type: WorkerEventType, event: object): void {
    for (const listener of listeners.get(type) ?? []) {
      try {
        // `on` takes listeners of exactly this event's type.
        const result: unknown = listener(event as never);
        if (result instanceof Promise) result.catch((error: unknown) => complain(type, error));
      } catch (error) {
        complain(type, error);
      }
    }
  }

  function complain(type: WorkerEventType, error: unknown): void {
    logger.error({ err: error, event: type }, "a listener failed");
  }

  return {
    expect(item, type, { name, id, attempt }, facts) {
      if (count > 0) expected.set(item, { type, event: { job: name, id, attempt, ...facts } });
    },
    accepted(item) {
      const found = count > 0 ? expected.get(item) : undefined;
      if (found) tell(found.type, found.event);
    },
    on(type, listener) {
      const known = listeners.get(type) ?? new Set();
      // One that is given twice is told twice, and taken back one at a time.
      const own: Listener = (event) => listener(event);
      listeners.set(type, known.add(own));
      count++;
      return () => {
        if (known.delete(own)) count--;
      };
    },
  };
}
