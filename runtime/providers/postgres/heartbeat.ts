import type { LeaseThread } from "../../contract/index.ts";
import { createDatabase, type Database, type DatabaseOptions } from "./database.ts";
import type { LeaseExtenderData } from "./lease-extender.ts";
import type { PostgresOptions } from "./options.ts";

/**
 * How long a heartbeat waits for its answer, in ms. Shorter than other calls: a dead link must be noticed, and another one
 * tried, before the leases end.
 */
const maxSilenceMs = 5_000;

/** One connection that nothing but heartbeats use; made like those of the application's pool, if there is one. */
export function openHeartbeat({ location, pool, ...rest }: DatabaseOptions): Database {
  const config = { ...location.config, max: 1, min: 0, idleTimeoutMillis: 0, allowExitOnIdle: true };
  const queryTimeoutMs = Math.min(rest.queryTimeoutMs, maxSilenceMs);
  const database = createDatabase({
    ...rest,
    queryTimeoutMs,
    location: { ...location, config: { ...config, query_timeout: queryTimeoutMs } },
    pool: undefined,
  });
  // The application sets its sessions up in these.
  for (const listener of pool?.listeners("connect") ?? []) database.pool.on("connect", (client) => listener(client));
  return database;
}

/** Only what can cross to a thread: not the functions that a configuration may hold, not a test's clock. */
export function leaseThread(
  { clock }: Pick<PostgresOptions, "clock">,
  { pool, location, sessions, queryTimeoutMs }: DatabaseOptions,
  schema: string,
): { readonly leaseThread?: LeaseThread } {
  const data: LeaseExtenderData = { ...location, schema, sessions, queryTimeoutMs };
  if (clock || (pool && pool.listenerCount("connect") > 0)) return {};
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./lease-extender.${extension}`, import.meta.url).href;
  try {
    // Now, because pg hides a key from later copies.
    return { leaseThread: { module, data: structuredClone(data) } };
  } catch {
    return {};
  }
}
