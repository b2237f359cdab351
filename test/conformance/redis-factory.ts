import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { redis } from "../../runtime/providers/redis/index.ts";
import type { ConformanceFactory } from "../../runtime/testing/index.ts";
import { keysOf } from "../support/redis-server.ts";

/** A new namespace per case, on the server that `url` gives. */
export function redisFactory(url: () => string): ConformanceFactory {
  return {
    capabilities: { transactions: "none", durable: true, multiProcess: true },
    createStore(clock) {
      const namespace = `test-${randomUUID()}`;
      return {
        open: () => redis({ url: url(), namespace, clock, onWarning: () => {} }),
        async dispose() {
          const admin = new Redis(url());
          const keys = await keysOf(admin, namespace);
          if (keys.length > 0) await admin.unlink(...keys);
          admin.disconnect();
        },
      };
    },
  };
}
