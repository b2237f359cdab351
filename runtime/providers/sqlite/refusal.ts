import type { Lease, Settlement } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import * as statements from "./statements.ts";

/** Why a fenced call found no open lease. */
export function refusal(connection: Connection, lease: Lease): Settlement {
  const row = connection.get<{ fence: number }>(statements.selectFence, { id: lease.id });
  return row?.fence === lease.fence ? "alreadyDone" : "stale";
}
