import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noServer, type PostgresServer, startPostgres } from "./postgres-server.ts";
import { findPgBouncer, pgBouncerRunner } from "./services/pgbouncer.ts";
import { startedPostgres } from "./services/postgres.ts";
import { reasonToLeaveOut, sourceOf } from "./services/source.ts";

/** A private PostgreSQL, and a PgBouncer in transaction mode before it. */
export interface PooledPostgres {
  /** By way of the pooler. */
  readonly url: string;
  readonly server: PostgresServer;
  stop(): Promise<void>;
}

/** Connections to the server that all clients of the pooler share. */
export const sharedConnections = 3;

/** Where the pooler comes from; one in a container would not reach a server on loopback. */
export const pgBouncerSource = sourceOf({
  service: "PgBouncer",
  find: findPgBouncer,
  package: "pgbouncer",
  container: false,
});

/** Why tests that need the pooler cannot run here; undefined if they can, or if they must. */
export const noPgBouncer = noServer ?? reasonToLeaveOut(pgBouncerSource, "PgBouncer");

export async function startPgBouncer(): Promise<PooledPostgres> {
  const source = pgBouncerSource;
  if (source.kind !== "program") throw new Error(`No PgBouncer can be started: ${reasonOf(source)}.`);
  const server = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), "jobwright-pgbouncer-"));
  const { port: target } = server;
  const runner = await pgBouncerRunner({ binary: source.path, folder, target, poolSize: sharedConnections });
  return {
    url: await startedPostgres(runner),
    server,
    async stop() {
      await runner.end("SIGKILL");
      runner.remove();
      await server.stop();
    },
  };
}

const reasonOf = (source: typeof pgBouncerSource): string => (source.kind === "none" ? source.reason : "no program");
