import { spawn } from "node:child_process";
import { once } from "node:events";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterEach, describe, expect, it } from "vitest";
import type { Gate, JobState } from "../../../runtime/contract/index.ts";
import { createStatements } from "../../../runtime/providers/postgres/statements.ts";
import type { PgStatement } from "../../../runtime/providers/postgres/sql.ts";
import { createFakeClock } from "../../../runtime/testing/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { backends, claimOf, createGate, createScene, jobOf, jobsOf, until } from "./scene.ts";

const gate = (given: Partial<Gate> = {}): Gate => {
  return { policy: "mail.limit", key: "mail.limit:ada", kind: "concurrency", level: 4, limit: 1, ...given };
};

const modules = { postgres: new URL("../../../runtime/providers/postgres/index.ts", import.meta.url).href };

/** Claims one job and acks it. */
const settling = `
  import { postgres } from ${JSON.stringify(modules.postgres)};
  const [url, schema, request] = process.argv.slice(1);
  const provider = postgres({ url, schema, onWarning() {} });
  await provider.start();
  const [lease] = await provider.claim(JSON.parse(request));
  await provider.ack([lease]);`;

describePostgres("gates on PostgreSQL", (given) => {
  const scene = createScene(given);
  const children: { kill(signal: "SIGKILL"): unknown }[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await scene.end();
  });

  async function count(states: readonly JobState[]): Promise<number> {
    const rows = await scene.sql(`select 1 from ${scene.tables}.jobs where state = any($1)`, [states]);
    return rows.length;
  }

  /** Keeps all gates of the schema from being opened. */
  async function lockGates(): Promise<{ release(): Promise<unknown> }> {
    const client = await scene.client();
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`jobwright gates ${scene.schema}`]);
    return { release: () => client.query("rollback") };
  }

  it("let in no more than the limit, however many connections open them at once", async () => {
    const providers = await Promise.all(Array.from({ length: 4 }, () => scene.started()));
    const [first] = providers;
    await Promise.all(providers.map((each) => each.enqueue(jobsOf(30, { gates: [gate({ limit: 3 })] }))));
    let done = 0;
    while (done < 120) {
      expect(await count(["ready", "running"])).toBeLessThanOrEqual(3);
      const claims = await Promise.all(providers.map((each) => each.claim(claimOf({ limit: 2 }))));
      expect(claims.flat().length).toBeGreaterThan(0);
      const opened = first?.promote(10);
      const acks = claims.map((leases, n) => providers[n]?.ack(leases));
      await Promise.all([
        opened,
        ...acks,
        count(["ready", "running"]).then((now) => expect(now).toBeLessThanOrEqual(3)),
      ]);
      done += claims.flat().length;
    }
    expect(await first?.counts()).toEqual({ mail: { succeeded: 120 } });
  });

  it("stay closed after a process that died between its settlement and their opening, until a promotion", async () => {
    const provider = await scene.started();
    const jobs = jobsOf(2, { gates: [gate()] });
    await provider.enqueue(jobs);
    const lock = await lockGates();
    const args = [given.url, scene.schema, JSON.stringify(claimOf({ limit: 1 }))];
    const options = ["--import", "tsx", "--input-type=module", "-e", settling, ...args];
    const child = spawn(process.execPath, options, { stdio: ["ignore", "ignore", "inherit"] });
    children.push(child);
    await until(async () => (await backends(scene, "wait_event = 'advisory'")).length > 0);
    const exited = once(child, "close");
    child.kill("SIGKILL");
    await exited;
    const waits = "wait_event = 'advisory'";
    await scene.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${waits}`);
    await until(async () => (await backends(scene, waits)).length === 0);
    await lock.release();
    expect(await provider.counts()).toEqual({ mail: { succeeded: 1, blocked: 1 } });
    await provider.promote(10);
    expect(await provider.counts()).toEqual({ mail: { succeeded: 1, ready: 1 } });
  });

  it("do not fail a settlement that has taken effect when they cannot be opened", async () => {
    const provider = await scene.started({ queryTimeoutMs: 300 });
    await provider.enqueue(jobsOf(2, { gates: [gate()] }));
    const leases = await provider.claim(claimOf());
    const lock = await lockGates();
    expect(await provider.ack(leases)).toEqual(["ok"]);
    await lock.release();
    await provider.promote(10);
    expect(await provider.counts()).toEqual({ mail: { succeeded: 1, ready: 1 } });
  });

  it("are nobody's while a user's transaction stays open, whose job they let in after its commit", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const other = await scene.started();
    const job = jobOf({ gates: [gate({ limit: 2 })] });
    const [written, commit] = [createGate(), createGate()];
    const transaction = db.transaction(async (tx) => {
      const [result] = await provider.enqueueInTransaction([job], tx);
      expect(result?.state).toBe("blocked");
      written.open();
      await commit.opened;
    });
    await written.opened;
    const results = await other.enqueue(jobsOf(3, { gates: [gate({ limit: 2 })] }));
    expect(results.map(({ state }) => state)).toEqual(["ready", "ready", "blocked"]);
    await other.ack(await other.claim(claimOf()));
    await other.promote(10);
    expect(await other.counts()).toEqual({ mail: { succeeded: 2, ready: 1 } });
    commit.open();
    await transaction;
    await other.promote(10);
    expect(await other.get(job.id)).toMatchObject({ state: "ready" });
  });

  it("have their limits learned from a job of a user's transaction", async () => {
    const db = drizzle(scene.pool());
    const provider = await scene.started({ database: db });
    const gates = [gate({ limit: 2 })];
    await db.transaction(async (tx) => void (await provider.enqueueInTransaction(jobsOf(3, { gates }), tx)));
    await provider.promote(10);
    expect(await provider.counts()).toEqual({ mail: { ready: 2, blocked: 1 } });
    expect(await scene.sql(`select policy, "limit" from ${scene.tables}.limits`)).toEqual([
      { policy: "mail.limit", limit: 2 },
    ]);
  });

  it("forget starts that no window reaches, and all that a pruned job had beside it", async () => {
    const clock = createFakeClock();
    const provider = await scene.started({ clock });
    const gates = [gate({ kind: "rate", limit: 2, windowMs: 1_000 })];
    await provider.enqueue(jobsOf(2, { gates, tags: ["a"] }));
    const leases = await provider.claim(claimOf());
    await provider.note(leases.map((lease) => ({ ...lease, kind: "step", key: "k", text: "t" })));
    await provider.ack(leases);
    const rows = async (table: string) => (await scene.sql(`select 1 from ${scene.tables}.${table}`)).length;
    await provider.promote(10);
    expect(await rows("starts")).toBe(2);
    clock.advance(1_000);
    await provider.promote(10);
    expect(await rows("starts")).toBe(0);
    await provider.prune({ retentionMs: { succeeded: 0 }, limit: 10 });
    expect(await Promise.all(["jobs", "gates", "tags", "notes"].map(rows))).toEqual([0, 0, 0, 0]);
  });

  describe("with 100,000 jobs behind one of them", () => {
    /** As the provider writes them, at once. */
    async function blocked(from: number, to: number): Promise<void> {
      const { tables } = scene;
      await scene.sql(`insert into ${tables}.jobs
        (seq, id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes, passed, blocked_by)
        select 1000 + n, gen_random_uuid(), 'mail', 'mail', 1, 'blocked', 0, 1, 1, 3, 0, 'mail.limit:ada'
        from generate_series(${from}, ${to}) n`);
      await scene.sql(`insert into ${tables}.gates (seq, place, level, key, policy, kind, "limit")
        select 1000 + n, 0, 4, 'mail.limit:ada', 'mail.limit', 'concurrency', 1 from generate_series(${from}, ${to}) n`);
      await scene.sql(`analyze ${tables}.jobs`);
      await scene.sql(`analyze ${tables}.gates`);
    }

    /** Pages that a statement looks at. */
    async function pages({ text, parameters }: PgStatement, values: Record<string, unknown>): Promise<number> {
      const client = await scene.client();
      await client.query("begin");
      const ordered = parameters.map((name) => values[name] ?? null);
      const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, ordered);
      await client.query("rollback");
      const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: Record<string, number> }]; // what EXPLAIN says
      return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
    }

    it("look at as much as with 100, as does a claim", async () => {
      const provider = await scene.started();
      const statements = createStatements(scene.schema);
      const [holder] = await provider.enqueue([jobOf({ gates: [gate()] })]);
      const lanes = JSON.stringify([
        { queue: "mail", room: 9, names: ["mail"], versions: [1], priority: -1, run_at: 0, seq: 0 },
      ]);
      const claim = { workerId: "w", claimId: "c", mayRepeat: true, lanes, leaseMs: 1 };
      const looks = async () => {
        await scene.sql(`vacuum ${scene.tables}.jobs`);
        return [
          await pages(statements.openBeside, { ids: [holder?.id] }),
          await pages(statements.openAnywhere, {}),
          await pages(statements.admit, { keys: ["mail.limit:ada"], level: 4 }),
          await pages(statements.claim, claim),
        ];
      };
      await scene.sql(`update ${scene.tables}.limits set "limit" = 4`);
      await blocked(1, 100);
      const few = await looks();
      await blocked(101, 100_000);
      const many = await looks();
      for (const [n, look] of many.entries()) expect(look / (few[n] ?? 1)).toBeLessThan(4);
    });
  });
});
