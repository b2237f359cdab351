import type BetterSqlite3 from "better-sqlite3";
import { JobwrightError, type LeaseThread } from "../../contract/index.ts";
import type { SqliteOptions } from "./options.ts";

/* Where the database is that the options mean. */

export function describePath(options: SqliteOptions): string {
  const database = userDatabase(options);
  if (database) return database.name;
  if (typeof options.path === "string" && options.path !== "") return options.path;
  throw new JobwrightError("JW_INVALID_OPTION", "The SQLite provider needs a `path` or a `database`.", {
    hint: 'Call it as `sqlite("jobs.db")`.',
  });
}

export function userDatabase(options: SqliteOptions): BetterSqlite3.Database | undefined {
  const database = options.database;
  if (!database) return undefined;
  return "$client" in database ? database.$client : database;
}

export function leaseThread(path: string): LeaseThread {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return { module: new URL(`./lease-extender.${extension}`, import.meta.url).href, data: { path } };
}
