import { type ClaimedJob, isRetryable, type Rejection } from "../contract/index.ts";
import type { EventHub } from "./events.ts";
import type { Runnable } from "./executor.ts";
import { loggedError } from "./logged-error.ts";
import { isKeyMissing, leaseOf, type RejectionRules } from "./rejection.ts";
import type { RunningJob } from "./running-job.ts";
import { stopError } from "./stop.ts";
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

export function createEnds(settler: Settler, rules: RejectionRules, logger: Logger, events: EventHub): Ends {
  function acknowledge(entry: RunningJob, output: string | undefined, result: unknown): void {
    if (entry.stopReason === "lease-lost") return;
    if (entry.stopReason === "timeout") throw stopError(entry.job, "timeout");
    const completion = output === undefined ? leaseOf(entry) : { ...leaseOf(entry), output };
    // Whatever the handler says, the store ends a job as cancelled that somebody cancelled.
    if (entry.stopReason === "cancelled") events.expect(completion, "cancelled", entry.job, {});
    else events.expect(completion, "succeeded", entry.job, { output: result });
    settler.ack(completion);
  }

  function announce(entry: RunningJob, rejection: Rejection, error: unknown): void {
    const { job } = entry;
    if (entry.stopReason === "cancelled") events.expect(rejection, "cancelled", job, {});
    else if (rejection.outcome === "dead") events.expect(rejection, "dead", job, { error, reason: rejection.reason });
    else if (rejection.outcome === "retry") {
      events.expect(rejection, "retrying", job, { error, delayMs: rejection.delayMs });
    }
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
    announce(entry, rejection, error);
    settler.nack(rejection);
  }

  return {
    succeed(entry, runnable, result) {
      try {
        acknowledge(entry, runnable.codec.encodeOutput(result, entry.job.id), result);
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
