import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createContainerRunner } from "./services/container.ts";
import { createLocalRunner, freePort, type Runner } from "./services/runner.ts";
import { reasonToLeaveOut, sourceOf } from "./services/source.ts";

export { freePort };

/** A private server on a free port of loopback, in a temporary folder. It does not outlive this process. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A client for what tests do to the server. */
  readonly admin: Redis;
  /** kill −9: as if the process had crashed. */
  kill(): Promise<void>;
  /** Starts again on the same port and folder, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const binaries = ["redis-server", "valkey-server"];
const image = "redis:8-alpine";
const defaultUrl = "redis://127.0.0.1:6379";

/** Where private servers come from. */
export const redisSource = sourceOf({
  service: "Redis",
  find: () => binaries.find((name) => spawnSync(name, ["--version"]).status === 0),
  package: "redis-server",
});

/**
 * Address of a server to use instead of a private one, for tests that do not harm it: the one that
 * `JOBWRIGHT_TEST_REDIS_URL` names, or one that answers on the default port and evicts nothing.
 */
export const givenUrl = process.env["JOBWRIGHT_TEST_REDIS_URL"] ?? (await usable(defaultUrl));

/** Why tests that need a private server cannot run here; undefined if they can, or if they must. */
export const noServer = reasonToLeaveOut(redisSource, "a private Redis");

async function usable(url: string): Promise<string | undefined> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {});
  try {
    await client.connect();
    const [, policy] = await client.config("GET", "maxmemory-policy");
    return policy === "noeviction" ? url : undefined;
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}

/** `args`: of redis-server. Default: nothing is kept on disk. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const runner = await runnerOf(["--save", "", "--loglevel", "warning", ...args]);
  const admin = new Redis(runner.port, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  admin.on("error", () => {});

  async function start(): Promise<void> {
    await runner.start();
    await Promise.race([answers(admin), runner.failed]);
  }

  await start();
  return {
    port: runner.port,
    url: `redis://127.0.0.1:${runner.port}`,
    admin,
    kill: () => runner.end("SIGKILL"),
    restart: start,
    async stop() {
      admin.disconnect();
      await runner.end("SIGKILL");
      runner.remove();
    },
  };
}

async function runnerOf(args: readonly string[]): Promise<Runner> {
  if (redisSource.kind === "none") throw new Error(`No Redis can be started: ${redisSource.reason}.`);
  if (redisSource.kind === "docker")
    return createContainerRunner({ name: image, port: 6379, args: ["redis-server", ...args] });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "jobwright-redis-"));
  return createLocalRunner({
    port,
    command: redisSource.path,
    args: ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...args],
    folder,
    lastSignal: "KILL",
  });
}

/** Asked again until it has loaded its data. */
async function answers(admin: Redis): Promise<void> {
  for (;;) {
    const pong = await admin.ping().catch(() => undefined);
    if (pong === "PONG") return;
  }
}

/** Every key of a namespace. */
export async function keysOf(admin: Redis, namespace: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await admin.scan(cursor, "MATCH", `{${namespace}}:*`, "COUNT", 1_000);
    cursor = next;
    keys.push(...found);
  } while (cursor !== "0");
  return keys.sort();
}
