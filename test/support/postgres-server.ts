import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";

/** A private server on a free port of loopback, in a temporary folder. */
export interface PostgresServer {
  readonly port: number;
  readonly url: string;
  /** SIGQUIT, as `pg_ctl stop -m immediate`: every process ends at once, and recovery follows at the next start. */
  crash(): Promise<void>;
  /** Starts again on the same port and folder, after `crash`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Address of a server to use instead of a private one, for tests that do not harm it. */
export const givenUrl = process.env["JOBWRIGHT_TEST_POSTGRES_URL"];

const debianRoot = "/usr/lib/postgresql";

function binaryFolder(): string | undefined {
  if (spawnSync("postgres", ["--version"]).status === 0) return "";
  if (!existsSync(debianRoot)) return undefined;
  const versions = readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(debianRoot, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

const binaries = binaryFolder();

/**
 * Why tests that need a server cannot run here; undefined if they can. `JOBWRIGHT_TEST_SERVERS=required` leaves nothing
 * out: starting the server fails then, and the tests with it.
 */
export const noServer =
  binaries === undefined && process.env["JOBWRIGHT_TEST_SERVERS"] !== "required"
    ? `no PostgreSQL on PATH or in ${debianRoot}`
    : undefined;

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
  if (binaries === undefined) throw new Error(`There is no PostgreSQL on PATH or in ${debianRoot}.`);
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "jobwright-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(binaries, "initdb"), initdb, { ...user, stdio: "pipe", cwd: folder });
  const port = await freePort();
  const options = ["fsync=off", "full_page_writes=off", "max_connections=200", ...settings];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder];
    const flags = options.flatMap((option) => ["-c", option]);
    const started = spawn(join(binaries ?? "", "postgres"), [...args, ...flags], {
      ...user,
      stdio: "ignore",
      cwd: folder,
    });
    child = started;
    await answers(url, started);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  }

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await start();
  return {
    port,
    url,
    crash: () => end("SIGQUIT"),
    restart: start,
    async stop() {
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asked again until it takes connections. */
async function answers(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`The server ended with code ${server.exitCode}.`);
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("the operating system gave no port");
  return address.port;
}
