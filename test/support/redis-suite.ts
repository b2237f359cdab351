import { afterAll, beforeAll, describe } from "vitest";
import { givenUrl, noServer, type RedisServer, startRedis } from "./redis-server.ts";

export { dropNamespace } from "./services/redis.ts";

/** A server for the tests of one file. */
export interface RedisSuiteServer {
  readonly url: string;
  readonly server: RedisServer;
}

/** A group of tests with a private server, or left out with the reason in its name. `shared`: a given server will do. */
export function describeRedis(
  name: string,
  body: (given: RedisSuiteServer) => void,
  { shared = false, args = [] }: { readonly shared?: boolean; readonly args?: readonly string[] } = {},
): void {
  const url = shared ? givenUrl : undefined;
  const missing = url === undefined ? noServer : undefined;
  describe.skipIf(missing)(missing ? `${name} (left out: ${missing})` : name, () => {
    let server: RedisServer | undefined;

    beforeAll(async () => {
      if (url === undefined) server = await startRedis(...args);
    });
    afterAll(() => server?.stop());

    body({
      get url() {
        return url ?? running(server).url;
      },
      get server() {
        return running(server);
      },
    });
  });
}

function running(server: RedisServer | undefined): RedisServer {
  if (!server) throw new Error("The server is not running.");
  return server;
}
