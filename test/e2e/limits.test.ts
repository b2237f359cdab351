import { describe } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { limitsSuite } from "./limits-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

describe("SQLite", () => limitsSuite(sqlitePlace));
describePostgres("PostgreSQL", (given) => limitsSuite(() => postgresPlace(given.url)), { shared: true });
describeRedis("Redis", (given) => limitsSuite(() => redisPlace(given.url)), { args: ["--appendonly", "yes"] });
