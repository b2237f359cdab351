import { describe, it } from "vitest";
import { runConformance } from "../../runtime/testing/index.ts";
import { describePostgres } from "../support/postgres-suite.ts";
import { nulIsRefused, postgresFactory } from "./postgres-factory.ts";

describePostgres(
  "PostgreSQL",
  (given) =>
    runConformance(
      { describe, it },
      postgresFactory(() => given.url),
      { skip: [nulIsRefused] },
    ),
  { shared: true },
);
