import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type BetterSqlite3 from "better-sqlite3";
import { JobwrightError } from "../../contract/index.ts";
import { loadDriver } from "./driver.ts";
import { storeError } from "./store-error.ts";

/**
 * How long SQLite itself waits for another process's write lock, in ms. It waits synchronously, so this stays below what
 * an event loop notices; `WriteQueue` goes on waiting asynchronously.
 */
const busyTimeoutMs = 20;

/**
 * Checkpoints stay at SQLite's own 1,000 pages: a log that is soon written over is flushed twice as fast as one that
 * still grows.
 */
const walSizeLimitBytes = 64 * 1024 * 1024;

/**
 * Opens (and, unless `mustExist`, creates) a database file with the settings that the promise rests on. `accept` looks at
 * the file before the settings change it, and throws if it is not ours.
 */
export function openDatabase(
  location: string,
  mustExist = false,
  accept: (database: BetterSqlite3.Database) => void = () => undefined,
): BetterSqlite3.Database {
  const path = location === ":memory:" ? location : resolve(location);
  const Database = loadDriver();
  try {
    if (path !== ":memory:" && !mustExist) mkdirSync(dirname(path), { recursive: true });
    const database = new Database(path, { fileMustExist: mustExist, timeout: busyTimeoutMs });
    configure(database, accept);
    return database;
  } catch (error) {
    if (mustExist && !existsSync(path)) {
      throw new JobwrightError("JW_STORE_PATH", `There is no database at ${path}.`, { cause: error });
    }
    throw storeError(error, path);
  }
}

function configure(database: BetterSqlite3.Database, accept: (database: BetterSqlite3.Database) => void): void {
  try {
    accept(database);
    database.pragma("journal_mode = WAL");
    // The provider flushes the log itself: LogFlush.
    database.pragma("synchronous = NORMAL");
    database.pragma(`journal_size_limit = ${walSizeLimitBytes}`);
    database.pragma("trusted_schema = OFF");
    database.pragma("temp_store = MEMORY");
  } catch (error) {
    database.close();
    throw error;
  }
}
