import {
  type Completion,
  isRetryable,
  type Note,
  type ProgressReport,
  type Provider,
  type Rejection,
  type Settlement,
} from "../contract/index.ts";
import type { Logger } from "./types.ts";

/**
 * Gathers the ends of attempts and settles them in batches. A batch is kept, and its leases with it, until the store has
 * confirmed it: an outage delays settlements, it does not lose them.
 */
export interface Settler {
  ack(completion: Completion): void;
  nack(rejection: Rejection): void;
  report(report: ProgressReport): void;
  /** Of the values of a cursor that are gathered, only the last one is written. */
  note(note: Note): void;
  /** Whether a lease waits here for its settlement to be confirmed. */
  holds(id: string): boolean;
  /** Settlements gathered or under way. */
  readonly pending: number;
  /** Resolves when everything so far is confirmed, or given up at the deadline (ms of `performance.now()`). */
  flush(deadline: number): Promise<void>;
}

export interface SettlerOptions {
  readonly provider: Provider;
  readonly logger: Logger;
  /** Called for each settlement that the store accepted or refused. */
  readonly settled: (item: Completion | Rejection, settlement: Settlement) => void;
}

const firstRetryMs = 25;
const maxRetryMs = 1_000;
/** Longer transactions would hold other writers up. */
const maxBatch = 500;

export function createSettler({ provider, logger, settled }: SettlerOptions): Settler {
  const completions: Completion[] = [];
  const rejections: Rejection[] = [];
  const reports = new Map<string, ProgressReport>();
  const notes: Note[] = [];
  const cursors = new Map<string, Note>();
  const held = new Set<string>();
  let running: Promise<void> | undefined;
  let giveUpAt = Number.POSITIVE_INFINITY;

  async function settleAll(): Promise<void> {
    await new Promise(setImmediate);
    while (completions.length + rejections.length + reports.size + notes.length + cursors.size > 0) {
      const acked = completions.splice(0, maxBatch);
      const nacked = rejections.splice(0, maxBatch);
      const reported = [...reports.values()];
      reports.clear();
      const noted = [...notes.splice(0, maxBatch), ...cursors.values()];
      cursors.clear();
      // What a job says goes before its end, which closes the lease; the other two are independent.
      if (reported.length > 0) await insist(() => provider.report(reported));
      if (noted.length > 0) await insist(() => provider.note(noted));
      await Promise.all([
        acked.length > 0 && settle(acked, (items) => provider.ack(items)),
        nacked.length > 0 && settle(nacked, (items) => provider.nack(items)),
      ]);
    }
    running = undefined;
  }

  async function settle<Item extends Completion | Rejection>(
    items: readonly Item[],
    call: (items: readonly Item[]) => Promise<readonly Settlement[]>,
  ): Promise<void> {
    const settlements = await insist(() => call(items));
    // One item that the store cannot take must not cost the others their settlement.
    if (!settlements && items.length > 1 && performance.now() < giveUpAt) {
      for (const item of items) await settle([item], call);
      return;
    }
    for (const [index, item] of items.entries()) {
      held.delete(item.id);
      const settlement = settlements?.[index];
      if (settlement) settled(item, settlement);
    }
  }

  /** Every call is idempotent, so it is simply made again until the store answers. */
  async function insist<T>(call: () => Promise<T>): Promise<T | undefined> {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(maxRetryMs, delayMs * 2)) {
      try {
        return await call();
      } catch (error) {
        if (!isRetryable(error) || performance.now() + delayMs > giveUpAt) {
          logger.error({ err: error }, "settlements were refused; their leases will expire and the jobs run again");
          return undefined;
        }
        logger.warn({ err: error }, "the store did not take settlements; trying again");
        await new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + Math.random())));
      }
    }
  }

  function wake(): void {
    running ??= settleAll();
  }

  return {
    ack(completion) {
      held.add(completion.id);
      completions.push(completion);
      wake();
    },
    nack(rejection) {
      held.add(rejection.id);
      rejections.push(rejection);
      wake();
    },
    report(report) {
      reports.set(report.id, report);
      wake();
    },
    note(note) {
      // An attempt that was abandoned must not take the place of the one that runs.
      if (note.kind === "cursor") cursors.set(JSON.stringify([note.id, note.fence, note.key]), note);
      else notes.push(note);
      wake();
    },
    holds: (id) => held.has(id),
    get pending() {
      return held.size;
    },
    async flush(deadline) {
      giveUpAt = deadline;
      await running;
    },
  };
}
