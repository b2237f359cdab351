import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { flowsSuite } from "./flows-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

describe("flows on SQLite", () => flowsSuite(sqlitePlace));
describePostgres("flows on PostgreSQL", (given) => flowsSuite(() => postgresPlace(given.url)), { shared: true });
describeRedis("flows on Redis", (given) => flowsSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
