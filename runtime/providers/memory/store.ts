import type { Limit, ScheduleRecord } from "../../contract/index.ts";
import type { Row } from "./row.ts";

/** A `ScheduleRecord` that can be written. */
export type Schedule = { -readonly [Field in keyof ScheduleRecord]: ScheduleRecord[Field] };

interface Listener {
  readonly queues: readonly string[];
  readonly wake: () => void;
}

/**
 * What the memory providers of one process share: the jobs, the schedules, what is paused, and who wants to hear of changes.
 * Rows stand in insertion order.
 */
export interface MemoryStore {
  readonly rows: Map<string, Row>;
  /** Id of the job that took a unique key last. */
  readonly keys: Map<string, string>;
  readonly schedules: Map<string, Schedule>;
  /** By policy. */
  readonly limits: Map<string, Limit>;
  /** Times of starts, by the key of a rate gate. */
  readonly starts: Map<string, number[]>;
  readonly pausedQueues: Set<string>;
  readonly pausedNames: Set<string>;
  nextSeq(): number;
  /** Tells the listeners of these queues, after the call that made their jobs ready. */
  announceReady(rows: Iterable<Row>): void;
  onReady(queues: readonly string[], wake: () => void): () => void;
  /** Tells those who wait for this job that it is final or gone. */
  announceSettled(id: string): void;
  onSettled(id: string, listener: () => void): () => void;
  /** Of any job. */
  onEnd(listener: () => void): () => void;
}

/** A store that lives as long as this object. Give it to several providers to let them work on the same jobs. */
export function createMemoryStore(): MemoryStore {
  let seq = 0;
  const listeners = new Set<Listener>();
  const ends = new Set<{ readonly wake: () => void }>();
  const waiters = new Map<string, Set<() => void>>();
  return {
    rows: new Map(),
    keys: new Map(),
    schedules: new Map(),
    limits: new Map(),
    starts: new Map(),
    pausedQueues: new Set(),
    pausedNames: new Set(),
    nextSeq: () => ++seq,
    announceReady(rows) {
      const queues = new Set([...rows].map((row) => row.queue));
      for (const listener of listeners) {
        // A microtask, so that nobody's code runs in the middle of a call to the store.
        if (listener.queues.some((queue) => queues.has(queue))) queueMicrotask(listener.wake);
      }
    },
    onReady(queues, wake) {
      const listener = { queues: [...queues], wake };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announceSettled(id) {
      const waiting = waiters.get(id);
      waiters.delete(id);
      waiting?.forEach((listener) => queueMicrotask(listener));
      for (const { wake } of ends) queueMicrotask(wake);
    },
    onEnd(wake) {
      const listener = { wake };
      ends.add(listener);
      return () => void ends.delete(listener);
    },
    onSettled(id, listener) {
      const waiting = waiters.get(id) ?? new Set();
      waiters.set(id, waiting.add(listener));
      return () => {
        waiting.delete(listener);
        if (waiting.size === 0 && waiters.get(id) === waiting) waiters.delete(id);
      };
    },
  };
}
