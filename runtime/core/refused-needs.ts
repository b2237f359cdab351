import { JobwrightError } from "../contract/index.ts";

/** What every provider says of edges that cannot be drawn. */

/** A job is to wait for one that the store does not have. */
export function noPrerequisite(id: string): JobwrightError {
  return new JobwrightError("JW_NO_PREREQUISITE", `Job ${id}, which another one is to wait for, is not there.`, {
    hint: "Enqueue it in the same call, before the one that needs it, and without a unique key; or it was pruned.",
  });
}

/** A job is to be needed by one that waits for its needs no longer. */
export function batchClosed(id: string): JobwrightError {
  return new JobwrightError("JW_BATCH_CLOSED", `Job ${id} waits for no other jobs any more.`, {
    hint: "Add jobs while the batch is open, or while one of its members still runs.",
  });
}
