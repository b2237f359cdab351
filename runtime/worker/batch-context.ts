import type { ErrorMakers } from "./declared-error.ts";
import { boundLog, type RunningJob } from "./running-job.ts";
import type { BatchItem, BatchOutcome, BatchRun, JobLog, Logger } from "./types.ts";

/** What one run of a batch handler sees besides its items. */
export interface RunningBatch {
  readonly context: BatchRun;
  /** Takes one more attempt into the batch. */
  add(entry: RunningJob, item: BatchItem<unknown>): void;
  /** Call it when an attempt was told to stop. */
  stopped(): void;
}

export function createRunningBatch(name: string, queue: string, errors: ErrorMakers, logger: Logger): RunningBatch {
  const entries: RunningJob[] = [];
  const items: BatchItem<unknown>[] = [];
  let controller: AbortController | undefined;
  let log: JobLog | undefined;

  function stopped(): void {
    if (!controller || controller.signal.aborted || !entries.every(({ stopReason }) => stopReason)) return;
    controller.abort(entries.at(-1)?.context.signal.reason);
  }

  const context: BatchRun & { readonly errors: ErrorMakers } = {
    name,
    queue,
    items,
    errors,
    get signal() {
      if (!controller) {
        controller = new AbortController();
        stopped();
      }
      return controller.signal;
    },
    get log() {
      return (log ??= boundLog({ job: name, queue, items: items.length }, logger));
    },
    succeed,
    fail,
  };
  return {
    context,
    add(entry, item) {
      entries.push(entry);
      items.push(item);
    },
    stopped,
  };
}

function succeed(output: unknown): BatchOutcome<unknown> {
  return { outcome: "succeeded", output };
}

function fail(error: unknown): BatchOutcome<never> {
  return { outcome: "failed", error };
}
