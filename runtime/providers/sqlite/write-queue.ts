import type BetterSqlite3 from "better-sqlite3";
import { JobwrightError } from "../../contract/index.ts";
import { storeError } from "./store-error.ts";

/**
 * Group commit: writes submitted in the same turn of the event loop run in one `BEGIN IMMEDIATE` transaction, so that a
 * commit's flush to disk is paid once for all of them. A write that throws takes only itself down. While another process
 * holds the write lock, the queue waits without blocking the event loop and goes on gathering.
 */
export interface WriteQueue {
  submit<T>(write: () => T): Promise<T>;
  /** Waits for what was submitted; later submissions reject. */
  close(): Promise<void>;
}

interface Pending {
  readonly write: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How long a group waits for the write lock before its calls reject with `JW_STORE_BUSY`, unless a test says otherwise. */
const standardBusyLimitMs = 5_000;
const firstRetryMs = 5;
const maxRetryMs = 100;
/** Beyond this many writes a transaction would hold the event loop too long. */
const maxGroup = 1_000;

export function createWriteQueue(
  database: BetterSqlite3.Database,
  path: string,
  busyLimitMs = standardBusyLimitMs,
): WriteQueue {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  let pending: Pending[] = [];
  let flushing: Promise<void> | undefined;
  let closed = false;

  function transact(group: readonly Pending[]): unknown[] {
    begin.run();
    try {
      const results = group.map((item) => item.write());
      commit.run();
      return results;
    } catch (error) {
      if (database.inTransaction) rollback.run();
      throw error;
    }
  }

  /** Commits a group, or each of its writes alone if one of them failed; `busy` leaves the group as it was. */
  function settle(group: readonly Pending[]): "done" | "busy" {
    let results: unknown[];
    try {
      results = transact(group);
    } catch (error) {
      if (isBusy(error)) return "busy";
      if (group.length > 1) for (const item of group) settleAlone(item);
      else group[0]?.reject(storeError(error, path));
      return "done";
    }
    for (const [index, item] of group.entries()) item.resolve(results[index]);
    return "done";
  }

  function settleAlone(item: Pending): void {
    if (settle([item]) === "busy") pending.push(item);
  }

  async function flush(): Promise<void> {
    await new Promise(setImmediate);
    while (pending.length > 0) {
      const group = pending.splice(0, maxGroup);
      await settleWhenFree(group);
    }
    flushing = undefined;
  }

  async function settleWhenFree(group: readonly Pending[]): Promise<void> {
    const deadline = performance.now() + busyLimitMs;
    for (let delayMs = firstRetryMs; settle(group) === "busy"; delayMs = Math.min(maxRetryMs, delayMs * 2)) {
      if (performance.now() > deadline) {
        const error = new JobwrightError("JW_STORE_BUSY", `Another process locks the database ${path} for too long.`, {
          hint: "Look for a long transaction, or a tool that has the file open for writing.",
          retryable: true,
        });
        for (const item of group) item.reject(error);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + Math.random())));
    }
  }

  return {
    submit<T>(write: () => T): Promise<T> {
      if (closed) return Promise.reject(stopped());
      return new Promise<T>((resolve, reject) => {
        // The queue holds writes of all result types; each resolver only ever sees its own write's result.
        pending.push({ write, resolve: resolve as (value: unknown) => void, reject });
        flushing ??= flush();
      });
    },
    async close() {
      closed = true;
      await flushing;
    },
  };
}

export function stopped(): JobwrightError {
  return new JobwrightError("JW_STOPPED", "The SQLite provider was stopped, or not started yet.", {
    hint: "Stop the provider last, after workers and clients; create a new one to go on.",
  });
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^SQLITE_(BUSY|LOCKED)/.test(code);
}
