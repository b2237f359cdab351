import { afterAll, it } from "vitest";
import { postgres } from "../../runtime/providers/postgres/index.ts";
import { describePostgres, dropSchema, newSchemaName } from "../support/postgres-suite.ts";
import { runModel } from "./run-model.ts";

const twoMinutes = 120_000;

describePostgres(
  "random sequences of calls, lost replies and stale handles",
  (given) => {
    const schemas: string[] = [];
    afterAll(async () => {
      for (const schema of schemas) await dropSchema(given.url, schema);
    });

    it(
      "leave PostgreSQL as they leave the model",
      () =>
        runModel(
          (clock) => {
            const schema = newSchemaName();
            schemas.push(schema);
            return postgres({ url: given.url, schema, clock, onWarning: () => {} });
          },
          { runs: 30 },
        ),
      twoMinutes,
    );
  },
  { shared: true },
);
