import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Examples find their servers as the tests find theirs.
import * as postgres from "../../test/support/services/postgres.ts";
import * as redis from "../../test/support/services/redis.ts";
import type { Runner } from "../../test/support/services/runner.ts";

const kinds = ["sqlite", "postgres", "redis"] as const;
type StoreKind = (typeof kinds)[number];

/** Where a demo's jobs are. */
export interface Store {
  readonly url: string;
  /** The run's own schema or namespace; SQLite has none. */
  readonly namespace?: string;
  /** For people: what it is and where. */
  readonly title: string;
  readonly place: string;
  /** Deletes what this run left on the server, and ends the server if it is ours. An SQLite file stays. */
  close(): Promise<void>;
}

/** What a run that was killed needs to go on. Without addresses: those can hold passwords. */
interface Trace {
  readonly kind: StoreKind;
  readonly namespace: string;
  /** Data of a private server. */
  readonly folder?: string;
}

/**
 * The store of a run: the one of a run that was killed halfway, or a new one, for which `out` is emptied.
 * `wanted`: `sqlite`, `postgres`, `redis`, or the URL of a server.
 */
export async function prepareStore(wanted: string, out: string): Promise<{ store: Store; resuming: boolean }> {
  const kind = kindOf(wanted);
  const resuming = isResumable(kind, out);
  if (!resuming) {
    await discardLeftover(out);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
  }
  const trace = readTrace(out) ?? { kind, namespace: `demo_${randomUUID().replaceAll("-", "")}` };
  return { store: await open(trace, out), resuming };
}

/** A URL names the server that tests would take. */
function kindOf(wanted: string): StoreKind {
  const kind = kinds.find((known) => known === wanted) ?? kindOfServer(wanted);
  if (!kind) throw new Error(`--store takes ${kinds.join(", ")}, or the URL of a server.`);
  if (wanted !== kind) process.env[`JOBWRIGHT_TEST_${kind.toUpperCase()}_URL`] = wanted;
  return kind;
}

function kindOfServer(url: string): StoreKind | undefined {
  if (/^postgres(ql)?:\/\//.test(url)) return "postgres";
  return /^rediss?:\/\//.test(url) ? "redis" : undefined;
}

function isResumable(kind: StoreKind, out: string): boolean {
  const trace = readTrace(out);
  return trace?.kind === kind && (trace.folder === undefined || existsSync(trace.folder));
}

/** Deletes what a run that was killed, and is not resumed, left elsewhere. */
async function discardLeftover(out: string): Promise<void> {
  const trace = readTrace(out);
  if (!trace || trace.kind === "sqlite") return;
  if (trace.folder === undefined) await (await open(trace, out)).close();
  else rmSync(trace.folder, { recursive: true, force: true });
}

function open(trace: Trace, out: string): Promise<Store> {
  // Before anything is made, so that nothing is forgotten.
  writeFileSync(traceFile(out), JSON.stringify(trace));
  if (trace.kind === "postgres") return openPostgres(trace, out);
  if (trace.kind === "redis") return openRedis(trace, out);
  const path = `${out}jobs.db`;
  return Promise.resolve({
    url: `sqlite:${path}`,
    title: "embedded SQLite",
    place: path,
    async close() {
      rmSync(traceFile(out));
    },
  });
}

async function openPostgres(trace: Trace, out: string): Promise<Store> {
  const given = trace.folder === undefined ? await postgres.givenPostgres() : undefined;
  if (given !== undefined) return serverStore("PostgreSQL", given, trace, out, postgres.dropSchema);
  const binaries = postgres.findPostgres();
  if (binaries === undefined) throw noServer("PostgreSQL", "JOBWRIGHT_TEST_POSTGRES_URL=postgres://…", out);
  const folder = privateFolder(trace, out);
  const runner = await postgres.postgresRunner({ binaries, folder, settings: [], keep: true });
  const url = await postgres.startedPostgres(runner);
  return serverStore("a private PostgreSQL", url, trace, out, () => end(runner, "SIGQUIT"));
}

async function openRedis(trace: Trace, out: string): Promise<Store> {
  const given = trace.folder === undefined ? await redis.givenRedis() : undefined;
  if (given !== undefined) return serverStore("Redis", given, trace, out, redis.dropNamespace);
  const binary = redis.findRedis();
  if (binary === undefined) throw noServer("Redis", "JOBWRIGHT_TEST_REDIS_URL=redis://…", out);
  const folder = privateFolder(trace, out);
  const runner = await redis.redisRunner({ binary, folder, args: ["--appendonly", "yes"], keep: true });
  const client = redis.patientClient(runner.port);
  await redis.startedRedis(runner, client);
  client.disconnect();
  return serverStore("a private Redis", `redis://127.0.0.1:${runner.port}`, trace, out, () => end(runner, "SIGKILL"));
}

function privateFolder(trace: Trace, out: string): string {
  if (trace.folder !== undefined) return trace.folder;
  const folder = mkdtempSync(join(tmpdir(), `jobwright-demo-${trace.kind}-`));
  writeFileSync(traceFile(out), JSON.stringify({ ...trace, folder }));
  return folder;
}

async function end(runner: Runner, signal: NodeJS.Signals): Promise<void> {
  await runner.end(signal);
  runner.remove();
}

function serverStore(
  name: string,
  url: string,
  { namespace }: Trace,
  out: string,
  drop: (url: string, namespace: string) => Promise<void>,
): Store {
  const { host } = new URL(url);
  return {
    url,
    namespace,
    title: `${name} at ${host}`,
    place: `${host}, ${namespace} (deleted)`,
    async close() {
      await drop(url, namespace);
      rmSync(traceFile(out));
    },
  };
}

function noServer(name: string, variable: string, out: string): Error {
  rmSync(traceFile(out));
  return new Error(`There is no ${name} here: install it, start one on its default port, or set ${variable}`);
}

const traceFile = (out: string): string => `${out}store.json`;

function readTrace(out: string): Trace | undefined {
  if (!existsSync(traceFile(out))) return undefined;
  return JSON.parse(readFileSync(traceFile(out), "utf8")) as Trace; // written above
}
