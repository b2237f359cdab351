import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, postgresSource } from "./postgres-server.ts";
import { postgresRunner, startedPostgres, unprivileged } from "./services/postgres.ts";
import { reasonToLeaveOut, type Source } from "./services/source.ts";

/** A server that follows another, and can be read. */
export interface Standby {
  readonly url: string;
  stop(): Promise<void>;
}

const source: Source =
  postgresSource.kind === "docker"
    ? { kind: "none", reason: "a standby needs the programs of PostgreSQL on this machine" }
    : postgresSource;

/** Why tests that need a standby cannot run here; undefined if they can, or if they must. */
export const noStandby = reasonToLeaveOut(source, "a standby of PostgreSQL");

/** A copy of what the server has now, which follows it from then on. */
export async function startStandby({ port }: PostgresServer): Promise<Standby> {
  if (source.kind !== "program") throw new Error("No standby can be started.");
  const binaries = source.path;
  const folder = mkdtempSync(join(tmpdir(), "jobwright-standby-"));
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
  const copy = ["-D", join(folder, "data"), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
  execFileSync(`${binaries}pg_basebackup`, [...from, ...copy], { ...user, stdio: "pipe", cwd: folder });
  // No fewer connections than the server has.
  const runner = await postgresRunner({ binaries, folder, settings: ["fsync=off", "max_connections=200"] });
  return {
    url: await startedPostgres(runner),
    async stop() {
      await runner.end("SIGQUIT");
      runner.remove();
    },
  };
}
