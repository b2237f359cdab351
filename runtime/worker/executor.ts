import type { ClaimedJob, Completion, Settlement, TransactionalHandlers } from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { isThenable } from "../core/thenable.ts";
import { createAttemptSettings } from "./attempt-setting.ts";
import { createBatchExecutor } from "./batch-executor.ts";
import type { CheckpointSetting } from "./checkpoints.ts";
import type { ErrorMakers } from "./declared-error.ts";
import type { EventHub } from "./events.ts";
import { createEnds } from "./ends.ts";
import { withOwnSettings } from "./own-settings.ts";
import { createRejectionRules, leaseOf } from "./rejection.ts";
import { maxTimerMs } from "./result.ts";
import { createRunningJob, type RunningJob } from "./running-job.ts";
import type { ReadPayload } from "./payload-reader.ts";
import { stopError } from "./stop.ts";
import type { Settler } from "./settler.ts";
import { TransactionFailure } from "./transaction-failure.ts";
import type { Logger, RunContext } from "./types.ts";

/** A job that this worker can run: its policy, its codec and the user's code. */
export interface Runnable {
  readonly descriptor: JobDescriptor;
  readonly codec: JobCodec;
  /** Of a batch: its items and the context of the run. */
  readonly handle: (payload: unknown, context: RunContext) => unknown;
  /** Present: the handler, its output and the completion share a transaction. */
  readonly transactions?: TransactionalHandlers<unknown>;
  /** `ctx.errors`. */
  readonly errors: ErrorMakers;
  /** Where `ctx.step` keeps its results. */
  readonly checkpoints: CheckpointSetting;
  /** Claimed from every queue that the worker serves. */
  readonly everywhere?: true;
}

/** Runs claimed jobs and hands the end of each attempt to the settler. */
export interface Executor {
  /** Runs one job and never throws; `ended` is called with the end of the attempt, at once if the handler is no promise. */
  execute(job: ClaimedJob, ended: () => void): void;
  /** The same for jobs of one definition whose handler takes many at once; `ended` when all their attempts have ended. */
  executeBatch(name: string, jobs: readonly ClaimedJob[], ended: () => void): void;
  readonly running: ReadonlyMap<string, RunningJob>;
}

export interface ExecutorOptions {
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly readPayload: ReadPayload;
  readonly settler: Settler;
  /** Called when a transactional attempt was completed, or refused, by its own transaction. */
  readonly completed: (completion: Completion, settlement: Settlement) => void;
  readonly logger: Logger;
  readonly events: EventHub;
  /** What a claim asks for, so that the store's clock can be told from a lease. */
  readonly leaseMs: number;
  readonly abortGraceMs: number;
  readonly random?: () => number;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const { runnables, readPayload, settler, completed, logger, events, leaseMs, abortGraceMs } = options;
  const { random = Math.random } = options;
  const running = new Map<string, RunningJob>();
  const settingOf = createAttemptSettings(settler, logger);
  const rules = createRejectionRules(leaseMs, random);
  const ends = createEnds(settler, rules, logger, events);
  const batches = createBatchExecutor({ running, readPayload, settler, rules, ends, settingOf, logger, abortGraceMs });

  function execute(job: ClaimedJob, ended: () => void): void {
    const known = runnables.get(job.name);
    if (!known) {
      // Claims name what this worker handles, so this is a provider's fault; giving the job back loses nothing.
      settler.nack({ ...leaseOf({ job }), outcome: "release" });
      return ended();
    }
    const runnable = withOwnSettings(known, job.payload);
    const expiry = rules.expiryOf(job, runnable.descriptor);
    if (expiry) {
      settler.nack(expiry);
      return ended();
    }
    const entry = createRunningJob(job, settingOf(job, runnable));
    if (runnable.transactions) {
      const completion = leaseOf(entry);
      const returned = (output: unknown): void => events.expect(completion, "succeeded", job, { output });
      const complete = (settlement: Settlement): void => completed(completion, settlement);
      return follow(entry, runnable, transact(entry, runnable, runnable.transactions, returned), complete, ended);
    }
    let result: unknown;
    let isPromise: boolean;
    try {
      const payload = readPayload(job, runnable.codec);
      result =
        payload instanceof Promise
          ? payload.then((read) => runnable.handle(read, entry.context))
          : runnable.handle(payload, entry.context);
      // What a handler returns may have a `then` that throws; that must not end the worker's own loop.
      isPromise = isThenable(result);
    } catch (error) {
      ends.fail(entry, runnable, error);
      return ended();
    }
    if (isPromise) return follow(entry, runnable, result, (output) => ends.succeed(entry, runnable, output), ended);
    ends.succeed(entry, runnable, result);
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
        () => settled(() => ends.fail(entry, runnable, stopError(entry.job, "timeout"))),
        abortGraceMs,
      );
    };
    let timer = setTimeout(expire, Math.min(runnable.descriptor.timeoutMs, maxTimerMs));
    running.set(id, entry);
    // Of a promise this is the promise itself; somebody else's thenable may do what it likes.
    Promise.resolve(result).then(
      (value) => settled(() => succeeded(value)),
      (error: unknown) => settled(() => ends.fail(entry, runnable, error)),
    );
  }

  /** The attempt as one transaction. Throws what the handler threw, or a `TransactionFailure`. */
  async function transact(
    entry: RunningJob,
    { descriptor, codec, handle }: Runnable,
    transactions: TransactionalHandlers<unknown>,
    returned: (result: unknown) => void,
  ): Promise<Settlement> {
    let failedInside = false;
    const body = async (tx: unknown): Promise<{ output?: string }> => {
      const result = await handle(await readPayload(entry.job, codec), entry.enter(tx));
      const output = codec.encodeOutput(result, entry.job.id);
      // Nobody waits for this attempt any more: throwing undoes what it wrote.
      if (entry.stopReason === "timeout" || entry.stopReason === "lease-lost") {
        throw stopError(entry.job, entry.stopReason);
      }
      returned(result);
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

  return {
    execute,
    executeBatch(name, jobs, ended) {
      const runnable = runnables.get(name);
      if (runnable) batches.execute(runnable, jobs, ended);
      else ended();
    },
    running,
  };
}

function once(body: (finish: () => void) => void): (finish: () => void) => void {
  let called = false;
  return (finish) => {
    if (called) return;
    called = true;
    body(finish);
  };
}
