import { afterAll } from "vitest";
import { postgres } from "../../runtime/providers/postgres/index.ts";
import type { ConformanceFactory } from "../../runtime/testing/index.ts";
import { createSchemaPool } from "../support/postgres-schemas.ts";

/** An empty schema per case, on the server that `url` gives; to be called within a suite. */
export function postgresFactory(url: () => string, pooler: "none" | "transaction" = "none"): ConformanceFactory {
  const schemas = createSchemaPool(url);
  afterAll(() => schemas.end());
  return {
    capabilities: { transactions: "async", durable: true, reach: "network", transactionalHandlers: true },
    createStore(clock) {
      const schema = schemas.take();
      return {
        open: () => postgres({ url: url(), schema, clock, pooler, onWarning: () => {} }),
        dispose: () => schemas.giveBack(schema),
      };
    },
  };
}

/** PostgreSQL's text cannot hold U+0000. JSON, which is all that clients write, escapes it. */
export const nulIsRefused = {
  name: "opaque text: NUL characters comes back unchanged as payload, output and error message",
  reason: "PostgreSQL's text holds no U+0000; it is refused with JW_INVALID_INPUT",
};
