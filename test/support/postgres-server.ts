import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createContainerRunner } from "./services/container.ts";
import { createLocalRunner, freePort, type Runner } from "./services/runner.ts";
import { reasonToLeaveOut, sourceOf } from "./services/source.ts";

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

const debianRoot = "/usr/lib/postgresql";
const image = "postgres:17-alpine";
const defaultUrls = [
  "postgres://postgres@127.0.0.1:5432/postgres",
  "postgres://postgres:postgres@127.0.0.1:5432/postgres",
];

/** Folder of the programs, with a slash at its end; empty if they are on PATH. */
function binaryFolder(): string | undefined {
  if (spawnSync("initdb", ["--version"]).status === 0) return "";
  if (!existsSync(debianRoot)) return undefined;
  const versions = readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a));
  const folder = versions
    .map((version) => join(debianRoot, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
  return folder && `${folder}/`;
}

/** Where private servers come from. */
export const postgresSource = sourceOf({ service: "PostgreSQL", find: binaryFolder, package: "postgresql" });

/**
 * Address of a server to use instead of a private one, for tests that do not harm it: the one that
 * `JOBWRIGHT_TEST_POSTGRES_URL` names, or one that answers on the default port and lets us make a schema.
 */
export const givenUrl = process.env["JOBWRIGHT_TEST_POSTGRES_URL"] ?? (await usable(defaultUrls));

/** Why tests that need a private server cannot run here; undefined if they can, or if they must. */
export const noServer = reasonToLeaveOut(postgresSource, "a private PostgreSQL");

async function usable(urls: readonly string[]): Promise<string | undefined> {
  for (const url of urls) {
    const may = "select has_database_privilege(current_database(), 'create') as create";
    const [row] = await runSql<{ create: boolean }>(url, may).catch(() => []);
    if (row?.create) return url;
  }
  return undefined;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, name]).stdout.toString()));
    if (uid) return { uid, gid: gid ?? uid };
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody.");
}

/** `settings`: `name=value`. Default: nothing is flushed, as what is tested is the protocol. */
export async function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  const options = ["fsync=off", "full_page_writes=off", "max_connections=200", ...settings];
  const runner = await runnerOf(options.flatMap((option) => ["-c", option]));
  const url = `postgres://postgres@127.0.0.1:${runner.port}/postgres`;

  async function start(): Promise<void> {
    await runner.start();
    await Promise.race([answers(url), runner.failed]);
  }

  await start();
  return {
    port: runner.port,
    url,
    crash: () => runner.end("SIGQUIT"),
    restart: start,
    async stop() {
      await runner.end("SIGQUIT");
      runner.remove();
    },
  };
}

function runnerOf(flags: readonly string[]): Promise<Runner> {
  if (postgresSource.kind === "program") return localRunner(postgresSource.path, flags);
  if (postgresSource.kind === "none") throw new Error(`No PostgreSQL can be started: ${postgresSource.reason}.`);
  const environment = { POSTGRES_HOST_AUTH_METHOD: "trust" };
  return createContainerRunner({ name: image, port: 5432, environment, args: flags });
}

async function localRunner(binaries: string, flags: readonly string[]): Promise<Runner> {
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "jobwright-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(`${binaries}initdb`, initdb, { ...user, stdio: "pipe", cwd: folder });
  const port = await freePort();
  return createLocalRunner({
    port,
    command: `${binaries}postgres`,
    args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, ...flags],
    folder,
    lastSignal: "QUIT",
    user,
  });
}

/** Asked again until it takes connections. */
async function answers(url: string): Promise<void> {
  for (;;) {
    try {
      return void (await runSql(url, "select 1"));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** One statement, or several without parameters, on a connection of its own. */
export async function runSql<Row>(url: string, text: string, values?: readonly unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const result = await client.query(text, values ? [...values] : undefined);
    return result.rows as Row[]; // what the caller's statement selects
  } finally {
    await client.end();
  }
}
