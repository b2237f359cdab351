import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { redisSource, type RedisServer, startRedis } from "./redis-server.ts";
import { patientClient, startedRedis } from "./services/redis.ts";
import { createLocalRunner, freePort } from "./services/runner.ts";
import { reasonToLeaveOut, type Source } from "./services/source.ts";

/** A primary, a replica of it, and three sentinels that watch them, on loopback. */
export interface SentinelSet {
  /** Options of ioredis that lead to the primary, whichever it is. */
  readonly connection: {
    readonly sentinels: { readonly host: string; readonly port: number }[];
    readonly name: string;
  };
  /** The server that is the primary at first, and the one that follows it. */
  readonly servers: readonly [RedisServer, RedisServer];
  /** Until everything that the primary has accepted up to now is on the replica. */
  replicated(): Promise<void>;
  /** Until the sentinels agree that this server is the primary, and it knows it. */
  leads(server: RedisServer): Promise<void>;
  /** Asks the sentinels for a failover, with both servers up. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const source: Source =
  redisSource.kind === "docker"
    ? { kind: "none", reason: "sentinels need the program of Redis on this machine" }
    : redisSource;

/** Why tests that need sentinels cannot run here; undefined if they can, or if they must. */
export const noSentinel = reasonToLeaveOut(source, "Redis Sentinel");

const name = "jobs";

export async function startSentinels(): Promise<SentinelSet> {
  const primary = await startRedis("--appendonly", "yes", "--repl-diskless-sync-delay", "0");
  const replica = await startRedis("--appendonly", "yes", "--replicaof", `127.0.0.1 ${primary.port}`);
  await until(async () => /master_link_status:up/.test(await replica.admin.info("replication")));
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(primary.port)));
  const knows = async ({ admin }: Sentinel): Promise<boolean> => {
    const [replicas, others] = await Promise.all([
      admin.call("SENTINEL", "REPLICAS", name) as Promise<unknown[]>, // a list of lists
      admin.call("SENTINEL", "SENTINELS", name) as Promise<unknown[]>,
    ]);
    return replicas.length === 1 && others.length === sentinels.length - 1;
  };
  await until(async () => (await Promise.all(sentinels.map(knows))).every(Boolean));

  return {
    connection: { sentinels: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })), name },
    servers: [primary, replica],
    async replicated() {
      // WAIT waits for the last write of its own connection.
      await primary.admin.set("replicated", "?");
      await until(async () => (await primary.admin.wait(1, 1_000)) === 1);
    },
    async leads({ port, admin }) {
      await until(async () => {
        const asked = sentinels.map((sentinel) => sentinel.admin.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name));
        const said = (await Promise.all(asked)) as (readonly string[] | null)[]; // host and port
        return said.every((address) => address?.[1] === String(port)) && (await isPrimary(admin));
      });
    },
    async failOver() {
      await until(async () => (await sentinels[0]?.admin.call("SENTINEL", "FAILOVER", name)) === "OK");
    },
    async stop() {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
      await Promise.all([primary, replica].map((server) => server.stop()));
    },
  };
}

interface Sentinel {
  readonly port: number;
  readonly admin: Redis;
  stop(): Promise<void>;
}

async function startSentinel(primary: number): Promise<Sentinel> {
  if (source.kind !== "program") throw new Error("No sentinel can be started.");
  const folder = mkdtempSync(join(tmpdir(), "jobwright-sentinel-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  const settings = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  const args = [file, "--sentinel"];
  const runner = createLocalRunner({ port, command: source.path, args, folder, lastSignal: "KILL" });
  const admin = patientClient(port);
  await startedRedis(runner, admin);
  return {
    port,
    admin,
    async stop() {
      admin.disconnect();
      await runner.end("SIGKILL");
      runner.remove();
    },
  };
}

async function isPrimary(admin: Redis): Promise<boolean> {
  return /role:master/.test(await admin.info("replication"));
}

/** Asks again until it is so; a sentinel that is busy with a failover may refuse to answer. */
async function until(question: () => Promise<boolean>): Promise<void> {
  while (!(await question().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20));
}
