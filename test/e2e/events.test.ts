import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { eventsSuite } from "./events-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

describe("SQLite", () => eventsSuite(sqlitePlace));
describePostgres("PostgreSQL", (given) => eventsSuite(() => postgresPlace(given.url)), { shared: true });
describeRedis("Redis", (given) => eventsSuite(() => redisPlace(given.url)), { shared: true });
