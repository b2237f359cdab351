import { randomBytes } from "node:crypto";
import type { LeaseExtender } from "../../contract/index.ts";
import { createClient, type Target } from "./client.ts";
import { createConnection } from "./connection.ts";
import { extendLeases } from "./deliver.ts";

export interface LeaseExtenderData {
  readonly target: Target;
  readonly namespace: string;
  readonly timeoutMs: number;
}

/** Runs in the heartbeat thread: the same store over a connection of its own. */
export function openLeaseExtender(data: unknown): LeaseExtender {
  const { target, namespace, timeoutMs } = data as LeaseExtenderData; // made by this provider's leaseThread
  const client = createClient(target);
  const origin = randomBytes(6).toString("base64url");
  const connection = createConnection({ client, owned: true, namespace, origin, timeoutMs, clock: undefined });
  return {
    extend: (request) => extendLeases(async (script, args) => (await connection.run(script, args)).result, request),
    close: async () => client.disconnect(),
  };
}
