import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createLocalRunner, freePort, type Runner } from "./runner.ts";

const debianRoot = "/usr/lib/postgresql";
const defaultUrls = ["", ":postgres"].map((password) => `postgres://postgres${password}@127.0.0.1:5432/postgres`);

/** Folder of this machine's programs, with a slash at its end; empty if they are on PATH. */
export function findPostgres(): string | undefined {
  if (spawnSync("initdb", ["--version"]).status === 0) return "";
  if (!existsSync(debianRoot)) return undefined;
  const versions = readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => `${join(debianRoot, version, "bin")}/`);
  return folders.find((folder) => existsSync(`${folder}initdb`));
}

/** The server at `JOBWRIGHT_TEST_POSTGRES_URL`, or one that answers on the default port and lets us make a schema. */
export async function givenPostgres(): Promise<string | undefined> {
  const named = process.env["JOBWRIGHT_TEST_POSTGRES_URL"];
  if (named !== undefined) return named;
  for (const url of defaultUrls) {
    const may = "select has_database_privilege(current_database(), 'create') as create";
    const [row] = await runSql<{ create: boolean }>(url, may).catch(() => []);
    if (row?.create) return url;
  }
  return undefined;
}

export interface PrivatePostgres {
  /** What `findPostgres` found. */
  readonly binaries: string;
  /** An empty folder, or one that such a server has used before. */
  readonly folder: string;
  /** `name=value` */
  readonly settings: readonly string[];
  /** Whether the folder stays when this process is killed. Default false. */
  readonly keep?: boolean;
}

/** A server on a free port of loopback that lets everybody in, as `postgres`. */
export async function postgresRunner({ binaries, folder, settings, keep }: PrivatePostgres): Promise<Runner> {
  const user = unprivileged();
  const data = join(folder, "data");
  if (!existsSync(data)) {
    if (user) chownSync(folder, user.uid, user.gid);
    const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    execFileSync(`${binaries}initdb`, initdb, { ...user, stdio: "pipe", cwd: folder });
  }
  const port = await freePort();
  const flags = settings.flatMap((setting) => ["-c", setting]);
  return createLocalRunner({
    port,
    command: `${binaries}postgres`,
    args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, ...flags],
    folder,
    lastSignal: "QUIT",
    user,
    keep,
  });
}

/** PostgreSQL and PgBouncer refuse to run as root. */
export function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, name], { encoding: "utf8" })));
    if (uid) return { uid, gid: gid ?? uid };
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody.");
}

/** Starts the server, asks until it takes connections, and returns its address. */
export async function startedPostgres(runner: Runner): Promise<string> {
  const url = `postgres://postgres@127.0.0.1:${runner.port}/postgres`;
  await runner.start();
  await Promise.race([answers(url), runner.failed]);
  return url;
}

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

export async function dropSchema(url: string, schema: string): Promise<void> {
  await runSql(url, `drop schema if exists "${schema.replaceAll('"', '""')}" cascade`);
}
