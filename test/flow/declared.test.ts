import { describe } from "vitest";
import { postgresPlace, redisPlace, sqlitePlace } from "../e2e/place.ts";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { declaredSuite } from "./declared-suite.ts";
import { memory, storeAt } from "./store.ts";

describe("declared workflows in memory", () => declaredSuite(memory));
describe("declared workflows on SQLite", () => declaredSuite(() => storeAt(sqlitePlace())));
describePostgres(
  "declared workflows on PostgreSQL",
  (given) => declaredSuite(() => storeAt(postgresPlace(given.url))),
  {
    shared: true,
  },
);
describeRedis("declared workflows on Redis", (given) => declaredSuite(() => storeAt(redisPlace(given.url))), {
  shared: true,
});
