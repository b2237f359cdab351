import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";
import { schedulesSuite } from "./schedules-suite.ts";

describe("a schedule on SQLite", () => schedulesSuite(sqlitePlace));
describePostgres("a schedule on PostgreSQL", (given) => schedulesSuite(() => postgresPlace(given.url)), {
  shared: true,
});
describeRedis("a schedule on Redis", (given) => schedulesSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
