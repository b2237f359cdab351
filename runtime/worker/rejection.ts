import {
  type ClaimedJob,
  type EndReason,
  JobwrightError,
  type Lease,
  type Rejection,
  type StoredError,
} from "../contract/index.ts";
import { backoffDelayMs } from "../core/backoff.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { isDeclaredError } from "./declared-error.ts";
import { NodeFailure } from "./node-failure.ts";
import { outcomeOf } from "./outcomes.ts";
import type { RunningJob } from "./running-job.ts";
import type { StopReason } from "./stop.ts";
import { storedError } from "./stored-error.ts";

/** The part of a runnable that decides what becomes of a failed attempt. */
export interface Policy {
  readonly descriptor: JobDescriptor;
  readonly codec: JobCodec;
}

/** What a failed attempt reports to the store. */
export interface RejectionRules {
  /** Of what a handler threw; it may be anything. */
  rejectionOf(entry: RunningJob, policy: Policy, thrown: unknown): Rejection;
  /** The store's trouble is not the job's: no attempt is counted. If a commit took effect, this is refused as done. */
  putOff(entry: RunningJob, policy: Policy): Rejection;
  /** Of a job that is claimed too late to begin; undefined if it is in time. */
  expiryOf(job: ClaimedJob, descriptor: JobDescriptor): Rejection | undefined;
}

/** `leaseMs`: what a claim asked for, so that a lease tells the store's time of the claim. */
export function createRejectionRules(leaseMs: number, random: () => number): RejectionRules {
  /** Of the job since its enqueue, in ms, by the store's clock at the claim. */
  function age({ job, claimedAt }: RunningJob): number {
    return job.leaseUntil - leaseMs - job.enqueuedAt + (performance.now() - claimedAt);
  }

  function classify(entry: RunningJob, { descriptor, codec }: Policy, thrown: unknown): Rejection {
    const lease = leaseOf(entry);
    // The store ends a job whose cancellation is pending, whatever the rejection says.
    if (isGivenBack(entry.stopReason, thrown)) return { ...lease, outcome: "release" };
    const { error, stored } = textOf(thrown, codec, lease.id);
    // Some other worker may have the key, or this one when it is started again.
    if (isKeyMissing(error, entry.job)) return { ...lease, outcome: "snooze", delayMs: keyWaitMs };
    const unreadable = unreadableReason(error);
    if (unreadable) return { ...lease, outcome: "dead", reason: unreadable, error: stored };
    const outcome = outcomeOf(error);
    if (outcome?.kind === "skip") return { ...lease, outcome: "skip" };
    if (NodeFailure.is(error)) return { ...lease, outcome: "dead", reason: error.reason, error: stored };
    if (outcome?.kind === "snooze") return { ...lease, outcome: "snooze", delayMs: outcome.delayMs };
    if (outcome?.kind === "discard" || (!outcome && isFinal(error, descriptor))) {
      return { ...lease, outcome: "dead", reason: "discarded", error: stored };
    }
    if (entry.job.attempt >= descriptor.retry.maxAttempts) {
      return { ...lease, outcome: "dead", reason: "attempts-exhausted", error: stored };
    }
    const delayMs =
      outcome?.kind === "retryAfter"
        ? outcome.delayMs
        : backoffDelayMs(descriptor.retry.backoff, entry.job.attempt, random);
    if (age(entry) + delayMs > (descriptor.retry.forMs ?? Number.POSITIVE_INFINITY)) {
      return { ...lease, outcome: "dead", reason: "retry-deadline", error: stored };
    }
    return { ...lease, outcome: "retry", delayMs, error: stored };
  }

  return {
    rejectionOf(entry, policy, thrown) {
      try {
        return classify(entry, policy, thrown);
      } catch (cause) {
        return classify(entry, policy, new Error("The handler threw something that cannot be looked at.", { cause }));
      }
    },
    putOff(entry, { descriptor }) {
      return { ...leaseOf(entry), outcome: "snooze", delayMs: backoffDelayMs(descriptor.retry.backoff, 1, random) };
    },
    expiryOf({ id, fence, attempt, crashes, leaseUntil, runAt }, { expireAfterMs }) {
      // Only the first attempt can come too late: what has begun is finished.
      if (expireAfterMs === undefined || attempt > 1 || crashes > 0) return undefined;
      if (leaseUntil - leaseMs - runAt <= expireAfterMs) return undefined;
      const error = { name: "Expired", message: "No worker had begun the job when its time was over." };
      return { id, fence, outcome: "dead", reason: "expired", error };
    },
  };
}

/** What names the lease in calls to the store. */
export function leaseOf({ job }: Pick<RunningJob, "job">): Lease {
  const { id, fence, gated } = job;
  return gated ? { id, fence, gated } : { id, fence };
}

/** Why a payload that could not be read ends the job; undefined if that is not what failed. */
function unreadableReason(error: unknown): EndReason | undefined {
  if (!JobwrightError.is(error)) return undefined;
  if (error.code === "JW_NOT_UPGRADABLE") return "not-upgradable";
  return error.code === "JW_INVALID_PAYLOAD" ? "invalid-payload" : undefined;
}

/** In ms: a deployment that brings the key takes minutes. */
const keyWaitMs = 60_000;

/** Whether the job's own payload could not be decrypted. What a handler met on its way to other jobs is its own trouble. */
export function isKeyMissing(error: unknown, { id }: ClaimedJob): error is JobwrightError {
  return JobwrightError.is(error) && error.code === "JW_ENCRYPTION_KEY" && error.details["jobId"] === id;
}

/** Whether the attempt ended because it was told to. One at risk may have failed by itself all the same. */
function isGivenBack(reason: StopReason | undefined, thrown: unknown): boolean {
  if (reason === "shutdown" || reason === "cancelled") return true;
  return reason === "lease-at-risk" && isAbort(thrown);
}

function isAbort(thrown: unknown): boolean {
  return JobwrightError.is(thrown) ? thrown.code === "JW_LEASE_AT_RISK" : namesOf(thrown).name === "AbortError";
}

/** Whether the job's definition says that this error is not to be retried. */
function isFinal(error: unknown, { discardOn, retryOn }: JobDescriptor): boolean {
  const { name, code } = namesOf(error);
  const isOneOf = (list: readonly string[]): boolean => list.some((entry) => entry === name || entry === code);
  if (discardOn) return isOneOf(discardOn);
  return retryOn !== undefined && !isOneOf(retryOn);
}

function namesOf(error: unknown): { readonly name?: unknown; readonly code?: unknown } {
  return typeof error === "object" && error !== null ? error : {};
}

/** The error as it is kept. A declared error whose data do not fit is replaced by the one that says so. */
function textOf(
  thrown: unknown,
  codec: JobCodec,
  id: string,
): { readonly error: unknown; readonly stored: StoredError } {
  const { error, stored } = plainTextOf(thrown, codec);
  return { error, stored: codec.vault.sealError(stored, id) };
}

function plainTextOf(thrown: unknown, codec: JobCodec): { readonly error: unknown; readonly stored: StoredError } {
  if (!isDeclaredError(thrown)) return { error: thrown, stored: storedError(thrown) };
  try {
    return { error: thrown, stored: { ...storedError(thrown), data: codec.encodeError(thrown.name, thrown.data) } };
  } catch (error) {
    return { error, stored: storedError(error) };
  }
}
