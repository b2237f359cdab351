import type { PoolConfig } from "pg";
import type { LeaseExtender } from "../../contract/index.ts";
import { openHeartbeat } from "./heartbeat.ts";
import { extendLeases } from "./settle.ts";
import { createStatements } from "./statements.ts";
import { noneClaimed, type Store } from "./store.ts";

/** What crosses to the heartbeat thread: how to connect again. */
export interface LeaseExtenderData {
  readonly config: PoolConfig;
  readonly where: string;
  readonly schema: string;
  readonly sessions: boolean;
  readonly queryTimeoutMs: number;
}

/** Runs in the heartbeat thread, over a connection of its own: a busy main thread or pool does not hold it up. */
export function openLeaseExtender(data: unknown): LeaseExtender {
  const { config, where, schema, sessions, queryTimeoutMs } = data as LeaseExtenderData; // made by this provider's leaseThread
  const database = openHeartbeat({ location: { config, where }, pool: undefined, sessions, queryTimeoutMs });
  const store: Store = {
    database,
    statements: createStatements(schema),
    clock: undefined,
    claimed: noneClaimed(),
  };
  return {
    extend: (request) => extendLeases(store, request),
    close: () => database.close(),
  };
}
