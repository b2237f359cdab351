import { spawnSync } from "node:child_process";
import { Redis } from "ioredis";
import { createLocalRunner, freePort, type Runner } from "./runner.ts";

const defaultUrl = "redis://127.0.0.1:6379";

/** The server program on PATH, if there is one. */
export function findRedis(): string | undefined {
  return ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
}

/** The server at `JOBWRIGHT_TEST_REDIS_URL`, or one that answers on the default port and evicts nothing. */
export async function givenRedis(): Promise<string | undefined> {
  const named = process.env["JOBWRIGHT_TEST_REDIS_URL"];
  if (named !== undefined) return named;
  const client = new Redis(defaultUrl, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {});
  try {
    await client.connect();
    const [, policy] = await client.config("GET", "maxmemory-policy");
    return policy === "noeviction" ? defaultUrl : undefined;
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}

export interface PrivateRedis {
  /** What `findRedis` found. */
  readonly binary: string;
  /** An empty folder, or one that such a server has used before. */
  readonly folder: string;
  /** Of redis-server. */
  readonly args: readonly string[];
  /** Whether the folder stays when this process is killed. Default false. */
  readonly keep?: boolean;
}

/** A server on a free port of loopback. */
export async function redisRunner({ binary, folder, args, keep }: PrivateRedis): Promise<Runner> {
  const port = await freePort();
  return createLocalRunner({
    port,
    command: binary,
    args: ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...args],
    folder,
    lastSignal: "KILL",
    keep,
  });
}

/** A client that waits for its server as long as it takes. */
export function patientClient(port: number): Redis {
  const client = new Redis(port, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  return client;
}

/** Starts the server and asks until it has loaded its data. */
export async function startedRedis(runner: Runner, client: Redis): Promise<void> {
  await runner.start();
  await Promise.race([answers(client), runner.failed]);
}

async function answers(client: Redis): Promise<void> {
  for (;;) {
    const pong = await client.ping().catch(() => undefined);
    if (pong === "PONG") return;
  }
}

/** Every key of a namespace. */
export async function keysOf(client: Redis, namespace: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await client.scan(cursor, "MATCH", `{${namespace}}:*`, "COUNT", 1_000);
    cursor = next;
    keys.push(...found);
  } while (cursor !== "0");
  return keys.sort();
}

/** Deletes every key of a namespace. */
export async function dropNamespace(url: string, namespace: string): Promise<void> {
  const client = new Redis(url);
  const keys = await keysOf(client, namespace);
  for (let at = 0; at < keys.length; at += 1_000) await client.unlink(...keys.slice(at, at + 1_000));
  client.disconnect();
}
