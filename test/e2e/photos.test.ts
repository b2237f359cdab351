import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { photosSuite } from "./photos-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

describe("the photo album on SQLite", () => photosSuite(sqlitePlace));
describePostgres("the photo album on PostgreSQL", (given) => photosSuite(() => postgresPlace(given.url)), {
  shared: true,
});
describeRedis("the photo album on Redis", (given) => photosSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
