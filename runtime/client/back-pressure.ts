import { JobwrightError, type Provider } from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";

/** Throws `JW_QUEUE_FULL` if as many jobs wait as `maxWaiting` allows. */
export type BackPressure = () => Promise<void>;

/** A count costs more than an enqueue, so it is good for so long. */
export const countFreshMs = 1_000;

/** Undefined: the job has no limit, and its callers pay nothing. */
export function createBackPressure(
  provider: Provider,
  { name, queue, maxWaiting }: JobDescriptor,
): BackPressure | undefined {
  if (maxWaiting === undefined) return undefined;
  let countedAt = Number.NEGATIVE_INFINITY;
  let count: Promise<number> | undefined;

  async function countWaiting(): Promise<number> {
    const counts = await provider.counts({ names: [name], states: ["scheduled", "ready", "blocked"] });
    return Object.values(counts).reduce(
      (sum, { scheduled = 0, ready = 0, blocked = 0 }) => sum + scheduled + ready + blocked,
      0,
    );
  }

  return async () => {
    if (!count || performance.now() - countedAt >= countFreshMs) {
      countedAt = performance.now();
      count = countWaiting();
    }
    const waiting = await count.catch((error: unknown) => {
      count = undefined;
      throw error;
    });
    if (waiting < maxWaiting) return;
    throw new JobwrightError("JW_QUEUE_FULL", `${waiting} ${name} jobs wait; the limit is ${maxWaiting}.`, {
      retryable: true,
      details: { waiting, maxWaiting },
      hint: `Slow down and try again, or let more workers serve the queue ${queue}.`,
    });
  };
}
