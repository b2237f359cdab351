import { afterAll, beforeAll, describe } from "vitest";
import { noPgBouncer, type PooledPostgres, startPgBouncer } from "./pgbouncer.ts";
import type { SuiteServer } from "./postgres-suite.ts";

/** A group of tests with a private pooler and server, or left out with the reason in its name. */
export function describePgBouncer(name: string, body: (given: SuiteServer) => void): void {
  describe.skipIf(noPgBouncer)(noPgBouncer ? `${name} (left out: ${noPgBouncer})` : name, () => {
    let pooled: PooledPostgres | undefined;

    beforeAll(async () => {
      pooled = await startPgBouncer();
    });
    afterAll(() => pooled?.stop());

    const running = (): PooledPostgres => {
      if (!pooled) throw new Error("The pooler is not running.");
      return pooled;
    };
    body({
      get url() {
        return running().url;
      },
      get server() {
        return running().server;
      },
    });
  });
}
