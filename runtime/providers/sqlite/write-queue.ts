import type BetterSqlite3 from "better-sqlite3";
import { JobwrightError } from "../../contract/index.ts";
import type { LogFlush } from "./log-flush.ts";
import { storeError } from "./store-error.ts";

/**
 * Group commit: writes submitted in the same turn of the event loop run in one `BEGIN IMMEDIATE` transaction, so that a
 * commit and its flush to disk are paid once for all of them. A write that throws takes only itself down. While another
 * process holds the write lock, the queue waits without blocking the event loop and goes on gathering.
 */
export interface WriteQueue {
  submit<T>(write: () => T, options?: SubmitOptions<T>): Promise<T>;
  /** As `submit`; neighbours in one transaction that give the same `write` are written by one call of it. */
  submitPart<P, T>(write: JointWrite<P, T>, part: P, options?: SubmitOptions<T>): Promise<T>;
  /** Waits for what was submitted; later submissions reject. */
  close(): Promise<void>;
}

/** Writes the parts of several callers, and gives a result for each. */
export type JointWrite<P, T> = (parts: readonly P[]) => readonly T[];

export interface SubmitOptions<T> {
  /** Called at the commit, with the result: others can see the change, though the disk may not have it yet. */
  readonly committed?: (result: T) => void;
  /** True: a power loss may undo it, so that nobody waits for the disk. Default false. */
  readonly relaxed?: boolean;
}

export interface WriteQueueOptions {
  /** Makes commits durable; absent if COMMIT does so itself, or if nobody asked for it. */
  readonly log?: LogFlush;
  /** How long a group waits for the write lock before its calls reject with `JW_STORE_BUSY`. Default 5,000. */
  readonly busyLimitMs?: number;
}

interface Pending {
  readonly write: JointWrite<unknown, unknown>;
  readonly part: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly options: SubmitOptions<unknown>;
}

const standardBusyLimitMs = 5_000;
const firstRetryMs = 5;
const maxRetryMs = 100;
/** Beyond this many writes a transaction would hold the event loop too long. */
const maxGroup = 1_000;
/** Larger gatherings are cut in halves, so that one half is written while the other is flushed. */
const minHalf = 32;

export function createWriteQueue(
  database: BetterSqlite3.Database,
  path: string,
  { log, busyLimitMs = standardBusyLimitMs }: WriteQueueOptions = {},
): WriteQueue {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  let pending: Pending[] = [];
  let working: Promise<void> | undefined;
  let closed = false;

  function transact(group: readonly Pending[]): unknown[] {
    begin.run();
    try {
      const results = writeAll(group);
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
    for (const [index, item] of group.entries()) item.options.committed?.(results[index]);
    resolveAll(group, results);
    return "done";
  }

  function settleAlone(item: Pending): void {
    if (settle([item]) === "busy") pending.push(item);
  }

  function resolveAll(group: readonly Pending[], results: readonly unknown[]): void {
    const resolve = (relaxed: boolean): void => {
      for (const [index, item] of group.entries()) {
        if (Boolean(item.options.relaxed) === relaxed) item.resolve(results[index]);
      }
    };
    resolve(true);
    if (!log || group.every((item) => item.options.relaxed)) return resolve(false);
    log.flush().then(
      () => resolve(false),
      (error: unknown) => {
        const unflushed = notFlushed(error, path);
        for (const item of group) item.reject(unflushed);
      },
    );
  }

  async function work(): Promise<void> {
    await new Promise(setImmediate);
    while (pending.length > 0) {
      const size = log ? Math.max(minHalf, Math.ceil(pending.length / 2)) : pending.length;
      await settleWhenFree(pending.splice(0, Math.min(maxGroup, size)));
    }
    working = undefined;
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

  function submitPart<P, T>(write: JointWrite<P, T>, part: P, options: SubmitOptions<T> = {}): Promise<T> {
    if (closed) return Promise.reject(stopped());
    return new Promise<T>((resolve, reject) => {
      // The queue holds writes of all types; each item's functions only ever see its own part and result.
      pending.push({ write, part, resolve, reject, options } as Pending);
      working ??= work();
    });
  }

  return {
    submit: <T>(write: () => T, options?: SubmitOptions<T>) => submitPart(() => [write()], undefined, options),
    submitPart,
    async close() {
      closed = true;
      await working;
      await log?.close();
    },
  };
}

/** Runs of the same joint write become one call. */
function writeAll(group: readonly Pending[]): unknown[] {
  const results: unknown[] = [];
  for (let from = 0, to = 0; from < group.length; from = to) {
    const write = group[from]?.write;
    while (group[to] !== undefined && group[to]?.write === write) to++;
    results.push(...(write?.(group.slice(from, to).map(({ part }) => part)) ?? []));
  }
  return results;
}

function notFlushed(error: unknown, path: string): JobwrightError {
  const reason = error instanceof Error ? error.message : String(error);
  return new JobwrightError("JW_STORE_UNAVAILABLE", `The log of the database ${path} cannot be flushed: ${reason}.`, {
    hint: "Check the disk, then restart this process. What it did last is in the file, but a power loss may take it.",
    retryable: true,
    cause: error,
  });
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
