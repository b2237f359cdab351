import type BetterSqlite3 from "better-sqlite3";
import { close, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";

/**
 * Makes commits durable without blocking the event loop. SQLite's own `synchronous = FULL` flushes the write-ahead log
 * inside of COMMIT, so that nothing else runs meanwhile. Here a connection commits with `synchronous = NORMAL`, which
 * leaves the same frames in the same file, and the log is flushed by the thread pool before callers hear of success.
 *
 * A log that is reset after a checkpoint is covered: under NORMAL SQLite flushes the log before it copies pages from it,
 * and the database before it starts the log anew (https://www.sqlite.org/wal.html, section 2.2).
 */
export interface LogFlush {
  /** Resolves when everything that was committed before this call is on the disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const flushFile = promisify(fdatasync);
const closeFile = promisify(close);

export function createLogFlush(database: BetterSqlite3.Database): LogFlush {
  // As SQLite itself found it: absolute, links followed.
  const path = `${fileOf(database)}-wal`;
  let file: number | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** The log exists as long as a connection is open, and is opened only once. */
  async function flushOnce(): Promise<void> {
    file ??= openSync(path, "r+");
    await flushFile(file);
  }

  /**
   * A failure stays: the kernel may have dropped the pages and would report success to a second try
   * (https://wiki.postgresql.org/wiki/Fsync_Errors).
   */
  function start(): Promise<void> {
    const started = flushOnce();
    running = started;
    started.then(
      () => (running = undefined),
      () => undefined,
    );
    return started;
  }

  return {
    flush() {
      if (!running) return start();
      // A flush that has begun may have missed the latest commit; one more covers everybody who comes meanwhile.
      next ??= running.then(() => {
        next = undefined;
        return start();
      });
      return next;
    },
    async close() {
      await (next ?? running)?.catch(() => undefined);
      const closing = file;
      file = undefined;
      if (closing !== undefined) await closeFile(closing);
    },
  };
}

function fileOf(database: BetterSqlite3.Database): string {
  const files = database.pragma("database_list") as readonly { readonly name: string; readonly file: string }[]; // its columns
  return files.find(({ name }) => name === "main")?.file ?? "";
}

/** Whether a commit on this connection reaches the disk only with a `LogFlush`. */
export function needsLogFlush(database: BetterSqlite3.Database): boolean {
  const flushesItself = Number(database.pragma("synchronous", { simple: true })) >= 2;
  return !flushesItself && database.pragma("journal_mode", { simple: true }) === "wal";
}
