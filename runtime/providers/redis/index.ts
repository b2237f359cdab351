import type { RedisOptions } from "./options.ts";
import { createRedisProvider, type RedisProvider } from "./provider.ts";

/**
 * Keeps jobs in Redis (6.2 or newer), Valkey, or a cluster of either. The server must not evict keys, and should have an
 * append-only file.
 *
 * @example
 * const provider = redis("redis://localhost:6379");
 */
export function redis(options: string | RedisOptions = {}): RedisProvider {
  return createRedisProvider(typeof options === "string" ? { url: options } : options);
}

export type { RedisOptions, RedisWarning } from "./options.ts";
export type { RedisHealth, RedisProvider } from "./provider.ts";
