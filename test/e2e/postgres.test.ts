import { describePostgres } from "../support/postgres-suite.ts";
import { postgresPlace } from "./place.ts";
import { processSuite } from "./process-suite.ts";

describePostgres("PostgreSQL", (given) => processSuite(() => postgresPlace(given.url)), { shared: true });
