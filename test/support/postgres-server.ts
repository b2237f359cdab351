import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContainerRunner } from "./services/container.ts";
import { findPostgres, givenPostgres, postgresRunner, startedPostgres } from "./services/postgres.ts";
import type { Runner } from "./services/runner.ts";
import { reasonToLeaveOut, sourceOf } from "./services/source.ts";

export { runSql } from "./services/postgres.ts";

/** A private server on a free port of loopback, in a temporary folder. It does not outlive this process. */
export interface PostgresServer {
  readonly port: number;
  readonly url: string;
  /** SIGQUIT, as `pg_ctl stop -m immediate`: every process ends at once, and recovery follows at the next start. */
  crash(): Promise<void>;
  /** Starts again on the same port and folder, after `crash`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Where private servers come from. */
export const postgresSource = sourceOf({ service: "PostgreSQL", find: findPostgres, package: "postgresql" });

/** Address of a server to use instead of a private one, for tests that do not harm it. */
export const givenUrl = await givenPostgres();

/** Why tests that need a private server cannot run here; undefined if they can, or if they must. */
export const noServer = reasonToLeaveOut(postgresSource, "a private PostgreSQL");

/** `settings`: `name=value`. Default: nothing is flushed, as what is tested is the protocol. */
export async function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  const runner = await runnerOf(["fsync=off", "full_page_writes=off", "max_connections=200", ...settings]);
  const url = await startedPostgres(runner);
  return {
    port: runner.port,
    url,
    crash: () => runner.end("SIGQUIT"),
    async restart() {
      await startedPostgres(runner);
    },
    async stop() {
      await runner.end("SIGQUIT");
      runner.remove();
    },
  };
}

function runnerOf(settings: readonly string[]): Promise<Runner> {
  const source = postgresSource;
  if (source.kind === "none") throw new Error(`No PostgreSQL can be started: ${source.reason}.`);
  if (source.kind === "program") {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-postgres-"));
    return postgresRunner({ binaries: source.path, folder, settings });
  }
  return createContainerRunner({
    name: "postgres:17-alpine",
    port: 5432,
    environment: { POSTGRES_HOST_AUTH_METHOD: "trust" },
    args: settings.flatMap((setting) => ["-c", setting]),
  });
}
