import { randomUUID } from "node:crypto";
import pg from "pg";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import type { ClaimedJob, ClaimRequest, NewJob, Provider } from "../../../runtime/contract/index.ts";
import type { DrizzleSchema, PostgresOptions, PostgresProvider } from "../../../runtime/providers/postgres/index.ts";
import type { ListenerTiming } from "../../../runtime/providers/postgres/listener.ts";
import { createPostgresProvider } from "../../../runtime/providers/postgres/provider.ts";
import { runSql } from "../../support/postgres-server.ts";
import { dropSchema, newSchemaName, type SuiteServer } from "../../support/postgres-suite.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";

/** What tests of this provider have in common: providers, pools and links that are closed again, on a schema of the test. */
export interface Scene {
  /** Name of this test's schema. */
  readonly schema: string;
  /** The same, for SQL. */
  readonly tables: string;
  readonly url: string;
  open<Schema extends DrizzleSchema>(
    options?: PostgresOptions<Schema>,
    timing?: Partial<ListenerTiming>,
  ): PostgresProvider<Schema>;
  started<Schema extends DrizzleSchema>(
    options?: PostgresOptions<Schema>,
    timing?: Partial<ListenerTiming>,
  ): Promise<PostgresProvider<Schema>>;
  /** A pool of the application. */
  pool(config?: pg.PoolConfig): pg.Pool;
  /** A link that the test can break. */
  link(): Promise<Link>;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A connection on which the test can keep a transaction open. */
  client(): Promise<pg.Client>;
  end(): Promise<void>;
}

export interface Link {
  readonly proxy: TcpProxy;
  readonly url: string;
}

export function createScene(given: SuiteServer): Scene {
  const closers: (() => Promise<unknown>)[] = [];
  let schema = newSchemaName();
  const scene: Scene = {
    get schema() {
      return schema;
    },
    get tables() {
      return `"${schema}"`;
    },
    get url() {
      return given.url;
    },
    open<Schema extends DrizzleSchema>(options: PostgresOptions<Schema> = {}, timing?: Partial<ListenerTiming>) {
      const url = options.database ? {} : { url: given.url };
      const provider = createPostgresProvider<Schema>({ ...url, schema, onWarning: () => {}, ...options }, timing);
      closers.push(() => provider.stop());
      return provider;
    },
    async started<Schema extends DrizzleSchema>(options?: PostgresOptions<Schema>, timing?: Partial<ListenerTiming>) {
      const provider = scene.open<Schema>(options, timing);
      await provider.start();
      return provider;
    },
    pool(config) {
      const pool = new pg.Pool({ connectionString: given.url, ...config });
      closers.push(() => pool.end());
      return pool;
    },
    async link() {
      const proxy = await startTcpProxy(Number(new URL(given.url).port));
      closers.push(() => proxy.close());
      return { proxy, url: given.url.replace(/:\d+\//, `:${proxy.port}/`) };
    },
    sql: (text, values) => runSql(given.url, text, values),
    async client() {
      const client = new pg.Client({ connectionString: given.url });
      client.on("error", () => {});
      closers.push(() => client.end());
      await client.connect();
      return client;
    },
    async end() {
      // The last that was opened first: providers before the pools and links that they use.
      for (const close of closers.splice(0).reverse()) await close();
      await dropSchema(given.url, schema);
      schema = newSchemaName();
    },
  };
  return scene;
}

const newId = createUuidV7();

export function jobOf(given: Partial<NewJob> = {}): NewJob {
  return { id: newId(), name: "mail", queue: "mail", version: 1, priority: 0, maxCrashes: 3, payload: "{}", ...given };
}

export function jobsOf(count: number, given: Partial<NewJob> = {}): NewJob[] {
  return Array.from({ length: count }, () => jobOf(given));
}

export function claimOf(given: Partial<ClaimRequest> & { readonly limit?: number } = {}): ClaimRequest {
  const { limit = 100, ...rest } = given;
  const lanes = [{ queue: "mail", limit, handles: [{ name: "mail", maxVersion: 1 }] }];
  return { claimId: randomUUID(), workerId: "w1", leaseMs: 30_000, lanes, ...rest };
}

/** Enqueues a job and claims it. */
export async function leaseOf(provider: Provider, given: Partial<ClaimRequest> = {}): Promise<ClaimedJob> {
  await provider.enqueue([jobOf()]);
  const [job] = await provider.claim(claimOf({ limit: 1, ...given }));
  if (!job) throw new Error("the claim returned no job");
  return job;
}

/** The same call until it succeeds, as workers make it: store errors that may pass are awaited. */
export async function untilDone<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && "retryable" in error && error.retryable === true)) throw error;
      await new Promise(setImmediate);
    }
  }
}

/** Asks once per turn of the event loop until the answer is true. */
export async function until(question: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await question())) await new Promise(setImmediate);
}

/** Something that happens when the test says so. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What an address with this condition on `pg_stat_activity` does, other than the one who asks. */
export async function backends(scene: Scene, condition: string): Promise<readonly number[]> {
  const rows = await scene.sql<{ readonly pid: number }>(
    `select pid from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and (${condition})`,
  );
  return rows.map(({ pid }) => pid);
}

/** `pg_terminate_backend`; returns how many. */
export async function terminate(scene: Scene, condition: string): Promise<number> {
  const pids = await backends(scene, condition);
  await scene.sql("select pg_terminate_backend(pid) from unnest($1::int[]) pid", [pids]);
  return pids.length;
}
