import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterEach, describe, expect, it } from "vitest";
import { runConformance } from "../../../runtime/testing/index.ts";
import { nulIsRefused, postgresFactory } from "../../conformance/postgres-factory.ts";
import { sharedConnections } from "../../support/pgbouncer.ts";
import { describePgBouncer } from "../../support/pgbouncer-suite.ts";
import { claimOf, createGate, createScene, jobOf, jobsOf, leaseOf, until } from "./scene.ts";

const pooled = { pooler: "transaction" } as const;
const limits = { timeoutMs: 60_000 };

describePgBouncer("PostgreSQL through PgBouncer in transaction mode", (given) => {
  runConformance(
    { describe, it },
    postgresFactory(() => given.url, "transaction"),
    { skip: [nulIsRefused] },
  );
});

describePgBouncer("the PostgreSQL provider behind PgBouncer", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  /** What every connection that the pooler shares says, asked on all of them at once. */
  async function onEach<Row>(text: string): Promise<readonly Row[]> {
    const pool = scene.pool({ max: sharedConnections });
    const clients = await Promise.all(Array.from({ length: sharedConnections }, () => pool.connect()));
    // Within a transaction, a client has a connection of the server to itself.
    for (const client of clients) await client.query("begin");
    const answers = await Promise.all(clients.map((client) => client.query(text)));
    for (const client of clients) await client.query("commit");
    for (const client of clients) client.release();
    return answers.flatMap(({ rows }) => rows as Row[]); // what the caller selects
  }

  /** One of everything that workers and clients say. */
  async function workOnce(): Promise<void> {
    const provider = await scene.started(pooled);
    const lease = await leaseOf(provider);
    expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toHaveLength(1);
    expect(await provider.report([{ ...lease, progress: 0.5 }])).toEqual(["ok"]);
    expect(await provider.ack([{ ...lease, output: "1" }])).toEqual(["ok"]);
    const other = await leaseOf(provider);
    expect(await provider.nack([{ ...other, outcome: "release" }])).toEqual(["ok"]);
    await Promise.all([provider.promote(10), provider.reap(10), provider.counts(), provider.list({ limit: 10 })]);
    expect(await provider.awaitSettled(lease.id)).toMatchObject({ state: "succeeded", output: "1" });
  }

  it("leaves no prepared statement on the connections that it shares", async () => {
    await workOnce();
    const left = await onEach<{ name: string }>("select name from pg_prepared_statements");
    expect(left).toEqual([]);
  });

  it("leaves no setting on the connections that it shares, by a transactional handler either", async () => {
    const provider = await scene.started(pooled);
    await workOnce();
    const lease = await leaseOf(provider);
    let within: unknown;
    const body = async (tx: { execute(query: string): PromiseLike<{ rows: unknown[] }> }) => {
      within = (await tx.execute("show statement_timeout")).rows;
      return {};
    };
    expect(await provider.inTransaction(lease, body, limits)).toBe("ok");
    expect(within).toEqual([{ statement_timeout: "1min" }]);
    const changed = await onEach(
      "select name, setting from pg_settings where source = 'session' and name <> 'client_encoding'",
    );
    expect(changed).toEqual([]);
  });

  it("commits an enqueued job and a handler's writes with the transaction that they belong to", async () => {
    await scene.sql("create table if not exists orders (n integer)");
    const db = drizzle(scene.pool());
    const provider = await scene.started({ ...pooled, database: db });
    const job = jobOf();
    await db.transaction(async (tx) => {
      await tx.execute(sql`insert into orders values (1)`);
      expect(await provider.enqueueInTransaction([job], tx)).toMatchObject([{ outcome: "enqueued" }]);
      expect(await provider.get(job.id)).toBeUndefined();
    });
    const undone = db.transaction(async (tx) => {
      await provider.enqueueInTransaction([jobOf()], tx);
      tx.rollback();
    });
    await expect(undone).rejects.toThrow();
    const [lease, ...more] = await provider.claim(claimOf());
    expect([lease?.id, more.length]).toEqual([job.id, 0]);
    if (!lease) return;
    const body = async (tx: { execute(query: string): PromiseLike<unknown> }) => {
      await tx.execute("insert into orders values (2)");
      return { output: "1" };
    };
    expect(await provider.inTransaction(lease, body, limits)).toBe("ok");
    expect(await provider.inTransaction(lease, body, limits)).toBe("alreadyDone");
    expect(await provider.get(job.id)).toMatchObject({ state: "succeeded", output: "1" });
    expect(await scene.sql("select n from orders order by n")).toEqual([{ n: 1 }, { n: 2 }]);
    await scene.sql("drop table orders");
  });

  it("is migrated once by eight that start at once, on fewer connections", async () => {
    const all = Array.from({ length: 8 }, () => scene.open(pooled));
    const reports = await Promise.all(all.map((provider) => provider.migrate()));
    expect(reports.filter(({ from }) => from === 0)).toHaveLength(1);
    await Promise.all(all.map((provider) => provider.start()));
    expect(await all[0]?.enqueue([jobOf()])).toMatchObject([{ outcome: "enqueued" }]);
  });

  it("gives each job to one of many that claim at once, on fewer connections", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => scene.started(pooled)));
    await all[0]?.enqueue(jobsOf(300));
    const rounds = all.flatMap((provider, worker) =>
      Array.from({ length: 5 }, () => provider.claim(claimOf({ limit: 10, workerId: `w${worker}` }))),
    );
    const claimed = (await Promise.all(rounds)).flat();
    expect(claimed).toHaveLength(300);
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(300);
    const acks = all.map((provider, worker) =>
      Promise.all(claimed.filter((_, n) => n % all.length === worker).map((lease) => provider.ack([lease]))),
    );
    const settled = (await Promise.all(acks)).flat();
    expect(settled).toHaveLength(300);
    expect(settled.flat().every((answer) => answer === "ok")).toBe(true);
  });

  it("wakes those who wait in the same process, and connects to nobody for it", async () => {
    const { proxy, url } = await scene.link();
    const provider = await scene.started({ ...pooled, url, connection: { max: 1 } });
    const gate = createGate();
    provider.notifier?.subscribe(["mail"], gate.open);
    await provider.enqueue([jobOf()]);
    await gate.opened;
    // Somebody who does listen, on the server itself: what was begun before it is there by then.
    const listening = await scene.started({ url: given.server.url });
    let heard = 0;
    listening.notifier?.subscribe(["mail"], () => heard++);
    await until(() => heard > 0);
    expect(proxy.connections).toBe(1);
  });
});
