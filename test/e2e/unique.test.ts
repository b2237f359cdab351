import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";
import { uniqueSuite } from "./unique-suite.ts";

describe("unique keys on SQLite", () => uniqueSuite(sqlitePlace));
describePostgres("unique keys on PostgreSQL", (given) => uniqueSuite(() => postgresPlace(given.url)), { shared: true });
describeRedis("unique keys on Redis", (given) => uniqueSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
