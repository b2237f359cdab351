import { type ClaimedJob, isRetryable } from "../contract/index.ts";
import type { Runnable } from "./executor.ts";
import { loggedError } from "./logged-error.ts";
import { isKeyMissing, leaseOf, type RejectionRules } from "./rejection.ts";
import { type RunningJob, stopError } from "./running-job.ts";
import type { Settler } from "./settler.ts";
import { TransactionFailure } from "./transaction-failure.ts";
import type { Logger } from "./types.ts";

/** Tells the settler, and the log, how attempts ended. */
export interface Ends {
  /** With what the handler returned. Never throws: what does not fit the job's output is a failure. */
  succeed(entry: RunningJob, runnable: Runnable, result: unknown): void;
  /** With what the handler threw, or a `TransactionFailure`. */
  fail(entry: RunningJob, runnable: Runnable, thrown: unknown): void;
}

export function createEnds(settler: Settler, rules: RejectionRules, logger: Logger): Ends {
  function acknowledge(entry: RunningJob, output: string | undefined): void {
    if (entry.stopReason === "lease-lost") return;
    if (entry.stopReason === "timeout") throw stopError(entry.job, "timeout");
    settler.ack(output === undefined ? leaseOf(entry) : { ...leaseOf(entry), output });
  }

  function fail(entry: RunningJob, runnable: Runnable, thrown: unknown): void {
    if (entry.stopReason === "lease-lost") return;
    const isStoreFailure = TransactionFailure.is(thrown);
    const error = isStoreFailure ? thrown.cause : thrown;
    const rejection =
      isStoreFailure && isRetryable(error) ? rules.putOff(entry, runnable) : rules.rejectionOf(entry, runnable, error);
    const err = loggedError(error, runnable.descriptor);
    if (rejection.outcome === "snooze" && isStoreFailure) {
      logger.warn({ ...facts(entry.job), err }, "the store failed the job's transaction; the job will run again");
    } else if (rejection.outcome === "dead") {
      logger.error({ ...facts(entry.job), err, reason: rejection.reason }, "job is dead");
    } else if (rejection.outcome === "retry") {
      logger.warn(
        { ...facts(entry.job), err, retryInMs: rejection.delayMs },
        "attempt failed; the job will be retried",
      );
    } else if (rejection.outcome === "snooze" && isKeyMissing(error, entry.job)) {
      logger.error(
        { ...facts(entry.job), keyId: error.details["keyId"] },
        "the key of a job is not here; it is put off",
      );
    }
    settler.nack(rejection);
  }

  return {
    succeed(entry, runnable, result) {
      try {
        acknowledge(entry, runnable.codec.encodeOutput(result, entry.job.id));
      } catch (error) {
        fail(entry, runnable, error);
      }
    },
    fail,
  };
}

function facts(job: ClaimedJob): object {
  return { job: job.name, jobId: job.id, queue: job.queue, attempt: job.attempt };
}
