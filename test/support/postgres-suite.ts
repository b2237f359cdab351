import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { givenUrl, noServer, type PostgresServer, startPostgres } from "./postgres-server.ts";

export { dropSchema } from "./services/postgres.ts";

/** A server for the tests of one file. */
export interface SuiteServer {
  readonly url: string;
  readonly server: PostgresServer;
}

/** A group of tests with a private server, or left out with the reason in its name. `shared`: a given server will do. */
export function describePostgres(
  name: string,
  body: (given: SuiteServer) => void,
  { shared = false, settings = [] }: { readonly shared?: boolean; readonly settings?: readonly string[] } = {},
): void {
  const url = shared ? givenUrl : undefined;
  const missing = url === undefined ? noServer : undefined;
  describe.skipIf(missing)(missing ? `${name} (left out: ${missing})` : name, () => {
    let server: PostgresServer | undefined;

    beforeAll(async () => {
      if (url === undefined) server = await startPostgres(...settings);
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

function running(server: PostgresServer | undefined): PostgresServer {
  if (!server) throw new Error("The server is not running.");
  return server;
}

export function newSchemaName(): string {
  return `test_${randomUUID().replaceAll("-", "")}`;
}
