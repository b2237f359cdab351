import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { drizzle as drizzleSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { Redis } from "ioredis";
import pg from "pg";
import type { Provider } from "../../runtime/contract/index.ts";
import { postgres } from "../../runtime/providers/postgres/index.ts";
import { redis } from "../../runtime/providers/redis/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { runSql } from "../support/postgres-server.ts";
import { dropSchema, newSchemaName } from "../support/postgres-suite.ts";
import { keysOf } from "../support/redis-server.ts";
import { dropNamespace } from "../support/redis-suite.ts";

/** A store of its own, as an application has it and as somebody reads it who holds no key. */
export interface Place {
  readonly provider: Provider;
  /** Everything that lies in the store. */
  contents(): Promise<string>;
  close(): Promise<void>;
}

/** A place in whose transactions jobs can be enqueued. */
export interface TransactionalPlace extends Place {
  readonly synchronous: boolean;
  /** Runs the steps one after another in one transaction, which is undone if one of them throws. */
  transaction(...steps: readonly ((tx: unknown) => unknown)[]): Promise<readonly unknown[]>;
  /** How many jobs somebody outside of the transaction sees; at once where transactions are synchronous. */
  seen(): number | Promise<number>;
}

export async function sqlitePlace(): Promise<TransactionalPlace> {
  const folder = mkdtempSync(join(tmpdir(), "jobwright-encrypted-"));
  const [own, other] = [new BetterSqlite3(join(folder, "app.db")), new BetterSqlite3(join(folder, "app.db"))];
  const db = drizzleSqlite(own);
  const provider = sqlite({ database: db });
  await provider.start();
  return {
    provider,
    synchronous: true,
    transaction: async (...steps) => db.transaction((tx) => steps.map((step) => step(tx))),
    seen: () => other.prepare("select count(*) from jobwright_jobs").pluck().get() as number,
    contents: async () =>
      readdirSync(folder).reduce((all, name) => all + readFileSync(join(folder, name), "latin1"), ""),
    async close() {
      await provider.stop();
      own.close();
      other.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function postgresPlace(url: string): Promise<TransactionalPlace> {
  const schema = newSchemaName();
  const pool = new pg.Pool({ connectionString: url });
  const db = drizzlePostgres(pool);
  const provider = postgres({ database: db, schema });
  await provider.start();
  return {
    provider,
    synchronous: false,
    transaction: (...steps) =>
      db.transaction(async (tx) => {
        const results: unknown[] = [];
        for (const step of steps) results.push(await step(tx));
        return results;
      }),
    async seen() {
      const [row] = await runSql<{ n: number }>(url, `select count(*)::int as n from "${schema}".jobs`);
      return row?.n ?? -1;
    },
    async contents() {
      const named = "select tablename as name from pg_tables where schemaname = $1";
      const tables = await runSql<{ name: string }>(url, named, [schema]);
      const texts = tables.map(({ name }) =>
        runSql<{ text: string }>(url, `select t::text as text from "${schema}"."${name}" t`),
      );
      return JSON.stringify(await Promise.all(texts));
    },
    async close() {
      await provider.stop();
      await pool.end();
      await dropSchema(url, schema);
    },
  };
}

export async function redisPlace(url: string): Promise<Place> {
  const namespace = `test-${randomUUID()}`;
  const provider = redis({ url, namespace, onWarning: () => {} });
  await provider.start();
  const reader = new Redis(url);
  return {
    provider,
    async contents() {
      const keys = await keysOf(reader, namespace);
      return JSON.stringify(await Promise.all(keys.map(async (key) => [key, await valueOf(reader, key)])));
    },
    async close() {
      await provider.stop();
      reader.disconnect();
      await dropNamespace(url, namespace);
    },
  };
}

async function valueOf(reader: Redis, key: string): Promise<unknown> {
  const type = await reader.type(key);
  if (type === "string") return reader.get(key);
  if (type === "hash") return reader.hgetall(key);
  if (type === "zset") return reader.zrange(key, "0", "-1");
  if (type === "list") return reader.lrange(key, 0, -1);
  if (type === "set") return reader.smembers(key);
  throw new Error(`${key} is a ${type}, which this test cannot read`);
}
