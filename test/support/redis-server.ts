import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A private server on a free port of loopback, in a temporary folder. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** A client for what tests do to the server. */
  readonly admin: Redis;
  /** kill −9: as if the process had crashed. */
  kill(): Promise<void>;
  /** Starts again on the same port and folder, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const binaries = ["redis-server", "valkey-server"];

/** The server program on PATH, if there is one. */
const redisBinary = binaries.find((name) => spawnSync(name, ["--version"]).status === 0);

/** Address of a server to use for the conformance suite instead of a private one. */
export const givenUrl = process.env["JOBWRIGHT_TEST_REDIS_URL"];

/**
 * Why tests that need a server cannot run here; undefined if they can. Where `JOBWRIGHT_TEST_SERVERS` is `required`, as
 * in `.ci/run`, nothing is left out: starting the server fails there, and the tests with it.
 */
export const noServer =
  redisBinary === undefined && process.env["JOBWRIGHT_TEST_SERVERS"] !== "required"
    ? "neither redis-server nor valkey-server is on PATH"
    : undefined;

export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  if (!redisBinary) throw new Error("Neither redis-server nor valkey-server is on PATH.");
  const binary = redisBinary;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "jobwright-redis-"));
  const admin = new Redis(port, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  admin.on("error", () => {});
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const standard = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--save",
      "",
      "--loglevel",
      "warning",
    ];
    child = spawn(binary, [...standard, ...args], { stdio: "ignore" });
    await answers(admin);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    admin,
    kill: () => end("SIGKILL"),
    restart: start,
    async stop() {
      admin.disconnect();
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asked again until it has loaded its data. */
async function answers(admin: Redis): Promise<void> {
  for (;;) {
    const pong = await admin.ping().catch(() => undefined);
    if (pong === "PONG") return;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("the operating system gave no port");
  return address.port;
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
