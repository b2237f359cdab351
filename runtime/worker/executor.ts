import {
  type ClaimedJob,
  type Completion,
  isRetryable,
  type Settlement,
  type TransactionalHandlers,
} from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { JobCodec } from "../core/job-codec.ts";
import type { ErrorMakers } from "./declared-error.ts";
import { withOwnSettings } from "./own-settings.ts";
import { createRejectionRules, leaseOf } from "./rejection.ts";
import { createRunningJob, type RunningJob, stopError } from "./running-job.ts";
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
  const rules = createRejectionRules(leaseMs, random);

  function execute(job: ClaimedJob, ended: () => void): void {
    const known = runnables.get(job.name);
    if (!known) {
      // Claims name what this worker handles, so this is a provider's fault; giving the job back loses nothing.
      settler.nack({ ...leaseOf({ job }), outcome: "release" });
      return ended();
    }
    const runnable = withOwnSettings(known, job.payload);
    const { errors, descriptor } = runnable;
    const expiry = rules.expiryOf(job, descriptor);
    if (expiry) {
      settler.nack(expiry);
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
    const isStoreFailure = TransactionFailure.is(thrown);
    const error = isStoreFailure ? thrown.cause : thrown;
    const rejection =
      isStoreFailure && isRetryable(error) ? rules.putOff(entry, runnable) : rules.rejectionOf(entry, runnable, error);
    if (rejection.outcome === "snooze" && isStoreFailure) {
      logger.warn(
        { ...facts(entry.job), err: error },
        "the store failed the job's transaction; the job will run again",
      );
    } else if (rejection.outcome === "dead") {
      logger.error({ ...facts(entry.job), err: error, reason: rejection.reason }, "job is dead");
    } else if (rejection.outcome === "retry") {
      logger.warn(
        { ...facts(entry.job), err: error, retryInMs: rejection.delayMs },
        "attempt failed; the job will be retried",
      );
    }
    settler.nack(rejection);
  }

  return { execute, running };
}

/** What went wrong around the handler: no connection, a commit that failed or was not answered. */
class TransactionFailure extends Error {
  static readonly #all = new WeakSet<object>();

  constructor(cause: unknown) {
    super("the transaction failed", { cause });
    TransactionFailure.#all.add(this);
  }

  /** Unlike `instanceof`, it asks nothing of what a handler threw, which may be a proxy. */
  static is(thrown: unknown): thrown is TransactionFailure {
    return typeof thrown === "object" && thrown !== null && TransactionFailure.#all.has(thrown);
  }
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
