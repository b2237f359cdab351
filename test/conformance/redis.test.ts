import { afterAll, beforeAll, describe, it } from "vitest";
import { runConformance } from "../../runtime/testing/index.ts";
import { givenUrl, noServer, type RedisServer, startRedis } from "../support/redis-server.ts";
import { redisFactory } from "./redis-factory.ts";

const missing = givenUrl === undefined ? noServer : undefined;

describe.skipIf(missing)(`Redis${missing ? ` (left out: ${missing})` : ""}`, () => {
  let server: RedisServer | undefined;

  beforeAll(async () => {
    if (givenUrl === undefined) server = await startRedis("--appendonly", "no");
  });
  afterAll(() => server?.stop());

  runConformance(
    { describe, it },
    redisFactory(() => givenUrl ?? server?.url ?? ""),
  );
});
