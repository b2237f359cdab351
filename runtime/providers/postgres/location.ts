import type { Pool, PoolConfig } from "pg";
import { JobwrightError } from "../../contract/index.ts";
import { loadDriver } from "./driver.ts";
import { defaultQueryTimeoutMs, type PostgresOptions, type UserDatabase } from "./options.ts";

/** How to connect; plain data, unless the application put functions into it. */
export interface Location {
  readonly config: PoolConfig;
  /** For messages: never with the password. */
  readonly where: string;
}

const connectTimeoutMs = 5_000;
/** As many as a worker needs; more only queue up at the server. */
const defaultPoolSize = 5;

export function locationOf(options: PostgresOptions): Location {
  const pool = options.database && poolOf(options.database);
  const config = pool ? configOf(pool) : ownConfig(options);
  return { config, where: describe(config) };
}

/** How many connections the pool makes at most; pg's default if it does not say. */
export function poolSize({ config: { max } }: Location): number {
  return max ?? 10;
}

export function poolOf(database: UserDatabase): Pool {
  const pool = "$client" in database ? database.$client : database;
  if (typeof pool?.connect === "function" && "totalCount" in pool) return pool;
  throw new JobwrightError("JW_INVALID_OPTION", "database is neither a `pg.Pool` nor a Drizzle database on one.", {
    hint: "Pass `new Pool(…)` or `drizzle(pool)`; a single client cannot serve calls that overlap.",
  });
}

/** How an application's pool connects. pg hides its secrets from whoever copies the options. */
function configOf({ options: { password, ssl, ...rest } }: Pool): PoolConfig {
  return {
    ...rest,
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl: typeof ssl === "object" ? { ...ssl, ...(ssl.key && { key: ssl.key }) } : ssl }),
  };
}

function ownConfig({ url, connection, pooler, queryTimeoutMs = defaultQueryTimeoutMs }: PostgresOptions): PoolConfig {
  return {
    max: defaultPoolSize,
    keepAlive: true,
    // A script that enqueues and is done ends, also if it forgets to stop the provider.
    allowExitOnIdle: true,
    connectionTimeoutMillis: Math.min(connectTimeoutMs, queryTimeoutMs),
    query_timeout: queryTimeoutMs,
    // A start-up parameter, which a pooler may refuse.
    ...(pooler === "transaction" ? {} : { application_name: "jobwright" }),
    ...(url !== undefined && { connectionString: url }),
    ...connection,
  };
}

function describe(config: PoolConfig): string {
  const { Client } = loadDriver();
  try {
    // Makes no connection; it knows how URL, options and environment go together.
    const { host, port, database } = new Client(config);
    return `${database ?? ""} at ${host}:${port}`;
  } catch {
    // The error would quote the URL, and with it the password.
    throw new JobwrightError("JW_INVALID_OPTION", "The URL of the database cannot be understood.", {
      hint: "Write it as `postgres://user:password@host:port/database`, with special characters %-encoded.",
    });
  }
}
