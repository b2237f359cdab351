import { setTimeout as after } from "node:timers/promises";
import {
  type Counts,
  JobwrightError,
  type JobFilter,
  type JobState,
  type Provider,
  type WaitOptions,
} from "../contract/index.ts";

export interface DrainOptions extends WaitOptions {
  /** Wait for jobs that are due later as well. Default false. */
  readonly scheduled?: boolean;
}

/** How often the store is asked. A count costs more than a look at one job, and nobody drains in milliseconds. */
const pollMs = 200;

/**
 * Waits until no job that fits waits or runs. Jobs that come meanwhile count: pause what enqueues them first. Throws
 * `JW_WAIT_TIMEOUT` with `details.left`, or the signal's reason.
 */
export async function drain(
  provider: Provider,
  filter: Omit<JobFilter, "states">,
  options: DrainOptions = {},
): Promise<void> {
  const { timeoutMs, signal, scheduled = false } = options;
  const states: readonly JobState[] = ["ready", "running", "blocked", ...(scheduled ? (["scheduled"] as const) : [])];
  const endsAt = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    signal?.throwIfAborted();
    const left = total(await provider.counts({ ...filter, states }));
    if (left === 0) return;
    if (performance.now() >= endsAt) throw timedOut(left, timeoutMs);
    const waitMs = Math.min(pollMs, Math.max(0, endsAt - performance.now()));
    // The next round throws the signal's own reason.
    await after(waitMs, undefined, signal && { signal }).catch(() => undefined);
  }
}

function total(counts: Counts): number {
  return Object.values(counts)
    .flatMap((states) => Object.values(states))
    .reduce((sum, count) => sum + count, 0);
}

function timedOut(left: number, timeoutMs: number | undefined): JobwrightError {
  const jobs = left === 1 ? "1 job was" : `${left} jobs were`;
  return new JobwrightError("JW_WAIT_TIMEOUT", `${jobs} not done after ${timeoutMs} ms.`, {
    details: { left },
    hint: "They go on; look whether a worker serves them and whether they are paused, or wait longer.",
  });
}
