import { describeRedis } from "../support/redis-suite.ts";
import { redisPlace } from "./place.ts";
import { processSuite } from "./process-suite.ts";

// A server with an append-only file, as it should be in production.
describeRedis("Redis", (given) => processSuite(() => redisPlace(given.url)), { args: ["--appendonly", "yes"] });
