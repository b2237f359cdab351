import { drizzle } from "drizzle-orm/node-postgres";
import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import type { EnqueueResult, NewJob, UniqueKey } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { backends, claimOf, createGate, createScene, jobOf, jobsOf, terminate, until, untilDone } from "./scene.ts";

function keyed(key: string, unique: Partial<UniqueKey> = {}, job: Partial<NewJob> = {}): NewJob {
  return jobOf({ ...job, unique: { key, scope: "live", onConflict: "ignore", ...unique } });
}

const outcomesOf = (results: readonly EnqueueResult[]): readonly string[] => results.map(({ outcome }) => outcome);
const busy = { code: "JW_STORE_BUSY", retryable: true };
const waitsForLock = "wait_event_type = 'Lock'";

describePostgres("unique keys on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  /** A key that somebody's transaction has taken, until the test ends it. */
  async function takenInTransaction(
    key: string,
  ): Promise<{ readonly id: string; end(how: "commit" | "rollback"): Promise<void> }> {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const job = keyed(key);
    const [taken, over] = [createGate(), createGate()];
    let how = "commit";
    const transaction = db.transaction(async (tx) => {
      await provider.enqueueInTransaction([job], tx);
      taken.open();
      await over.opened;
      if (how === "rollback") tx.rollback();
    });
    await taken.opened;
    return {
      id: job.id,
      async end(end) {
        how = end;
        over.open();
        await transaction.catch(() => undefined);
      },
    };
  }

  it("have one holder each when four providers enqueue them at once, call by call and in bulk, in any order", async () => {
    const providers = await Promise.all(Array.from({ length: 4 }, () => scene.started()));
    const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`);
    const calls = providers.flatMap((provider, n) => [
      ...keys.map((key) => provider.enqueue([keyed(key)])),
      provider.enqueue((n % 2 === 0 ? keys : keys.toReversed()).map((key) => keyed(key, { onConflict: "replace" }))),
      provider.enqueue([jobOf({ queue: "plain" })]),
    ]);
    const results = (await Promise.all(calls)).flat();
    expect(results.filter(({ outcome }) => outcome === "enqueued")).toHaveLength(keys.length + providers.length);
    expect(await providers[0]?.counts()).toEqual({ mail: { ready: keys.length }, plain: { ready: providers.length } });
  });

  it("are freed and taken by many at once without a moment with two holders", async () => {
    const providers = await Promise.all(Array.from({ length: 3 }, () => scene.started()));
    const rounds = providers.map(async (provider, worker) => {
      for (let round = 0; round < 40; round++) {
        await provider.enqueue([keyed("one", { onConflict: round % 2 === 0 ? "replace" : "ignore" })]);
        const leases = await provider.claim(claimOf({ workerId: `w${worker}` }));
        const [holder] = await scene.sql<{ n: number }>(
          `select count(*)::int as n from ${scene.tables}.jobs where state in ('ready', 'scheduled', 'running')`,
        );
        expect(holder?.n).toBeLessThanOrEqual(1);
        const [lease] = leases;
        if (!lease) continue;
        if (round % 3 === 0) await provider.ack([lease]);
        else
          await provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error: { name: "E", message: "" } }]);
        if (round % 3 === 1) await provider.requeue([lease.id]);
      }
    });
    await Promise.all(rounds);
  });

  it("are replaced before the claim, or not at all", async () => {
    const [producer, worker] = [await scene.started(), await scene.started()];
    for (let round = 0; round < 50; round++) {
      const key = `key ${round}`;
      const [first, second] = [
        keyed(key, { scope: "waiting" }, { payload: "1" }),
        keyed(key, { scope: "waiting", onConflict: "replace" }, { payload: "2" }),
      ];
      await producer.enqueue([first]);
      const [claimed, [result]] = await Promise.all([worker.claim(claimOf()), producer.enqueue([second])]);
      const rest = await worker.claim(claimOf());
      const payloads = [...claimed, ...rest].map(({ payload }) => payload);
      // Replaced: one job with the new payload. Too late: the claim had freed the key, so there are two.
      expect(payloads).toEqual(result?.outcome === "replaced" ? ["2"] : ["1", "2"]);
      await worker.ack([...claimed, ...rest]);
    }
  });

  it("that a transaction has taken are waited for, by those alone who want them; after its commit they are held", async () => {
    const other = await takenInTransaction("taken");
    const provider = await scene.started();
    const wants = provider.enqueue([keyed("taken"), jobOf()]);
    const neighbours = await Promise.all([
      provider.enqueue([keyed("free")]),
      provider.enqueue([jobOf()]),
      provider.enqueue([keyed("free too"), jobOf()]),
    ]);
    expect(neighbours.flat().map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => "enqueued"));
    const late = provider.enqueue([keyed("taken")]);
    await other.end("commit");
    const [[first, second], [third]] = await Promise.all([wants, late]);
    expect([first, third]).toMatchObject([
      { id: other.id, outcome: "deduplicated" },
      { id: other.id, outcome: "deduplicated" },
    ]);
    expect(second).toMatchObject({ outcome: "enqueued" });
  });

  it("that a transaction had taken are free after its rollback", async () => {
    const other = await takenInTransaction("taken");
    const provider = await scene.started();
    const wants = provider.enqueue([keyed("taken")]);
    await until(async () => (await backends(scene, waitsForLock)).length > 0);
    await other.end("rollback");
    expect(await wants).toMatchObject([{ outcome: "enqueued" }]);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("that stay locked are told to be busy to those who want them, and to nobody else", async () => {
    const other = await takenInTransaction("taken");
    const provider = await scene.started();
    const wants = Promise.allSettled([provider.enqueue([keyed("taken")]), provider.enqueue([keyed("taken")])]);
    expect(outcomesOf(await provider.enqueue([keyed("free")]))).toEqual(["enqueued"]);
    expect(await wants).toMatchObject([
      { status: "rejected", reason: busy },
      { status: "rejected", reason: busy },
    ]);
    await other.end("commit");
    expect(await provider.enqueue([keyed("taken")])).toMatchObject([{ id: other.id, outcome: "deduplicated" }]);
  });

  it("of a call that is refused are not taken, and its neighbours' are", async () => {
    const provider = await scene.started();
    const [refused, ...accepted] = await Promise.allSettled([
      provider.enqueue([keyed("a"), keyed("b", {}, { priority: 99_999 })]),
      provider.enqueue([keyed("c")]),
      provider.enqueue([keyed("d"), jobOf()]),
    ]);
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "JW_INVALID_INPUT" } });
    expect(accepted).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
    expect(outcomesOf(await provider.enqueue([keyed("a"), keyed("b"), keyed("c")]))).toEqual([
      "enqueued",
      "enqueued",
      "deduplicated",
    ]);
  });

  it.each(["repeatable read", "serializable"] as const)(
    "are not taken by a transaction that is %s and too old to know their holder",
    async (isolationLevel) => {
      const db = drizzle(scene.pool());
      const provider = await scene.started({ database: db });
      const holder = keyed("one");
      const old = db.transaction(
        async (tx) => {
          await tx.execute(sql`select 1`);
          await provider.enqueue([holder]);
          await provider.enqueueInTransaction([keyed("one")], tx);
        },
        { isolationLevel },
      );
      await expect(old).rejects.toMatchObject(busy);
      const young = await db.transaction((tx) => provider.enqueueInTransaction([keyed("one")], tx), { isolationLevel });
      expect(young).toMatchObject([{ id: holder.id, outcome: "deduplicated" }]);
      expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
    },
  );

  it("are not taken by a transaction that is too old to know that their holder was requeued", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const holder = keyed("one");
    await provider.enqueue([holder]);
    await provider.cancel([holder.id]);
    const old = db.transaction(
      async (tx) => {
        await tx.execute(sql`select 1`);
        expect(await provider.requeue([holder.id])).toEqual(["requeued"]);
        await provider.enqueueInTransaction([keyed("one")], tx);
      },
      { isolationLevel: "repeatable read" },
    );
    await expect(old).rejects.toMatchObject(busy);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("whose holder a transaction replaces keep the old one if it rolls back; a claim passes by meanwhile", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const holder = keyed("one", {}, { payload: "old" });
    await provider.enqueue([holder]);
    const undone = db.transaction(async (tx) => {
      const late = keyed("one", { onConflict: "replace" }, { payload: "new", delayMs: 60_000 });
      expect(await provider.enqueueInTransaction([late], tx)).toMatchObject([
        { id: holder.id, outcome: "replaced", state: "scheduled" },
      ]);
      expect(await provider.claim(claimOf())).toEqual([]);
      tx.rollback();
    });
    await expect(undone).rejects.toThrow();
    expect(await provider.claim(claimOf())).toMatchObject([{ id: holder.id, payload: "old" }]);
  });

  it("leave a running holder's heartbeat alone while a transaction wants to replace it", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    await provider.enqueue([keyed("one")]);
    const [lease] = await provider.claim(claimOf());
    await db.transaction(async (tx) => {
      const results = await provider.enqueueInTransaction([keyed("one", { onConflict: "replace" })], tx);
      expect(results).toMatchObject([{ id: lease?.id, outcome: "deduplicated" }]);
      expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toHaveLength(1);
    });
  });

  it("whose holder is pruned while a transaction wants them are not waited for", async () => {
    const holder = keyed("one");
    const provider = await scene.started();
    await provider.enqueue([holder]);
    await provider.cancel([holder.id]);
    const other = await takenInTransaction("one");
    const prune = () => provider.prune({ retentionMs: { cancelled: 0 }, limit: 10 });
    expect(await prune()).toBe(0);
    await other.end("commit");
    expect(await prune()).toBe(1);
    expect(await provider.enqueue([keyed("one")])).toMatchObject([{ id: other.id, outcome: "deduplicated" }]);
  });

  it("leave no row behind when their last holder is pruned, or when nobody took them", async () => {
    const provider = await scene.started();
    const jobs = Array.from({ length: 20 }, (_, n) => keyed(`key ${n}`));
    await provider.enqueue(jobs);
    await provider.enqueue(jobs.map((job, n) => keyed(`other ${n}`, {}, { id: job.id })));
    const rows = async () => (await scene.sql(`select key from ${scene.tables}.unique_keys`)).length;
    expect(await rows()).toBe(jobs.length);
    await provider.cancel(jobs.map(({ id }) => id));
    await provider.prune({ retentionMs: { cancelled: 0 }, limit: 100 });
    expect(await rows()).toBe(0);
    expect(await scene.sql(`select seq from ${scene.tables}.unique_jobs`)).toEqual([]);
  });

  it("are taken once when the connection is lost at any step of the call", async () => {
    for (const [n, step] of ["begin isolation", "insert into", "select", "commit\0"].entries()) {
      const key = `key ${n}`;
      const { proxy, url } = await scene.link();
      const provider = await scene.started({ url, queryTimeoutMs: 300 });
      const jobs = [keyed(key), jobOf()];
      proxy.muteReplyTo(step);
      // The reply is missed for as long as a call takes; then the same call is made again, as clients do.
      const results = await untilDone(() => provider.enqueue(jobs));
      expect(results.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
      const rival = await scene.started();
      expect(await rival.enqueue([keyed(key)])).toMatchObject([{ id: jobs[0]?.id, outcome: "deduplicated" }]);
    }
  });

  it("outlive the server's end of a connection in the middle of a call", async () => {
    const other = await takenInTransaction("one");
    const provider = await scene.started();
    const call = provider.enqueue([keyed("one"), keyed("two")]);
    await until(async () => (await terminate(scene, `application_name = 'jobwright' and ${waitsForLock}`)) > 0);
    await other.end("rollback");
    expect(outcomesOf(await call)).toEqual(["enqueued", "enqueued"]);
    expect(await provider.counts()).toEqual({ mail: { ready: 2 } });
  });

  it("wake the listeners of the holder's queue when it becomes ready", async () => {
    const [producer, worker] = [await scene.started(), await scene.started()];
    await producer.enqueue([keyed("one", {}, { queue: "first", delayMs: 60_000 })]);
    const gate = createGate();
    let heard = 0;
    worker.notifier?.subscribe(["first"], () => (heard++, gate.open()));
    // The listener's own beginning is a wake-up too.
    await until(() => heard > 0);
    const before = heard;
    await producer.enqueue([keyed("one", { onConflict: "extend" }, { queue: "second" })]);
    await until(() => heard > before);
  });

  it("are many in one call", async () => {
    const provider = await scene.started();
    const jobs = jobsOf(5_000).map((job, n): NewJob => {
      return { ...job, unique: { key: `key ${n % 2_500}`, scope: "any", onConflict: "replace" } };
    });
    const results = await provider.enqueue(jobs);
    expect(new Set(outcomesOf(results.slice(0, 2_500)))).toEqual(new Set(["enqueued"]));
    expect(new Set(outcomesOf(results.slice(2_500)))).toEqual(new Set(["replaced"]));
  });
});
