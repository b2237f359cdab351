import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describePostgres } from "../../support/postgres-suite.ts";
import { createScene, jobOf, leaseOf } from "./scene.ts";

const limits = { timeoutMs: 60_000 };

describePostgres("transactions on PostgreSQL", (given) => {
  const scene = createScene(given);
  beforeEach(() => scene.sql("create table orders (n integer)"));
  afterEach(async () => {
    await scene.end();
    await scene.sql("drop table orders");
  });
  const orders = async () => (await scene.sql("select n from orders")).length;

  it.each(["its own pool", "the application's pool", "the application's Drizzle database"])(
    "show an enqueued job, to a provider on %s, if and only if they commit",
    async (whose) => {
      const db = drizzle(scene.pool());
      const database = whose === "the application's pool" ? db.$client : db;
      const provider = await scene.started(whose === "its own pool" ? {} : { database });
      const kept = jobOf();
      await db.transaction(async (tx) => {
        await tx.execute(sql`insert into orders values (1)`);
        expect(await provider.enqueueInTransaction([kept], tx)).toMatchObject([{ outcome: "enqueued" }]);
        expect(await provider.get(kept.id)).toBeUndefined();
      });
      const undone = db.transaction(async (tx) => {
        await tx.execute(sql`insert into orders values (2)`);
        await provider.enqueueInTransaction([jobOf()], tx);
        tx.rollback();
      });
      await expect(undone).rejects.toThrow();
      expect(await provider.get(kept.id)).toMatchObject({ state: "ready" });
      expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
      expect(await orders()).toBe(1);
    },
  );

  it.each(["its own pool", "the application's Drizzle database"])(
    "of a handler on %s whose commit gets no reply reject in time; an ack tells that it took effect",
    async (whose) => {
      const { proxy, url } = await scene.link();
      const own = { url, queryTimeoutMs: 300 };
      const options = { database: drizzle(scene.pool({ connectionString: url })), queryTimeoutMs: 300 };
      const provider = await scene.started(whose === "its own pool" ? own : options);
      const lease = await leaseOf(provider);
      const call = provider.inTransaction(
        lease,
        async (tx) => {
          await tx.execute(sql`insert into orders values (1)`);
          // With its end, because a new connection says "read committed".
          proxy.muteReplyTo("commit\0");
          return { output: "1" };
        },
        limits,
      );
      await expect(call).rejects.toMatchObject({ code: "JW_STORE_UNAVAILABLE", retryable: true });
      expect(await provider.ack([lease])).toEqual(["alreadyDone"]);
      expect(await provider.get(lease.id)).toMatchObject({ state: "succeeded", output: "1" });
      expect(await orders()).toBe(1);
    },
  );

  it("of a handler throw what a deferred constraint says at the commit, and undo all", async () => {
    await scene.sql("alter table orders add unique (n) deferrable initially deferred");
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const body = async (tx: { execute(query: string): PromiseLike<unknown> }) => {
      await tx.execute("insert into orders values (1), (1)");
      return {};
    };
    await expect(provider.inTransaction(lease, body, limits)).rejects.toMatchObject({ cause: { code: "23505" } });
    expect(await provider.get(lease.id)).toMatchObject({ state: "running", fence: 1 });
    expect(await orders()).toBe(0);
  });
});
