import { JobwrightError, type JobRecord, type WaitOptions } from "../../contract/index.ts";
import { getJob, isSettled } from "./inspect.ts";
import type { MemoryStore } from "./store.ts";

/** Beyond it `setTimeout` fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Waits until the job is final or gone. `stopped` rejects the wait when the provider stops. */
export async function awaitSettled(
  store: MemoryStore,
  id: string,
  options: WaitOptions,
  stopped: AbortSignal,
): Promise<JobRecord | undefined> {
  options.signal?.throwIfAborted();
  if (!isSettled(store, id)) await settledSignal(store, id, options, stopped);
  return getJob(store, id);
}

function settledSignal(store: MemoryStore, id: string, options: WaitOptions, stopped: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = pending();
  const abort = (): void => reject(options.signal?.reason);
  const stop = (): void => reject(stopped.reason);
  const stopListening = store.onSettled(id, resolve);
  options.signal?.addEventListener("abort", abort, { once: true });
  stopped.addEventListener("abort", stop, { once: true });
  const { timeoutMs } = options;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => reject(timeout(id, options)), Math.min(timeoutMs, maxTimerMs));
  return promise.finally(() => {
    clearTimeout(timer);
    stopListening();
    options.signal?.removeEventListener("abort", abort);
    stopped.removeEventListener("abort", stop);
  });
}

function timeout(id: string, { timeoutMs }: WaitOptions): JobwrightError {
  return new JobwrightError("JW_WAIT_TIMEOUT", `Job ${id} was not final after ${timeoutMs} ms.`, {
    hint: "The job goes on; wait again, or longer, or look at its status.",
  });
}

interface Pending {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function pending(): Pending {
  let resolve: () => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}
