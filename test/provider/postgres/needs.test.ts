import { drizzle } from "drizzle-orm/node-postgres";
import { afterEach, expect, it } from "vitest";
import { migrations } from "../../../drizzle/postgres/migrations.ts";
import type { NeedCondition, Needs, NewJob, Provider } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { backends, claimOf, createScene, jobOf, jobsOf, leaseOf, until } from "./scene.ts";

const needing = (jobs: readonly NewJob[], when: NeedCondition = "succeeded"): Pick<NewJob, "needs"> => {
  const needs: Needs = { of: jobs.map(({ id }) => ({ id, when })), mode: "all" };
  return { needs };
};

const stateOf = async (provider: Provider, { id }: { readonly id: string }) => (await provider.get(id))?.state;

const nothingOld = { retentionMs: {}, limit: 10 };

describePostgres("jobs that need each other on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  /** Whatever happens to edges fails like this, so many times; a sequence counts them, as no rollback undoes it. */
  async function failing(what: string, times: number): Promise<void> {
    const { tables } = scene;
    await scene.sql(`
      create sequence ${tables}.failures;
      create function ${tables}.fail() returns trigger language plpgsql as $$ begin
        if nextval('${tables}.failures') <= ${times} then ${what}; end if;
        return new;
      end $$;
      create trigger fail before update on ${tables}.edges for each row execute function ${tables}.fail()`);
  }

  it("end together with what follows from it, or not at all", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const child = jobOf({ needs: { of: [{ id: lease.id, when: "succeeded" }], mode: "all" } });
    await provider.enqueue([child]);
    await failing("raise 'no room' using errcode = '53100'", 1);
    await expect(provider.ack([lease])).rejects.toMatchObject({ code: "JW_STORE_FULL" });
    expect([await stateOf(provider, lease), await stateOf(provider, child)]).toEqual(["running", "blocked"]);
    expect(await provider.ack([lease])).toEqual(["ok"]);
    expect([await stateOf(provider, lease), await stateOf(provider, child)]).toEqual(["succeeded", "ready"]);
  });

  it("are settled once by a call whose connection is lost between the end and its edges", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const child = jobOf({ needs: { of: [{ id: lease.id, when: "failed" }], mode: "all" } });
    await provider.enqueue([child]);
    await failing("perform pg_terminate_backend(pg_backend_pid())", 1);
    const error = { name: "Error", message: "no" };
    expect(await provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error }])).toEqual(["ok"]);
    expect([await stateOf(provider, lease), await stateOf(provider, child)]).toEqual(["dead", "ready"]);
  });

  it("wait for a transaction that has drawn an edge and is still open", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const child = jobOf({ needs: { of: [{ id: lease.id, when: "succeeded" }], mode: "all" } });
    const settled = await drizzle(scene.pool()).transaction(async (tx) => {
      await provider.enqueueInTransaction([child], tx);
      const ack = provider.ack([lease]);
      await until(async () => (await backends(scene, "wait_event_type = 'Lock'")).length === 1);
      return { ack };
    });
    expect(await settled.ack).toEqual(["ok"]);
    expect(await stateOf(provider, child)).toBe("ready");
  });

  it("are there with the transaction that enqueues them, if and only if it commits", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const [parent, undone] = [jobOf(), jobOf()];
    const child = jobOf(needing([parent]));
    await db.transaction(async (tx) => {
      const results = await provider.enqueueInTransaction([parent, child], tx);
      expect(results.map(({ state }) => state)).toEqual(["ready", "blocked"]);
      expect(await provider.counts()).toEqual({});
    });
    const rolledBack = db.transaction(async (tx) => {
      await provider.enqueueInTransaction([undone, jobOf(needing([undone])), jobOf(needing([parent]))], tx);
      tx.rollback();
    });
    await expect(rolledBack).rejects.toThrow();
    expect(await provider.counts()).toEqual({ mail: { ready: 1, blocked: 1 } });
    expect(await provider.ack(await provider.claim(claimOf()))).toEqual(["ok"]);
    expect(await stateOf(provider, child)).toBe("ready");
  });

  it("leave a transaction usable that wanted what is not there, and nothing in it", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const kept = jobOf();
    await db.transaction(async (tx) => {
      const missing = provider.enqueueInTransaction([jobOf(), jobOf(needing([jobOf()]))], tx);
      await expect(missing).rejects.toMatchObject({ code: "JW_NO_PREREQUISITE" });
      await provider.enqueueInTransaction([kept], tx);
    });
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("are decided by the commit of a handler's transaction", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const child = jobOf({ needs: { of: [{ id: lease.id, when: "succeeded" }], mode: "all" } });
    await provider.enqueue([child]);
    const failed = provider.inTransaction(lease, () => Promise.reject(new Error("no")), { timeoutMs: 60_000 });
    await expect(failed).rejects.toThrow("no");
    expect(await stateOf(provider, child)).toBe("blocked");
    expect(await provider.inTransaction(lease, async () => ({ output: "1" }), { timeoutMs: 60_000 })).toBe("ok");
    expect(await stateOf(provider, child)).toBe("ready");
    expect(await provider.inTransaction(lease, async () => ({}), { timeoutMs: 60_000 })).toBe("alreadyDone");
  });

  it("are skipped when a handler's transaction ends one that was to be cancelled", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const child = jobOf({ needs: { of: [{ id: lease.id, when: "succeeded" }], mode: "all" } });
    await provider.enqueue([child]);
    await provider.cancel([lease.id]);
    expect(await provider.inTransaction(lease, async () => ({}), { timeoutMs: 60_000 })).toBe("ok");
    expect([await stateOf(provider, lease), await stateOf(provider, child)]).toEqual(["cancelled", "skipped"]);
  });

  it("are let go by the next prune when the end of what they need was not followed", async () => {
    const provider = await scene.started();
    const [good, bad, plain] = [jobOf(), jobOf(), jobOf()];
    const [go, skip, wait] = [jobOf(needing([good])), jobOf(needing([bad])), jobOf(needing([plain]))];
    const last = jobOf(needing([skip], "failed"));
    await provider.enqueue([good, bad, plain, go, skip, wait, last]);
    // As a version that knows no edges ends jobs.
    const end = `update ${scene.tables}.jobs set state = $1, finished_at = 1 where id = $2`;
    await scene.sql(end, ["succeeded", good.id]);
    await scene.sql(end, ["dead", bad.id]);
    await provider.prune(nothingOld);
    const states = await Promise.all([go, skip, last, wait].map((job) => stateOf(provider, job)));
    expect(states).toEqual(["ready", "skipped", "ready", "blocked"]);
  });

  it("are let go by the next prune when their edges are decided and they wait still", async () => {
    const provider = await scene.started();
    const parents = jobsOf(2);
    const [go, skip] = [jobOf(needing(parents)), jobOf(needing(parents))];
    await provider.enqueue([...parents, go, skip]);
    const decide = `update ${scene.tables}.edges set status = $1 where child = (
      select seq from ${scene.tables}.jobs where id = $2)`;
    await scene.sql(decide, ["met", go.id]);
    await scene.sql(`${decide} and parent = (select min(seq) from ${scene.tables}.jobs)`, ["broken", skip.id]);
    await provider.prune(nothingOld);
    expect(await stateOf(provider, go)).toBe("ready");
    expect(await provider.get(skip.id)).toMatchObject({ state: "skipped", reason: "prerequisite" });
  });

  it("are mended also behind thousands that wait rightly", async () => {
    const provider = await scene.started();
    const parent = jobOf();
    const waiting = jobsOf(2_500, needing([parent]));
    const lost = jobOf(needing([parent]));
    await provider.enqueue([parent, ...waiting, lost]);
    await scene.sql(`update ${scene.tables}.edges set status = 'met' where child = (
      select max(seq) from ${scene.tables}.jobs)`);
    for (const _ of [1, 2, 3]) await provider.prune(nothingOld);
    expect(await provider.counts()).toEqual({ mail: { ready: 2, blocked: 2_500 } });
  });

  it("leave nothing behind when they are pruned", async () => {
    const provider = await scene.started();
    const parent = jobOf();
    await provider.enqueue([parent, jobOf(needing([parent])), jobOf(needing([]))]);
    for (const _ of [1, 2]) await provider.ack(await provider.claim(claimOf()));
    const all = { retentionMs: { succeeded: -1_000 }, limit: 10 };
    expect([await provider.prune(all), await provider.prune(all)]).toEqual([2, 1]);
    const count = `select (select count(*) from ${scene.tables}.edges)::int as edges,
      (select count(*) from ${scene.tables}.needs)::int as needs`;
    expect(await scene.sql(count)).toEqual([{ edges: 0, needs: 0 }]);
  });

  it("may need jobs of a store that knew no edges", async () => {
    const { tables, schema } = scene;
    const before = migrations.findIndex(({ name }) => name === "0004_needs");
    await scene.sql(`create schema ${tables}`);
    for (const statement of migrations.slice(0, before).flatMap(({ statements }) => statements)) {
      await scene.sql(statement.replaceAll('"jobwright".', `"${schema}".`));
    }
    await scene.sql(`insert into ${tables}.meta values ('schema_version', '${before}')`);
    const [old, running] = [jobOf(), jobOf()];
    const insert = `with j as (
        insert into ${tables}.jobs (id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes, fence,
          attempt, worker_id, lease_until)
        values ($1, 'mail', 'mail', 1, $2, 0, 1, 1, 3, $3::int, $3::int, $4, $5::bigint) returning seq)
      insert into ${tables}.payloads select seq, to_json($1::text)::text from j`;
    await scene.sql(insert, [old.id, "ready", 0, null, null]);
    await scene.sql(insert, [running.id, "running", 1, "w0", 2 ** 50]);
    const provider = await scene.started();
    const child = jobOf(needing([old, running]));
    await provider.enqueue([child]);
    expect(await provider.ack([{ id: running.id, fence: 1 }])).toEqual(["ok"]);
    expect(await stateOf(provider, child)).toBe("blocked");
    const claimed = await provider.claim(claimOf());
    expect(claimed.map(({ id, payload }) => [id, payload])).toEqual([[old.id, JSON.stringify(old.id)]]);
    expect(await provider.ack(claimed)).toEqual(["ok"]);
    expect(await stateOf(provider, child)).toBe("ready");
  });
});
