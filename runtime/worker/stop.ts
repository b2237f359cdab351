import { type ClaimedJob, JobwrightError } from "../contract/index.ts";

/** Why an attempt was told to stop. The first reason counts. */
export type StopReason = "timeout" | "cancelled" | "lease-at-risk" | "lease-lost" | "shutdown";

/** What the signal of an attempt that was told to stop carries. */
export function stopError(job: ClaimedJob, reason: StopReason): JobwrightError {
  const what = `${job.name} ${job.id}`;
  switch (reason) {
    case "timeout":
      return new JobwrightError("JW_ATTEMPT_TIMEOUT", `Attempt ${job.attempt} of ${what} ran longer than its timeout.`);
    case "cancelled":
      return new JobwrightError("JW_CANCELLED", `${what} was cancelled while it ran.`);
    case "lease-at-risk":
      return new JobwrightError(
        "JW_LEASE_AT_RISK",
        `No heartbeat got through for ${what}; another worker may take it.`,
      );
    case "lease-lost":
      return new JobwrightError("JW_LEASE_LOST", `A newer claim holds ${what}; this attempt's result is discarded.`);
    case "shutdown":
      return new JobwrightError("JW_SHUTDOWN", `The worker stops; ${what} is given back.`);
  }
}
