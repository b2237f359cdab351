import { isFinalState, type JobRecord, JobwrightError, type WaitOptions } from "../contract/index.ts";

/** Callers that wait for jobs to become final, woken by settlements in this process and by a slow poll for all others. */
export interface SettledWaits {
  wait(id: string, options?: WaitOptions): Promise<JobRecord | undefined>;
  /** Calls `wake` at each `check`; returns the way to stop that. */
  subscribe(wake: () => void): () => void;
  /** Looks again at all awaited jobs; call it after anything that may have ended a job. Cheap when nobody waits or listens. */
  check(): void;
  close(): void;
}

interface Waiter {
  readonly id: string;
  look(): Promise<void>;
  fail(error: unknown): void;
}

const maxTimerMs = 2 ** 31 - 1;

export function createSettledWaits(
  get: (id: string) => Promise<JobRecord | undefined>,
  pollMs: number,
  stopped: () => JobwrightError,
): SettledWaits {
  const waiters = new Set<Waiter>();
  const listeners = new Set<{ readonly wake: () => void }>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const waiter of waiters) void waiter.look();
  }

  function check(): void {
    look();
    for (const { wake } of listeners) wake();
  }

  function poll(): void {
    timer ??= setInterval(() => {
      if (waiters.size > 0) return look();
      clearInterval(timer);
      timer = undefined;
    }, pollMs);
  }

  function wait(id: string, { timeoutMs, signal }: WaitOptions = {}): Promise<JobRecord | undefined> {
    return new Promise((resolve, reject) => {
      let deadline: NodeJS.Timeout | undefined;
      const end = (settle: () => void): void => {
        waiters.delete(waiter);
        clearTimeout(deadline);
        signal?.removeEventListener("abort", aborted);
        settle();
      };
      const waiter: Waiter = {
        id,
        fail: (error) => end(() => reject(error)),
        async look() {
          try {
            const job = await get(id);
            if (waiters.has(waiter) && (!job || isFinalState(job.state))) end(() => resolve(job));
          } catch (error) {
            if (!(JobwrightError.is(error) && error.retryable)) waiter.fail(error);
          }
        },
      };
      const aborted = (): void => waiter.fail(signal?.reason);
      waiters.add(waiter);
      if (signal?.aborted) return aborted();
      signal?.addEventListener("abort", aborted, { once: true });
      if (timeoutMs !== undefined) {
        deadline = setTimeout(() => waiter.fail(timedOut(id, timeoutMs)), Math.min(timeoutMs, maxTimerMs));
      }
      void waiter.look();
      poll();
    });
  }

  return {
    wait,
    subscribe(wake) {
      const listener = { wake };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    check,
    close() {
      clearInterval(timer);
      for (const waiter of waiters) waiter.fail(stopped());
    },
  };
}

function timedOut(id: string, timeoutMs: number): JobwrightError {
  return new JobwrightError("JW_WAIT_TIMEOUT", `Job ${id} was not final after ${timeoutMs} ms.`, {
    hint: "It goes on; call again, wait longer, or look whether a worker runs that serves its queue.",
    retryable: true,
  });
}
