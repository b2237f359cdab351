import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { createContainerRunner } from "./services/container.ts";
import { findRedis, givenRedis, patientClient, redisRunner, startedRedis } from "./services/redis.ts";
import type { Runner } from "./services/runner.ts";
import { reasonToLeaveOut, sourceOf } from "./services/source.ts";

export { keysOf } from "./services/redis.ts";
export { freePort } from "./services/runner.ts";

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

/** Where private servers come from. */
export const redisSource = sourceOf({ service: "Redis", find: findRedis, package: "redis-server" });

/** Address of a server to use instead of a private one, for tests that do not harm it. */
export const givenUrl = await givenRedis();

/** Why tests that need a private server cannot run here; undefined if they can, or if they must. */
export const noServer = reasonToLeaveOut(redisSource, "a private Redis");

/** `args`: of redis-server. Default: nothing is kept on disk. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const runner = await runnerOf(["--save", "", "--loglevel", "warning", ...args]);
  const admin = patientClient(runner.port);
  await startedRedis(runner, admin);
  return {
    port: runner.port,
    url: `redis://127.0.0.1:${runner.port}`,
    admin,
    kill: () => runner.end("SIGKILL"),
    restart: () => startedRedis(runner, admin),
    async stop() {
      admin.disconnect();
      await runner.end("SIGKILL");
      runner.remove();
    },
  };
}

function runnerOf(args: readonly string[]): Promise<Runner> {
  const source = redisSource;
  if (source.kind === "none") throw new Error(`No Redis can be started: ${source.reason}.`);
  if (source.kind === "program") {
    return redisRunner({ binary: source.path, folder: mkdtempSync(join(tmpdir(), "jobwright-redis-")), args });
  }
  return createContainerRunner({ name: "redis:8-alpine", port: 6379, args: ["redis-server", ...args] });
}
