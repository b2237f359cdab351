import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Pool, PoolConfig } from "pg";
import { type Clock, JobwrightError } from "../../contract/index.ts";
import { defaultSchema } from "../../../drizzle/postgres/tables.ts";

/** The tables that an application gave to its Drizzle database. */
export type DrizzleSchema = Record<string, unknown>;

/** The application's own `pg.Pool`, or its Drizzle database on one. It is used as it is, and never closed. */
export type UserDatabase<Schema extends DrizzleSchema = DrizzleSchema> =
  | Pool
  | (NodePgDatabase<Schema> & { readonly $client: Pool });

export interface PostgresOptions<Schema extends DrizzleSchema = DrizzleSchema> {
  /** `postgres://user:password@host:port/database`. Default: what the variables `PGHOST`, `PGUSER`, … say. */
  readonly url?: string;
  /** Options of pg for the provider's own pool, added to `url`: TLS, credentials, `max` (default 5), time limits. */
  readonly connection?: PoolConfig;
  /** Instead of both: the application's own pool or Drizzle database. */
  readonly database?: UserDatabase<Schema>;
  /** Name of the database schema that holds the tables. Several stores can share a database. Default `"jobwright"`. */
  readonly schema?: string;
  /** `"transaction"`: connections go through a pooler in transaction mode, such as PgBouncer. Default `"none"`. */
  readonly pooler?: "none" | "transaction";
  /** Create or upgrade the tables at start. Default true. */
  readonly migrate?: boolean;
  /** How long a statement may take until its connection is given up, in ms. Default 15,000. */
  readonly queryTimeoutMs?: number;
  /** Hears what an operator should know. Default: `process.emitWarning`. */
  readonly onWarning?: (warning: PostgresWarning) => void;
  /** For tests. Default: the clock of the database. */
  readonly clock?: Clock;
}

/** What a server is set to that an operator should know of. */
export interface PostgresWarning {
  readonly code: /** `fsync` or `synchronous_commit` is off: a crash of the server may forget what it accepted. */
  "not-durable";
  readonly message: string;
}

export const defaultQueryTimeoutMs = 15_000;

/** Timers take at most so many ms. */
const maxTimerMs = 2 ** 31 - 1;

/** The time limit, checked: pg takes zero for none, and a timer takes a larger one for 1 ms. */
export function queryTimeoutOf({ queryTimeoutMs = defaultQueryTimeoutMs }: PostgresOptions): number {
  // From JavaScript it may be anything.
  if (typeof queryTimeoutMs === "number" && queryTimeoutMs >= 1 && queryTimeoutMs <= maxTimerMs) return queryTimeoutMs;
  throw new JobwrightError("JW_INVALID_OPTION", `queryTimeoutMs is ${String(queryTimeoutMs)}.`, {
    hint: `Give milliseconds, from 1 to ${maxTimerMs}, or leave it out for ${defaultQueryTimeoutMs}.`,
  });
}

/** PostgreSQL cuts longer names off silently. */
const maxNameBytes = 63;

/** The schema's name, checked. Any text can be quoted; what is refused would be another schema than the one named. */
export function schemaOf({ schema = defaultSchema }: Pick<PostgresOptions, "schema">): string {
  const refusal = refusalOf(schema);
  if (refusal === undefined) return schema;
  throw new JobwrightError("JW_INVALID_OPTION", `schema is ${JSON.stringify(schema)}, which ${refusal}.`, {
    hint: `Give the tables a schema of their own, such as ${JSON.stringify(defaultSchema)}.`,
  });
}

function refusalOf(schema: unknown): string | undefined {
  if (typeof schema !== "string" || schema === "") return "is not the name of a schema";
  if (schema.includes("\0") || !schema.isWellFormed()) return "PostgreSQL cannot hold";
  if (Buffer.byteLength(schema) > maxNameBytes) return `is longer than ${maxNameBytes} bytes`;
  if (schema === "public" || schema === "information_schema" || schema.startsWith("pg_")) return "others use too";
  return undefined;
}
