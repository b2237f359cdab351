import { afterAll, beforeAll, describe } from "vitest";

/** A server for the tests of one file. */
export interface Given<Server> {
  readonly url: string;
  readonly server: Server;
}

export interface SuiteOptions<Server> {
  /** Of a server that is given, if it will do. */
  readonly url: string | undefined;
  /** Why a private server cannot be had; undefined if it can. */
  readonly missing: string | undefined;
  readonly start: () => Promise<Server>;
}

/** A group of tests with a given or a private server, or left out with the reason in its name. */
export function describeServer<Server extends { readonly url: string; stop(): Promise<void> }>(
  name: string,
  { url, missing: noServer, start }: SuiteOptions<Server>,
  body: (given: Given<Server>) => void,
): void {
  const missing = url === undefined ? noServer : undefined;
  describe.skipIf(missing)(missing ? `${name} (left out: ${missing})` : name, () => {
    let server: Server | undefined;

    beforeAll(async () => {
      if (url === undefined) server = await start();
    });
    afterAll(() => server?.stop());

    function running(): Server {
      if (!server) throw new Error("The server is not running.");
      return server;
    }
    body({
      get url() {
        return url ?? running().url;
      },
      get server() {
        return running();
      },
    });
  });
}
