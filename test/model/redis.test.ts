import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { redis } from "../../runtime/providers/redis/index.ts";
import { runModel } from "./run-model.ts";
import { noServer, type RedisServer, startRedis } from "../support/redis-server.ts";

const twoMinutes = 120_000;

describe.skipIf(noServer)(`random sequences of calls${noServer ? ` (left out: ${noServer})` : ""}`, () => {
  let server: RedisServer | undefined;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  it(
    "leave Redis as they leave the model",
    () =>
      runModel((clock) => redis({ url: server?.url ?? "", namespace: randomUUID(), clock, onWarning: () => {} }), {
        runs: 200,
      }),
    twoMinutes,
  );
});
