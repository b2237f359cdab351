import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle as drizzleSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, type FlowHandle, type Provider, type TransactionKindOf } from "../../runtime/codegen/v1.ts";
import { postgres, type PostgresProvider } from "../../runtime/providers/postgres/index.ts";
import { sqlite, type SqliteProvider } from "../../runtime/providers/sqlite/index.ts";
import { runSql } from "../support/postgres-server.ts";
import { describePostgres, dropSchema, newSchemaName } from "../support/postgres-suite.ts";
import { type Handler, workerOf } from "../worker/fixture.ts";
import { descriptor, handlers, type Jobs } from "./declared-schema.ts";

const input = { pictures: ["a", "b"], tell: true };
const refused = { pictures: [1], tell: true } as unknown as typeof input; // as JavaScript would

/** Where one of the application's transactions meets the jobs. */
async function expectWhole(provider: Provider, flow: FlowHandle<unknown, { "album/approved": { by: string } }>) {
  expect((await flow.status()).nodes).toHaveLength((await provider.list({ limit: 100 })).jobs.length);
  const worker = await workerOf(provider, descriptor, handlers as unknown as Readonly<Record<string, Handler>>);
  await worker.start();
  await flow.signal("album/approved", { by: "Ada" });
  expect(await flow.result()).toEqual({ file: "Album: a.small,b.small.small", told: true });
  await worker.stop();
}

describe("a declared workflow in a transaction of SQLite", () => {
  let folder: string;
  let database: BetterSqlite3.Database;
  /** What other processes see. */
  let outside: BetterSqlite3.Database;
  let provider: SqliteProvider;
  let other: SqliteProvider;
  let jobs: Jobs<TransactionKindOf<SqliteProvider>>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-flow-"));
    const path = join(folder, "jobs.db");
    database = new BetterSqlite3(path);
    provider = sqlite({ database });
    jobs = await createClient<typeof jobs>(descriptor, { provider });
    database.exec("create table orders (n integer)");
    outside = new BetterSqlite3(path, { readonly: true });
    other = sqlite({ path, shared: true });
    await other.start();
  });
  afterEach(async () => {
    await Promise.all([provider.stop(), other.stop()]);
    outside.close();
    database.close();
    rmSync(folder, { recursive: true });
  });

  const stored = async (): Promise<number> => (await other.list({ limit: 100 })).jobs.length;
  /** Rows of every table. */
  const rows = (seen = outside): Readonly<Record<string, unknown>> => {
    const tables = seen.prepare("select name from sqlite_master where type = 'table'").pluck().all().map(String);
    const count = (table: string): unknown => seen.prepare(`select count(*) from "${table}"`).pluck().get();
    return Object.fromEntries(tables.map((table) => [table, count(table)]));
  };

  it("is there, whole, if and only if it commits", async () => {
    const before = rows();
    const flow = drizzleSqlite(database).transaction((tx) => {
      tx.run(sql`insert into orders values (1)`);
      const begun = jobs.publish.enqueue(input, { tx });
      expect(rows()).toEqual(before);
      return begun;
    });
    expect(rows()["orders"]).toBe(1);
    await expectWhole(other, jobs.publish.handle(flow.id));
  });

  it("leaves nothing behind when it is rolled back", async () => {
    const before = rows();
    const undone = (): unknown =>
      drizzleSqlite(database).transaction((tx) => {
        tx.run(sql`insert into orders values (1)`);
        jobs.publish.enqueue(input, { tx });
        expect(rows(database)).not.toEqual(before);
        tx.rollback();
      });
    expect(undone).toThrow("Rollback");
    expect(rows()).toEqual(before);
    expect(await stored()).toBe(0);
  });

  it("is refused at once when its input does not fit, and the transaction goes on", async () => {
    drizzleSqlite(database).transaction((tx) => {
      expect(() => jobs.publish.enqueue(refused, { tx })).toThrow(
        expect.objectContaining({ code: "JW_INVALID_INPUT" }),
      );
      tx.run(sql`insert into orders values (1)`);
    });
    expect(rows()["orders"]).toBe(1);
    expect(await stored()).toBe(0);
  });
});

describePostgres(
  "a declared workflow in a transaction of PostgreSQL",
  (given) => {
    let schema: string;
    let pool: Pool;
    let provider: PostgresProvider;
    let jobs: Jobs<TransactionKindOf<PostgresProvider>>;

    beforeEach(async () => {
      schema = newSchemaName();
      pool = new Pool({ connectionString: given.url });
      provider = postgres({ database: pool, schema });
      jobs = await createClient<typeof jobs>(descriptor, { provider });
      await runSql(given.url, `create table "${schema}".orders (n integer)`);
    });
    afterEach(async () => {
      await provider.stop();
      await pool.end();
      await dropSchema(given.url, schema);
    });

    const stored = async (): Promise<number> => (await provider.list({ limit: 100 })).jobs.length;
    const order = sql.raw("insert into orders values (1)");
    /** Rows of every table. */
    async function rows(): Promise<Readonly<Record<string, unknown>>> {
      const tables = await runSql<{ name: string }>(
        given.url,
        `select table_name as name from information_schema.tables where table_schema = '${schema}'`,
      );
      const counts = tables.map(async ({ name }) => {
        const [row] = await runSql<{ n: string }>(given.url, `select count(*) as n from "${schema}"."${name}"`);
        return [name, Number(row?.n)] as const;
      });
      return Object.fromEntries(await Promise.all(counts));
    }

    it("is there, whole, if and only if it commits", async () => {
      const flow = await drizzlePostgres(pool).transaction(async (tx) => {
        await tx.execute(sql`set local search_path to ${sql.identifier(schema)}`);
        await tx.execute(order);
        const begun = await jobs.publish.enqueue(input, { tx });
        expect(await stored()).toBe(0);
        return begun;
      });
      expect((await rows())["orders"]).toBe(1);
      await expectWhole(provider, flow);
    });

    it("leaves nothing behind when it is rolled back", async () => {
      const before = await rows();
      const undone = drizzlePostgres(pool).transaction(async (tx) => {
        await tx.execute(sql`set local search_path to ${sql.identifier(schema)}`);
        await tx.execute(order);
        await jobs.publish.enqueue(input, { tx });
        tx.rollback();
      });
      await expect(undone).rejects.toThrow("Rollback");
      expect(await rows()).toEqual(before);
      expect(await stored()).toBe(0);
    });

    it("is refused when its input does not fit, and the transaction goes on", async () => {
      await drizzlePostgres(pool).transaction(async (tx) => {
        await tx.execute(sql`set local search_path to ${sql.identifier(schema)}`);
        await expect(jobs.publish.enqueue(refused, { tx })).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
        await tx.execute(order);
      });
      expect((await rows())["orders"]).toBe(1);
      expect(await stored()).toBe(0);
    });
  },
  { shared: true },
);
