import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unprivileged } from "./postgres.ts";
import { createLocalRunner, freePort, type Runner } from "./runner.ts";

/** This machine's program, if there is one. */
export function findPgBouncer(): string | undefined {
  return ["pgbouncer", "/usr/sbin/pgbouncer"].find((name) => spawnSync(name, ["--version"]).status === 0);
}

export interface PrivatePgBouncer {
  /** What `findPgBouncer` found. */
  readonly binary: string;
  /** An empty folder. */
  readonly folder: string;
  /** Port of the PostgreSQL behind it, on loopback. */
  readonly target: number;
  /** Connections that all clients share. */
  readonly poolSize: number;
}

/** A pooler in transaction mode on a free port of loopback that lets everybody in, as `postgres`. */
export async function pgBouncerRunner({ binary, folder, target, poolSize }: PrivatePgBouncer): Promise<Runner> {
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  // Start-up parameters that it does not know are refused, as they are when nobody set it up for jobwright.
  const settings = [
    "[databases]",
    `* = host=127.0.0.1 port=${target} user=postgres`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    `default_pool_size = ${poolSize}`,
    "max_client_conn = 200",
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  chmodSync(folder, 0o755);
  const user = unprivileged();
  return createLocalRunner({ port, command: binary, args: [file], folder, lastSignal: "KILL", user });
}
