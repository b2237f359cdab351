import BetterSqlite3 from "better-sqlite3";
import { sql } from "drizzle-orm";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, type TransactionKind } from "../../runtime/codegen/v1.ts";
import { sqlite, type SqliteProvider, type SqliteTransaction } from "../../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Client, describeJobs, type Numbered, workerOf } from "../worker/fixture.ts";

const descriptor = describeJobs({ work: {} });
const id = "0196f000-0000-7000-8000-000000000001";

interface SyncTransactions extends TransactionKind {
  readonly mode: "sync";
  readonly tx: SqliteTransaction;
}

describe("enqueue in a Drizzle transaction", () => {
  let database: BetterSqlite3.Database;
  let db: BetterSQLite3Database & { readonly $client: BetterSqlite3.Database };
  let provider: SqliteProvider;
  let client: Client<SyncTransactions>;

  beforeEach(async () => {
    database = new BetterSqlite3(":memory:");
    database.exec("create table orders (n integer primary key)");
    db = drizzle(database);
    provider = sqlite({ database: db });
    client = await createClient<Client<SyncTransactions>>(descriptor, { provider });
  });

  afterEach(async () => {
    await provider.stop();
    database.close();
  });

  const orders = (): unknown => database.prepare("select count(*) from orders").pluck().get();

  it("persists the job together with the user's own rows, and returns the handle at once", async () => {
    const handle = db.transaction((tx) => {
      tx.run(sql`insert into orders values (1)`);
      return client.work.enqueue({ n: 1 }, { tx, delay: "1h", priority: 3 });
    });
    expect(handle.outcome).toBe("enqueued");
    expect(await provider.get(handle.id)).toMatchObject({ state: "scheduled", priority: 3, payload: '{"n":1}' });
    expect(orders()).toBe(1);
  });

  it("persists neither when the transaction is rolled back", async () => {
    expect(() =>
      db.transaction((tx) => {
        tx.run(sql`insert into orders values (1)`);
        client.work.enqueueMany([{ n: 1 }, { n: 2 }], { tx });
        throw new RangeError("changed my mind");
      }),
    ).toThrow("changed my mind");
    expect(await provider.counts()).toEqual({});
    expect(orders()).toBe(0);
  });

  it("goes with the inner transaction when only that is rolled back", async () => {
    db.transaction((tx) => {
      client.work.enqueue({ n: 1 }, { tx });
      expect(() =>
        tx.transaction((inner) => {
          client.work.enqueue({ n: 2 }, { tx: inner });
          throw new RangeError("no");
        }),
      ).toThrow("no");
    });
    expect((await provider.list({})).jobs.map((job) => job.payload)).toEqual(['{"n":1}']);
  });

  it("throws inside the transaction when the input does not fit, so that it is rolled back", async () => {
    expect(() =>
      db.transaction((tx) => {
        tx.run(sql`insert into orders values (1)`);
        const bad = { n: "one" } as unknown as Numbered; // what a caller without types may pass
        client.work.enqueueMany([{ n: 1 }, bad], { tx });
      }),
    ).toThrow(expect.objectContaining({ code: "JW_INVALID_INPUT", details: expect.objectContaining({ index: 1 }) }));
    expect(orders()).toBe(0);
    expect(await provider.counts()).toEqual({});
  });

  it("says that an id is there already", async () => {
    await client.work.enqueue({ n: 1 }, { id });
    const handle = db.transaction((tx) => client.work.enqueue({ n: 2 }, { id, tx }));
    expect(handle).toMatchObject({ id, outcome: "duplicate" });
    expect(await provider.get(id)).toMatchObject({ payload: '{"n":1}' });
  });

  it("wakes a worker after the commit", async () => {
    const worker = await workerOf(provider, descriptor, { work: () => undefined }, { poll: "1h", maintenance: false });
    await worker.start();
    await worker.idle();
    await db.transaction((tx) => client.work.enqueue({ n: 1 }, { tx })).result();
    await worker.stop();
  });

  it("reads alike to everybody: the worker settles it like any other job", async () => {
    const seen: Numbered[] = [];
    const handle = db.transaction((tx) => client.work.enqueue({ n: 5 }, { tx }));
    const worker = await workerOf(provider, descriptor, { work: (input) => void seen.push(input) });
    await worker.start();
    await handle.result();
    await worker.stop();
    expect(seen).toEqual([{ n: 5 }]);
  });

  const refused = expect.objectContaining({
    code: "JW_TRANSACTION_REQUIRED",
    hint: expect.stringContaining("db.transaction"),
  });

  it.each([null, 7, {}, "tx", { run: () => undefined }])("refuses %j as a transaction", (value) => {
    const tx = value as unknown as SqliteTransaction; // what a caller without types may pass
    expect(() => client.work.enqueue({ n: 1 }, { tx })).toThrow(refused);
  });

  it("refuses the database itself, which would not roll back", async () => {
    // @ts-expect-error -- a database has no `rollback`
    expect(() => client.work.enqueue({ n: 1 }, { tx: db })).toThrow(refused);
    const tx = db as unknown as SqliteTransaction; // the same mistake without types
    expect(() => db.transaction(() => client.work.enqueue({ n: 1 }, { tx }))).toThrow(refused);
    expect(await provider.counts()).toEqual({});
  });

  it("refuses a transaction that is over", async () => {
    const tx = db.transaction((open) => open);
    expect(() => client.work.enqueue({ n: 1 }, { tx })).toThrow(refused);
    expect(await provider.counts()).toEqual({});
  });

  it("refuses a transaction of a database without jobwright's tables", () => {
    const stranger = drizzle(new BetterSqlite3(":memory:"));
    expect(() => stranger.transaction((tx) => client.work.enqueue({ n: 1 }, { tx }))).toThrow(refused);
    stranger.$client.close();
  });

  it("is refused after the provider was stopped", async () => {
    await provider.stop();
    expect(() => db.transaction((tx) => client.work.enqueue({ n: 1 }, { tx }))).toThrow(
      expect.objectContaining({ code: "JW_STOPPED" }),
    );
  });
});

describe("enqueue with `tx` on a provider without transactions", () => {
  it("is refused with a rejected promise, and stores nothing", async () => {
    const provider = createMemoryProvider();
    const client = await createClient<Client<SyncTransactions>>(descriptor, { provider });
    const options = { tx: {} as SqliteTransaction }; // never looked at
    await expect(client.work.enqueue({ n: 1 }, options)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    await expect(client.work.enqueueMany([{ n: 1 }], options)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    expect(await provider.counts()).toEqual({});
  });
});
