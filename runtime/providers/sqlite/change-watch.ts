import type BetterSqlite3 from "better-sqlite3";

/**
 * Notices commits of other processes: `PRAGMA data_version` changes with each of them and costs microseconds
 * (https://www.sqlite.org/pragma.html#pragma_data_version). Runs only while somebody listens.
 */
export interface ChangeWatch {
  start(): void;
  stop(): void;
}

export function createChangeWatch(
  database: () => BetterSqlite3.Database | undefined,
  everyMs: number,
  changed: () => void,
): ChangeWatch {
  let timer: NodeJS.Timeout | undefined;
  let statement: BetterSqlite3.Statement | undefined;
  let seen: unknown;

  function look(): void {
    const current = database();
    if (!current?.open) return;
    statement ??= current.prepare("pragma data_version").pluck();
    const version = statement.get();
    if (seen !== undefined && version !== seen) changed();
    seen = version;
  }

  return {
    start() {
      // The worker that listens keeps the process alive, not this timer.
      timer ??= setInterval(look, everyMs).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
