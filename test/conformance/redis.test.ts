import { describe, it } from "vitest";
import { runConformance } from "../../runtime/testing/index.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { redisFactory } from "./redis-factory.ts";

describeRedis(
  "Redis",
  (given) =>
    runConformance(
      { describe, it },
      redisFactory(() => given.url),
    ),
  { shared: true, args: ["--appendonly", "no"] },
);
