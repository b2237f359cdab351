import BetterSqlite3 from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClaimedJob, Gate, JobState, NewJob } from "../../../runtime/contract/index.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import * as gateStatements from "../../../runtime/providers/sqlite/gate-statements.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";
import * as statements from "../../../runtime/providers/sqlite/statements.ts";
import { createFakeClock, type FakeClock } from "../../../runtime/testing/index.ts";

const newId = createUuidV7();
let clock: FakeClock;
let database: BetterSqlite3.Database;
let db: BetterSQLite3Database;
let provider: SqliteProvider;

beforeEach(async () => {
  clock = createFakeClock();
  database = new BetterSqlite3(":memory:");
  db = drizzle(database);
  provider = sqlite({ database, clock });
  await provider.start();
});

afterEach(async () => {
  await provider.stop();
  database.close();
});

const gate: Gate = { policy: "limit", key: "limit", kind: "concurrency", level: 4, limit: 1 };
const rate: Gate = { policy: "rate", key: "rate", kind: "rate", level: 5, limit: 1, windowMs: 1_000 };
const job = (given: Partial<NewJob> = {}): NewJob => {
  return { id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1, payload: "1", ...given };
};
const gated = (...gates: Gate[]): NewJob => job({ gates: gates.length > 0 ? gates : [gate] });
const column = (query: string): unknown[] => database.prepare(query).pluck().all();

let claims = 0;
async function claim(limit = 10): Promise<readonly ClaimedJob[]> {
  const lanes = [{ queue: "work", limit, handles: [{ name: "work", maxVersion: 1 }] }];
  return provider.claim({ claimId: `${++claims}`, workerId: "w", leaseMs: 1_000, lanes });
}

async function stateOf({ id }: { readonly id: string }): Promise<JobState | undefined> {
  return (await provider.get(id))?.state;
}

/** What SQLite will do for a statement, step by step. */
function planOf(text: string): string[] {
  const rows = database.prepare(`explain query plan ${text}`).all(
    ...text
      .split("?")
      .slice(1)
      .map(() => 1),
  );
  return (rows as { detail: string }[]).map(({ detail }) => detail); // a plan's rows
}

describe("gates in a user's transaction", () => {
  it("let jobs through at once, as they stand in it", async () => {
    const results = db.transaction((tx) => provider.enqueueInTransaction([gated(), gated(), job()], tx));
    expect(results.map(({ state }) => state)).toEqual(["ready", "blocked", "ready"]);
    expect((await claim()).map(({ id }) => id)).toEqual([results[0]?.id, results[2]?.id]);
  });

  it("are as they were when it is rolled back", async () => {
    const [first, second] = [gated(), gated()];
    expect(() =>
      db.transaction((tx) => {
        provider.enqueueInTransaction([first], tx);
        tx.rollback();
      }),
    ).toThrow("Rollback");
    expect(column("select count(*) from jobwright_gates")).toEqual([0]);
    expect(await provider.enqueue([second])).toMatchObject([{ state: "ready" }]);
  });

  it("can have any key and any tag that is text, and refuse what is not before they write", async () => {
    const odd = "a?b'c\"d ü🐎\u0000e";
    const given = { gates: [{ ...gate, key: odd, policy: odd }], tags: [odd] };
    const jobs = [job(given), job(given)];
    db.transaction((tx) => provider.enqueueInTransaction(jobs, tx));
    expect(await provider.get(jobs[1]?.id ?? "")).toMatchObject({ state: "blocked", blockedBy: odd });
    expect((await provider.list({ tags: [odd] })).jobs).toHaveLength(2);
    for (const bad of [{ gates: [{ ...gate, key: "\ud800" }] }, { tags: ["\ud800"] }]) {
      await expect(provider.enqueue([job(), job(bad)])).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
    }
    expect(column("select count(*) from jobwright_jobs")).toEqual([2]);
  });
});

describe("what the gates remember", () => {
  it("is put right by a promotion when settlements said nothing of it", async () => {
    await provider.enqueue(Array.from({ length: 9 }, () => gated({ ...gate, limit: 3 })));
    for (let round = 0; round < 3; round++) {
      for (const { id, fence } of await claim()) await provider.ack([{ id, fence }]);
      expect(column("select count(*) from jobwright_gates where status = 'passed'")).toEqual([3]);
      await provider.promote(10);
    }
    expect(await provider.counts()).toEqual({ work: { succeeded: 9 } });
  });

  it("holds up nobody after a late settlement of a job that waits again", async () => {
    const [late, next, last] = [job({ gates: [gate], priority: 1 }), gated(), gated()];
    await provider.enqueue([late]);
    const [lease] = await claim();
    await provider.enqueue([next, last]);
    clock.advance(1_001);
    await provider.reap(10);
    expect(await stateOf(late)).toBe("blocked");
    await provider.change([{ id: last.id, priority: 2 }]);
    // Without a word of gates, so that it goes on standing in line.
    expect(await provider.ack([{ id: late.id, fence: lease?.fence ?? 0 }])).toEqual(["ok"]);
    await provider.ack(await claim());
    expect(await Promise.all([late, next, last].map(stateOf))).toEqual(["succeeded", "succeeded", "ready"]);
    expect(column("select count(*) from jobwright_gates where status = 'waiting'")).toEqual([0]);
  });

  it("does not grow with jobs that ended or started", async () => {
    for (let n = 0; n < 5; n++) {
      await provider.enqueue([gated({ ...gate, limit: 9 }, rate)]);
      await provider.ack(await claim());
      clock.advance(1_000);
    }
    expect(column("select count(*) from jobwright_gates where status <> 'ahead'")).toEqual([0]);
  });

  it("of starts is forgotten when no window reaches it", async () => {
    await provider.enqueue([gated(rate)]);
    await provider.ack(await claim());
    clock.advance(999);
    await provider.promote(10);
    expect(column("select count(*) from jobwright_starts")).toEqual([1]);
    clock.advance(1);
    await provider.promote(10);
    expect(column("select count(*) from jobwright_starts")).toEqual([0]);
  });

  it("goes with its jobs, as everything beside them does", async () => {
    const error = { name: "Error", message: "planned" };
    await provider.enqueue([job({ gates: [gate], tags: ["a"] })]);
    const [lease] = await claim();
    if (!lease) throw new TypeError("nothing to claim");
    await provider.note([{ ...lease, kind: "step", key: "k", text: "1" }]);
    await provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error }]);
    expect(await provider.prune({ retentionMs: { dead: 0 }, limit: 10 })).toBe(1);
    const tables = ["jobs", "payloads", "errors", "gates", "attempts", "notes", "tags"];
    const left = tables.map((table) => column(`select count(*) from jobwright_${table}`)[0]);
    expect(left).toEqual(tables.map(() => 0));
  });
});

describe("a listener", () => {
  it.each([
    ["an ack", async () => provider.ack(await claim())],
    [
      "a cancellation",
      async () => provider.cancel((await provider.list({ states: ["ready"] })).jobs.map(({ id }) => id)),
    ],
  ])("hears of a job that %s lets in", async (_, settle) => {
    await provider.enqueue([gated(), gated()]);
    let woken = 0;
    const unsubscribe = provider.notifier?.subscribe(["work"], () => woken++);
    await settle();
    unsubscribe?.();
    expect(woken).toBeGreaterThan(0);
    expect((await provider.counts())["work"]?.ready).toBe(1);
  });
});

describe("a hundred thousand jobs behind one gate", () => {
  const admission = Object.entries(gateStatements).flatMap(([name, statement]) =>
    "text" in statement
      ? [[name, statement.text] as const]
      : Object.entries(statement).map(([kind, { text }]) => [`${name} ${kind}`, text] as const),
  );

  it.each(admission)("are not looked at one by one by %s", (name, text) => {
    const scans = planOf(text).filter((step) => /^SCAN|TEMP B-TREE/.test(step));
    // Lists that a call gives, policies, the groups themselves; of one job's gates the keys differ; the first row is enough.
    const harmless = /json_each|jobwright_limits|groups|CONSTANT ROW|CO-ROUTINE/;
    const allowed =
      name === "anyGate" || name === "selectKeys" ? scans.length <= 2 : scans.every((s) => harmless.test(s));
    expect(allowed, scans.join("; ")).toBe(true);
  });

  it("are outside of what a claim reads", () => {
    const plan = planOf(statements.selectLane(1).text);
    expect(plan[0]).toContain("USING INDEX jobwright_jobs_ready (queue=?)");
    expect(plan.join()).not.toMatch(/gates|TEMP B-TREE/);
  });

  it("let one in after the other, the first first, and a promotion changes nothing", async () => {
    await provider.enqueue(Array.from({ length: 100_000 }, () => gated()));
    const before = column("select total_changes()")[0];
    await provider.promote(1_000);
    expect(column("select total_changes()")[0]).toBe(before);
    for (let n = 1; n <= 3; n++) {
      const [lease, ...others] = await claim();
      expect(others).toEqual([]);
      expect(column(`select seq from jobwright_jobs where id = '${lease?.id}'`)).toEqual([n]);
      const changes = Number(column("select total_changes()")[0]);
      if (lease) await provider.ack([lease]);
      // The rows of two jobs, theirs and those of their gates, some of them twice.
      expect(Number(column("select total_changes()")[0]) - changes).toBeLessThan(10);
    }
  });
});
