import {
  type ClaimedJob,
  type Completion,
  isRetryable,
  JobwrightError,
  type Lease,
  type Rejection,
  type Settlement,
  type StoredError,
  type TransactionalHandlers,
} from "../contract/index.ts";
import { backoffDelayMs } from "../core/backoff.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { type ErrorMakers, isDeclaredError } from "./declared-error.ts";
import { outcomeOf } from "./outcomes.ts";
import { createRunningJob, type RunningJob, stopError, type StopReason } from "./running-job.ts";
import type { Settler } from "./settler.ts";
import type { JobContext, Logger } from "./types.ts";

/** A job that this worker can run: its policy, its codec and the user's code. */
export interface Runnable {
  readonly descriptor: JobDescriptor;
  readonly codec: JobCodec;
  readonly handle: (payload: unknown, context: JobContext) => unknown;
  /** Present: the handler, its output and the completion share a transaction. */
  readonly transactions?: TransactionalHandlers<unknown>;
  /** `ctx.errors`. */
  readonly errors: ErrorMakers;
}

/** Runs claimed jobs and hands the end of each attempt to the settler. */
export interface Executor {
  /** Runs one job and never throws; `ended` is called with the end of the attempt, at once if the handler is no promise. */
  execute(job: ClaimedJob, ended: () => void): void;
  readonly running: ReadonlyMap<string, RunningJob>;
}

export interface ExecutorOptions {
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly settler: Settler;
  /** Called when a transactional attempt was completed, or refused, by its own transaction. */
  readonly completed: (completion: Completion, settlement: Settlement) => void;
  readonly logger: Logger;
  /** What a claim asks for, so that the store's clock can be told from a lease. */
  readonly leaseMs: number;
  readonly abortGraceMs: number;
  readonly random?: () => number;
}

const maxTimerMs = 2 ** 31 - 1;

export function createExecutor(options: ExecutorOptions): Executor {
  const { runnables, settler, completed, logger, leaseMs, abortGraceMs, random = Math.random } = options;
  const running = new Map<string, RunningJob>();
  const shared = { logger, report: settler.report };

  function execute(job: ClaimedJob, ended: () => void): void {
    const runnable = runnables.get(job.name);
    if (!runnable) {
      // Claims name what this worker handles, so this is a provider's fault; giving the job back loses nothing.
      settler.nack({ id: job.id, fence: job.fence, outcome: "release" });
      return ended();
    }
    const { errors, descriptor } = runnable;
    if (isExpired(job, descriptor)) {
      settler.nack(expiry(job));
      return ended();
    }
    const entry = createRunningJob(job, { maxAttempts: descriptor.retry.maxAttempts, errors, ...shared });
    if (runnable.transactions) {
      const complete = (settlement: Settlement): void => completed(leaseOf(entry), settlement);
      return follow(entry, runnable, transact(entry, runnable, runnable.transactions), complete, ended);
    }
    let result: unknown;
    let isPromise: boolean;
    try {
      result = runnable.handle(runnable.codec.decodePayload(job.payload), entry.context);
      // What a handler returns may have a `then` that throws; that must not end the worker's own loop.
      isPromise = isThenable(result);
    } catch (error) {
      settleFailure(entry, runnable, error);
      return ended();
    }
    if (isPromise) return follow(entry, runnable, result, (output) => settle(entry, runnable, output), ended);
    settle(entry, runnable, result);
    ended();
  }

  /** Ends with the handler, or when it was told to stop and did not within the abort grace: the slot must not leak. */
  function follow<T>(
    entry: RunningJob,
    runnable: Runnable,
    result: T | PromiseLike<T>,
    succeeded: (value: T) => void,
    ended: () => void,
  ): void {
    const { id } = entry.job;
    const settled = once((finish: () => void): void => {
      clearTimeout(timer);
      finish();
      // The same id may already run again here under a newer fence.
      if (running.get(id) === entry) running.delete(id);
      ended();
    });
    const expire = (): void => {
      entry.abort("timeout");
      timer = setTimeout(
        () => settled(() => settleFailure(entry, runnable, stopError(entry.job, "timeout"))),
        abortGraceMs,
      );
    };
    let timer = setTimeout(expire, Math.min(runnable.descriptor.timeoutMs, maxTimerMs));
    running.set(id, entry);
    // Of a promise this is the promise itself; somebody else's thenable may do what it likes.
    Promise.resolve(result).then(
      (value) => settled(() => succeeded(value)),
      (error: unknown) => settled(() => settleFailure(entry, runnable, error)),
    );
  }

  /** The attempt as one transaction. Throws what the handler threw, or a `TransactionFailure`. */
  async function transact(
    entry: RunningJob,
    { descriptor, codec, handle }: Runnable,
    transactions: TransactionalHandlers<unknown>,
  ): Promise<Settlement> {
    let failedInside = false;
    const body = async (tx: unknown): Promise<{ output?: string }> => {
      const output = codec.encodeOutput(await handle(codec.decodePayload(entry.job.payload), entry.enter(tx)));
      // Nobody waits for this attempt any more: throwing undoes what it wrote.
      if (entry.stopReason === "timeout" || entry.stopReason === "lease-lost") {
        throw stopError(entry.job, entry.stopReason);
      }
      return output === undefined ? {} : { output };
    };
    const watched = (tx: unknown): Promise<{ output?: string }> =>
      body(tx).catch((error: unknown) => {
        failedInside = true;
        throw error;
      });
    try {
      return await transactions.inTransaction(leaseOf(entry), watched, { timeoutMs: descriptor.timeoutMs });
    } catch (error) {
      throw failedInside ? error : new TransactionFailure(error);
    }
  }

  function settle(entry: RunningJob, runnable: Runnable, result: unknown): void {
    try {
      settleSuccess(entry, runnable.codec.encodeOutput(result));
    } catch (error) {
      settleFailure(entry, runnable, error);
    }
  }

  function settleSuccess(entry: RunningJob, output: string | undefined): void {
    if (entry.stopReason === "lease-lost") return;
    if (entry.stopReason === "timeout") throw stopError(entry.job, "timeout");
    settler.ack(output === undefined ? leaseOf(entry) : { ...leaseOf(entry), output });
  }

  function settleFailure(entry: RunningJob, runnable: Runnable, thrown: unknown): void {
    if (entry.stopReason === "lease-lost") return;
    const error = thrown instanceof TransactionFailure ? thrown.cause : thrown;
    const rejection =
      error !== thrown && isRetryable(error) ? putOff(entry, runnable, error) : rejectionOf(entry, runnable, error);
    if (rejection.outcome === "dead") {
      logger.error({ ...facts(entry.job), err: error, reason: rejection.reason }, "job is dead");
    } else if (rejection.outcome === "retry") {
      logger.warn(
        { ...facts(entry.job), err: error, retryInMs: rejection.delayMs },
        "attempt failed; the job will be retried",
      );
    }
    settler.nack(rejection);
  }

  /** The store's trouble is not the job's: no attempt is counted. If the commit took effect, this is refused as done. */
  function putOff(entry: RunningJob, { descriptor }: Runnable, error: unknown): Rejection {
    logger.warn({ ...facts(entry.job), err: error }, "the store failed the job's transaction; the job will run again");
    const delayMs = backoffDelayMs(descriptor.retry.backoff, 1, random);
    return { ...leaseOf(entry), outcome: "snooze", delayMs };
  }

  function rejectionOf(entry: RunningJob, { descriptor, codec }: Runnable, thrown: unknown): Rejection {
    const lease = leaseOf(entry);
    // The store ends a job whose cancellation is pending, whatever the rejection says.
    if (isGivenBack(entry.stopReason, thrown)) return { ...lease, outcome: "release" };
    const { error, stored } = textOfError(thrown, codec);
    if (JobwrightError.is(error) && error.code === "JW_INVALID_PAYLOAD") {
      return { ...lease, outcome: "dead", reason: "invalid-payload", error: stored };
    }
    const outcome = outcomeOf(error);
    if (outcome?.kind === "snooze") return { ...lease, outcome: "snooze", delayMs: outcome.delayMs };
    if (outcome?.kind === "discard" || (!outcome && isFinal(error, descriptor))) {
      return { ...lease, outcome: "dead", reason: "discarded", error: stored };
    }
    if (entry.job.attempt >= descriptor.retry.maxAttempts) {
      return { ...lease, outcome: "dead", reason: "attempts-exhausted", error: stored };
    }
    const delayMs = outcome?.delayMs ?? backoffDelayMs(descriptor.retry.backoff, entry.job.attempt, random);
    if (age(entry) + delayMs > (descriptor.retry.forMs ?? Number.POSITIVE_INFINITY)) {
      return { ...lease, outcome: "dead", reason: "retry-deadline", error: stored };
    }
    return { ...lease, outcome: "retry", delayMs, error: stored };
  }

  /** Only the first attempt can come too late: what has begun is finished. The lease tells the store's time of the claim. */
  function isExpired(job: ClaimedJob, { expireAfterMs }: JobDescriptor): boolean {
    const isFirst = job.attempt === 1 && job.crashes === 0;
    return expireAfterMs !== undefined && isFirst && job.leaseUntil - leaseMs - job.runAt > expireAfterMs;
  }

  /** Of the job since its enqueue, in ms, by the store's clock at the claim. */
  function age({ job, claimedAt }: RunningJob): number {
    return job.leaseUntil - leaseMs - job.enqueuedAt + (performance.now() - claimedAt);
  }

  return { execute, running };
}

/** Whether the attempt ended because it was told to. One at risk may have failed by itself all the same. */
function isGivenBack(reason: StopReason | undefined, thrown: unknown): boolean {
  if (reason === "shutdown" || reason === "cancelled") return true;
  return reason === "lease-at-risk" && isAbort(thrown);
}

function isAbort(thrown: unknown): boolean {
  if (JobwrightError.is(thrown)) return thrown.code === "JW_LEASE_AT_RISK";
  return typeof thrown === "object" && thrown !== null && "name" in thrown && thrown.name === "AbortError";
}

/** Whether the job's definition says that this error is not to be retried. */
function isFinal(error: unknown, { discardOn, retryOn }: JobDescriptor): boolean {
  if (!discardOn && !retryOn) return false;
  const { name, code } = (typeof error === "object" && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
  }; // anything may be thrown
  const isOneOf = (list: readonly string[]): boolean => list.some((entry) => entry === name || entry === code);
  return discardOn ? isOneOf(discardOn) : !isOneOf(retryOn ?? []);
}

/** The error as it is kept. A declared error whose data do not fit is replaced by the one that says so. */
function textOfError(thrown: unknown, codec: JobCodec): { readonly error: unknown; readonly stored: StoredError } {
  if (!isDeclaredError(thrown)) return { error: thrown, stored: storedError(thrown) };
  try {
    return { error: thrown, stored: { ...storedError(thrown), data: codec.encodeError(thrown.name, thrown.data) } };
  } catch (error) {
    return { error, stored: storedError(error) };
  }
}

function expiry({ id, fence }: ClaimedJob): Rejection {
  const error = { name: "Expired", message: "No worker had begun the job when its time was over." };
  return { id, fence, outcome: "dead", reason: "expired", error };
}

/** What went wrong around the handler: no connection, a commit that failed or was not answered. */
class TransactionFailure extends Error {
  constructor(cause: unknown) {
    super("the transaction failed", { cause });
  }
}

function leaseOf({ job: { id, fence } }: RunningJob): Lease {
  return { id, fence };
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function once(body: (finish: () => void) => void): (finish: () => void) => void {
  let called = false;
  return (finish) => {
    if (called) return;
    called = true;
    body(finish);
  };
}

function facts(job: ClaimedJob): object {
  return { job: job.name, jobId: job.id, queue: job.queue, attempt: job.attempt };
}

const maxMessage = 4_096;
const maxStack = 16_384;

/** What is kept of an error: text only, bounded. A handler may throw anything, and that must not cost the settlement. */
function storedError(error: unknown): StoredError {
  try {
    return error instanceof Error ? textOf(error) : { name: "NonError", message: String(error).slice(0, maxMessage) };
  } catch {
    return { name: "NonError", message: "The handler threw something that cannot be turned into text." };
  }
}

function textOf(error: Error): StoredError {
  const { name, message, stack } = error as { readonly [key in "name" | "message" | "stack"]: unknown }; // all writable
  const { code } = error as { readonly code?: unknown }; // Node and most libraries put a string here
  return {
    name: String(name),
    message: String(message).slice(0, maxMessage),
    ...(typeof stack === "string" ? { stack: stack.slice(0, maxStack) } : {}),
    ...(typeof code === "string" ? { code } : {}),
  };
}
