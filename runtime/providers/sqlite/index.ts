import type { SqliteOptions } from "./options.ts";
import { createSqliteProvider, type SqliteProvider } from "./provider.ts";

/**
 * Keeps jobs in an SQLite file: zero infrastructure, several processes on one host.
 *
 * @example
 * const provider = sqlite("jobs.db");
 */
export function sqlite(options: string | SqliteOptions): SqliteProvider {
  return createSqliteProvider(typeof options === "string" ? { path: options } : options);
}

export {
  attempts,
  definitions,
  errors,
  gates,
  jobs,
  limits,
  meta,
  notes,
  outputs,
  payloads,
  queues,
  schedules,
  starts,
  tags,
  uniqueJobs,
  uniqueKeys,
} from "../../../drizzle/sqlite/tables.ts";
export type { Durability, SqliteOptions, UserDatabase } from "./options.ts";
export type { SqliteProvider } from "./provider.ts";
export type { SqliteTransaction } from "./transaction.ts";
