import type { DrizzleSchema, PostgresOptions } from "./options.ts";
import { createPostgresProvider, type PostgresProvider } from "./provider.ts";

/**
 * Keeps jobs in a PostgreSQL database: any number of processes, on any number of hosts.
 *
 * @example
 * const provider = postgres("postgres://app:secret@localhost:5432/app");
 */
export function postgres<Schema extends DrizzleSchema = DrizzleSchema>(
  options: string | PostgresOptions<Schema>,
): PostgresProvider<Schema> {
  return createPostgresProvider(typeof options === "string" ? { url: options } : options);
}

export {
  attempts,
  createTables,
  definitions,
  edges,
  errors,
  gates,
  jobs,
  limits,
  needs,
  meta,
  notes,
  outputs,
  payloads,
  queues,
  schedules,
  starts,
  type Tables,
  tags,
  uniqueJobs,
  uniqueKeys,
} from "../../../drizzle/postgres/tables.ts";
export type { DrizzleSchema, PostgresOptions, PostgresWarning, UserDatabase } from "./options.ts";
export type { PostgresProvider } from "./provider.ts";
export type { PostgresTransaction } from "./transaction.ts";
export type { HandlerTransaction } from "./transactional-handler.ts";
