import type pg from "pg";
import { afterEach, expect, it } from "vitest";
import { createStatements } from "../../../runtime/providers/postgres/statements.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { backends, claimOf, createScene, jobOf, jobsOf, leaseOf, until } from "./scene.ts";

const busy = { code: "JW_STORE_BUSY", retryable: true };

describePostgres("conflicts on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  const waits = "wait_event_type = 'Lock'";

  /** From now on so many changes of a job fail like this; a sequence counts them, as no rollback undoes it. */
  async function failing(sqlState: string, times: number): Promise<void> {
    const { tables } = scene;
    await scene.sql(`
      create sequence ${tables}.failures;
      create function ${tables}.fail() returns trigger language plpgsql as $$ begin
        if nextval('${tables}.failures') <= ${times} then raise 'it conflicts' using errcode = '${sqlState}'; end if;
        return new;
      end $$;
      create trigger fail before update on ${tables}.jobs for each statement execute function ${tables}.fail()`);
  }

  async function tries(): Promise<number> {
    const [row] = await scene.sql<{ n: string }>(`select last_value as n from ${scene.tables}.failures`);
    return Number(row?.n);
  }

  it("that are a deadlock end with a second try", async () => {
    const provider = await scene.started({ connection: { options: "-c deadlock_timeout=50ms" } });
    await provider.enqueue(jobsOf(2));
    const leases = await provider.claim(claimOf());
    const [first, second] = leases;
    const lock = (client: pg.Client, id: string | undefined): Promise<unknown> =>
      client.query(`select 1 from ${scene.tables}.jobs where id = $1 for update`, [id]);
    const [guard, rival] = [await scene.client(), await scene.client()];
    for (const client of [guard, rival]) await client.query("begin");
    // The rival never looks for a deadlock: it is the provider that gives way.
    await rival.query("set deadlock_timeout = '1h'");
    await lock(rival, second?.id);
    await lock(guard, first?.id);
    const ack = provider.ack(leases);
    await until(async () => (await backends(scene, waits)).length === 1);
    const rivalWaits = lock(rival, first?.id);
    await until(async () => (await backends(scene, waits)).length === 2);
    // The provider is first in the queue for the first job. Then it wants the second.
    await guard.query("commit");
    await rivalWaits;
    await rival.query("commit");
    expect(await ack).toEqual(["ok", "ok"]);
    const deadlocks = "select deadlocks::int as n from pg_stat_database where datname = current_database()";
    await until(async () => (await scene.sql<{ n: number }>(deadlocks))[0]?.n === 1);
  });

  it.each(["40001", "40P01"])("with the SQLSTATE %s are tried again", async (sqlState) => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    await failing(sqlState, 4);
    expect(await provider.ack([lease])).toEqual(["ok"]);
    expect(await tries()).toBe(5);
  });

  it.each(["40001", "40P01"])("with the SQLSTATE %s that do not end are told after five tries", async (sqlState) => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    await failing(sqlState, 99);
    await expect(provider.ack([lease])).rejects.toMatchObject(busy);
    expect(await tries()).toBe(5);
  });

  it("with a handler's completion are told at once, and leave its lease open", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    await failing("40P01", 1);
    let runs = 0;
    const body = async () => {
      runs++;
      return {};
    };
    await expect(provider.inTransaction(lease, body, { timeoutMs: 60_000 })).rejects.toMatchObject(busy);
    expect([runs, await tries()]).toEqual([1, 1]);
    expect(await provider.ack([lease])).toEqual(["ok"]);
  });
});

describePostgres("prepared statements on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it("whose result has another shape since a migration are prepared again, on all connections", async () => {
    const provider = await scene.started();
    const job = jobOf();
    await provider.enqueue([job]);
    await Promise.all([1, 2, 3, 4, 5].map(() => provider.get(job.id)));
    expect(await backends(scene, "application_name = 'jobwright'")).toHaveLength(5);
    await scene.sql(`alter table ${scene.tables}.jobs add column added integer`);
    expect(await provider.get(job.id)).toMatchObject({ state: "ready" });
  });

  it("that somebody else has deallocated are prepared again", async () => {
    const pool = scene.pool({ max: 1 });
    const provider = await scene.started({ database: pool });
    const lease = await leaseOf(provider);
    expect(await provider.counts()).toEqual({ mail: { running: 1 } });
    await pool.query("deallocate all");
    expect(await provider.counts()).toEqual({ mail: { running: 1 } });
    await pool.query("deallocate all");
    expect(await provider.ack([lease])).toEqual(["ok"]);
  });

  it("whose name is taken on a connection are prepared on another", async () => {
    const pool = scene.pool({ max: 1 });
    const provider = await scene.started({ database: pool });
    await pool.query(`prepare "${createStatements(scene.schema).counts.name}" as select 1`);
    expect(await provider.counts()).toEqual({});
  });

  it("whose names are taken on every connection, as by a pooler, say what to set", async () => {
    const pool = scene.pool({ max: 1 });
    const provider = await scene.started({ database: pool });
    const prepare = `prepare "${createStatements(scene.schema).counts.name}" as select 1`;
    await pool.query(prepare);
    pool.on("connect", (client) => void client.query(prepare));
    await expect(provider.counts()).rejects.toMatchObject({
      code: "JW_STORE_UNAVAILABLE",
      hint: expect.stringContaining('pooler: "transaction"'),
    });
  });
});
