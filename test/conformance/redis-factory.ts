import { randomUUID } from "node:crypto";
import { redis } from "../../runtime/providers/redis/index.ts";
import type { ConformanceFactory } from "../../runtime/testing/index.ts";
import { dropNamespace } from "../support/redis-suite.ts";

/** A new namespace per case, on the server that `url` gives. */
export function redisFactory(url: () => string): ConformanceFactory {
  return {
    capabilities: { transactions: "none", durable: true, reach: "network" },
    createStore(clock) {
      const namespace = `test-${randomUUID()}`;
      return {
        open: () => redis({ url: url(), namespace, clock, onWarning: () => {} }),
        dispose: () => dropNamespace(url(), namespace),
      };
    },
  };
}
