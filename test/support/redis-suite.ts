import { givenUrl, noServer, type RedisServer, startRedis } from "./redis-server.ts";
import { describeServer, type Given } from "./server-suite.ts";

export { dropNamespace } from "./services/redis.ts";

/** `shared`: a given server will do. */
export function describeRedis(
  name: string,
  body: (given: Given<RedisServer>) => void,
  { shared = false, args = [] }: { readonly shared?: boolean; readonly args?: readonly string[] } = {},
): void {
  const start = (): Promise<RedisServer> => startRedis(...args);
  describeServer(name, { url: shared ? givenUrl : undefined, missing: noServer, start }, body);
}
