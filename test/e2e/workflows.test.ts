import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";
import { workflowsSuite } from "./workflows-suite.ts";

describe("declared workflows on SQLite", () => workflowsSuite(sqlitePlace));
describePostgres("declared workflows on PostgreSQL", (given) => workflowsSuite(() => postgresPlace(given.url)), {
  shared: true,
});
describeRedis("declared workflows on Redis", (given) => workflowsSuite(() => redisPlace(given.url)), {
  args: ["--appendonly", "yes"],
});
