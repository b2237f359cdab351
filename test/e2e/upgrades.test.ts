import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";
import { upgradesSuite } from "./upgrades-suite.ts";

describe("rolling deploys on SQLite", () => upgradesSuite(sqlitePlace));
describePostgres("rolling deploys on PostgreSQL", (given) => upgradesSuite(() => postgresPlace(given.url)), {
  shared: true,
});
describeRedis("rolling deploys on Redis", (given) => upgradesSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
