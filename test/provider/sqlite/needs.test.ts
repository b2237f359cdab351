import BetterSqlite3 from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "../../../drizzle/sqlite/migrations.ts";
import type { ClaimedJob, Gate, JobState, NeedCondition, Needs, NewJob } from "../../../runtime/contract/index.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";
import * as needStatements from "../../../runtime/providers/sqlite/need-statements.ts";
import { selectFinished, selectNeeds } from "../../../runtime/providers/sqlite/record-statements.ts";
import * as statements from "../../../runtime/providers/sqlite/statements.ts";
import { createFakeClock, type FakeClock } from "../../../runtime/testing/index.ts";

const newId = createUuidV7();
let clock: FakeClock;
let database: BetterSqlite3.Database;
let db: BetterSQLite3Database;
let provider: SqliteProvider;
/** Every statement that ran, with its values. */
let ran: string[];

beforeEach(async () => {
  clock = createFakeClock();
  ran = [];
  database = new BetterSqlite3(":memory:", { verbose: (text) => ran.push(String(text)) });
  db = drizzle(database);
  provider = sqlite({ database, clock });
  await provider.start();
});

afterEach(async () => {
  await provider.stop();
  database.close();
});

const job = (given: Partial<NewJob> = {}): NewJob => {
  return { id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1, payload: "1", ...given };
};

function needing(parents: readonly NewJob[], when: NeedCondition = "succeeded", mode: Needs["mode"] = "all"): NewJob {
  return job({ needs: { of: parents.map(({ id }) => ({ id, when })), mode } });
}

let claims = 0;
async function claim(limit = 10_000): Promise<readonly ClaimedJob[]> {
  const lanes = [{ queue: "work", limit, handles: [{ name: "work", maxVersion: 1 }] }];
  return provider.claim({ claimId: `${++claims}`, workerId: "w", leaseMs: 1_000, lanes });
}

async function stateOf({ id }: { readonly id: string }): Promise<JobState | undefined> {
  return (await provider.get(id))?.state;
}

const column = (query: string): unknown[] => database.prepare(query).pluck().all();
const prune = () => provider.prune({ retentionMs: {}, limit: 10 });

/** What SQLite will do for a statement, step by step. */
function planOf(text: string): string {
  const rows = database
    .prepare(`explain query plan ${text}`)
    .all(Array.from({ length: text.split("?").length - 1 }, () => "1")) as { detail: string }[]; // what the statement gives
  return rows.map(({ detail }) => detail).join("\n");
}

describe("a flow in a user's transaction", () => {
  it("is there when it commits, and runs", async () => {
    const parent = job();
    const results = db.transaction((tx) => provider.enqueueInTransaction([parent, needing([parent])], tx));
    expect(results.map(({ state }) => state)).toEqual(["ready", "blocked"]);
    await provider.ack(await claim());
    expect((await claim()).map(({ id }) => id)).toEqual([results[1]?.id]);
  });

  it("is not there, and has marked no job, when it is rolled back", async () => {
    const parent = job();
    await provider.enqueue([parent]);
    expect(() =>
      db.transaction((tx) => {
        provider.enqueueInTransaction([needing([parent])], tx);
        tx.rollback();
      }),
    ).toThrow("Rollback");
    expect(column("select count(*) from jobwright_edges union all select count(*) from jobwright_needs")).toEqual([
      0, 0,
    ]);
    expect((await claim()).map(({ gated }) => gated)).toEqual([undefined]);
  });

  it("writes nothing when it is refused, so that the user may go on and commit", async () => {
    const other = job();
    db.transaction((tx) => {
      for (const bad of [[job(), needing([job()])], [job({ neededBy: [{ id: newId(), when: "finished" }] })]]) {
        expect(() => provider.enqueueInTransaction(bad, tx)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/JW_NO_PREREQUISITE|JW_BATCH_CLOSED/) }),
        );
      }
      provider.enqueueInTransaction([other], tx);
    });
    expect(column("select id from jobwright_jobs")).toEqual([other.id]);
  });
});

describe("a job without edges", () => {
  it("costs no statement that looks at edges, from the enqueue to the end", async () => {
    const parent = job();
    await provider.enqueue([parent, needing([parent])]);
    await provider.ack(await claim());
    await provider.ack(await claim());
    ran = [];
    await provider.enqueue(Array.from({ length: 20 }, () => job()));
    const [single, failed, dead, ...rest] = await claim();
    if (!single || !failed || !dead) throw new Error("twenty jobs are claimed");
    await provider.ack([single]);
    const error = { name: "Error", message: "planned" };
    await provider.nack([
      { ...failed, outcome: "retry", delayMs: 0, error },
      { ...dead, outcome: "dead", reason: "discarded", error },
    ]);
    await provider.ack(rest);
    expect(ran.filter((text) => /jobwright_(edges|needs)/.test(text))).toEqual([]);
    expect(await provider.counts()).toEqual({ work: { succeeded: 20, dead: 1, ready: 1 } });
  });

  it("is acknowledged in one statement for a batch also if others in the store need each other", async () => {
    await provider.enqueue(Array.from({ length: 20 }, () => job()));
    const leases = await claim();
    ran = [];
    await provider.ack(leases);
    expect(ran.filter((text) => /update/i.test(text))).toHaveLength(1);
  });
});

describe("members of a batch", () => {
  it("are acknowledged together, and read the edges of the one that waits for them once, at the end", async () => {
    const members = Array.from({ length: 40 }, () => job());
    await provider.enqueue(members);
    const child = needing(members);
    await provider.enqueue([child]);
    const leases = await claim();
    ran = [];
    for (let from = 0; from < 40; from += 10) await provider.ack(leases.slice(from, from + 10));
    expect(ran.filter((text) => text.includes('update "jobwright_jobs"') && text.includes("finished_at"))).toHaveLength(
      4,
    );
    expect(ran.filter((text) => text.includes("select distinct"))).toHaveLength(1);
    expect(await stateOf(child)).toBe("ready");
  });

  it("are settled one after the other when somebody is skipped with that, or comes to a gate", async () => {
    const gate: Gate = { policy: "limit", key: "limit", kind: "concurrency", level: 4, limit: 1 };
    const parents = [job(), job()];
    await provider.enqueue(parents);
    const gated = parents.map((parent, index) => ({ ...needing([parent]), gates: [gate], priority: -index }));
    const skipped = parents.map((parent) => needing([parent], "failed"));
    await provider.enqueue([...gated, ...skipped]);
    expect(await provider.ack(await claim())).toEqual(["ok", "ok"]);
    // The first one came to its gate before the second one was let go.
    expect(await Promise.all(gated.map(stateOf))).toEqual(["ready", "blocked"]);
    expect(await Promise.all(skipped.map(stateOf))).toEqual(["skipped", "skipped"]);
  });

  it("that were claimed before anybody needed them decide their edges too", async () => {
    const members = Array.from({ length: 5 }, () => job());
    await provider.enqueue(members);
    const leases = await claim();
    const child = needing(members);
    await provider.enqueue([child]);
    expect(leases.some(({ gated }) => gated)).toBe(false);
    expect(await provider.ack(leases)).toEqual(leases.map(() => "ok"));
    expect(await stateOf(child)).toBe("ready");
  });
});

describe("a step that breaks off after the end of a job, before its edges are decided", () => {
  it("has not happened, and can be taken again", async () => {
    const parent = job();
    const child = needing([parent]);
    await provider.enqueue([parent, child]);
    const leases = await claim();
    database.exec(`create temp trigger broken before update on jobwright_edges
      begin select raise(abort, 'planned'); end`);
    await expect(provider.ack(leases)).rejects.toThrow("planned");
    expect(await Promise.all([parent, child].map(stateOf))).toEqual(["running", "blocked"]);
    database.exec("drop trigger broken");
    expect(await provider.ack(leases)).toEqual(["ok"]);
    expect(await stateOf(child)).toBe("ready");
  });
});

describe("a prune", () => {
  async function givenFlow(mode: Needs["mode"] = "all", given: Partial<NewJob> = {}) {
    const parents = [job(), job()];
    const child = { ...needing(parents, "succeeded", mode), ...given };
    await provider.enqueue([...parents, child]);
    return { parents, child };
  }

  it("lets go, or skips, what waits though everything is decided", async () => {
    const done = await givenFlow();
    const lost = await givenFlow("any");
    database.exec(`update jobwright_edges set status = 'met' where child = 3;
      update jobwright_edges set status = 'broken' where child = 6`);
    expect(await prune()).toBe(0);
    expect(await stateOf(done.child)).toBe("ready");
    expect(await provider.get(lost.child.id)).toMatchObject({ state: "skipped", reason: "prerequisite" });
  });

  it("lets go, or skips, what waits though one edge is enough", async () => {
    const [all, any] = [await givenFlow(), await givenFlow("any")];
    database.exec(`update jobwright_edges set status = 'unmet' where child = 3 and parent = 2;
      update jobwright_edges set status = 'met' where child = 6 and parent = 5`);
    await prune();
    expect(await provider.get(all.child.id)).toMatchObject({ state: "skipped", reason: "condition" });
    expect(await stateOf(any.child)).toBe("ready");
  });

  it("decides edges to jobs that have ended, or are gone, and goes on along the edges", async () => {
    const [done, lost] = [await givenFlow(), await givenFlow()];
    const last = needing([lost.child], "failed");
    await provider.enqueue([last]);
    // As a process of an older version does, which knows of no edges.
    database.exec(`update jobwright_jobs set state = 'succeeded', finished_at = 1 where seq in (1, 2);
      delete from jobwright_jobs where seq = 4`);
    await prune();
    expect(await Promise.all([done.child, lost.child, last].map(stateOf))).toEqual(["ready", "skipped", "ready"]);
    expect(column("select status from jobwright_edges order by number")).toEqual([
      "met",
      "met",
      "broken",
      "open",
      "met",
    ]);
  });

  it("leads a job that it lets go to its gates, and tells those who listen", async () => {
    const gate: Gate = { policy: "limit", key: "limit", kind: "concurrency", level: 4, limit: 1 };
    const { child } = await givenFlow("all", { gates: [gate] });
    await provider.enqueue([job({ gates: [gate] })]);
    database.exec("update jobwright_edges set status = 'met'");
    const woken = new Promise<void>((resolve) => provider.notifier?.subscribe(["work"], resolve));
    await prune();
    await woken;
    expect(await provider.get(child.id)).toMatchObject({ state: "blocked", blockedBy: "limit" });
  });

  it("leaves alone what rightly waits, and what waits no longer", async () => {
    const { child } = await givenFlow();
    const { child: cancelled } = await givenFlow();
    await provider.cancel([cancelled.id]);
    await prune();
    expect(await Promise.all([child, cancelled].map(stateOf))).toEqual(["blocked", "cancelled"]);
    expect(column("select seq from jobwright_needs where held = 1")).toEqual([3]);
  });

  it("looks at a thousand edges at most, and the next one goes on from there, round and round", async () => {
    const parent = job();
    await provider.enqueue([parent]);
    await provider.enqueue(Array.from({ length: 2_500 }, () => needing([parent])));
    for (let round = 0; round < 2; round++) {
      database.exec("update jobwright_edges set status = 'met' where child in (700, 1700, 2400)");
      for (const left of [2, 1, 0]) {
        await prune();
        const waiting = "select count(*) from jobwright_needs where held = 1 and seq in (700, 1700, 2400)";
        expect(column(waiting)).toEqual([left]);
      }
      database.exec(`update jobwright_jobs set state = 'blocked' where seq in (700, 1700, 2400);
        update jobwright_needs set held = 1 where seq in (700, 1700, 2400)`);
    }
  });

  it("deletes the edges with the job that needed others, and nothing of others", async () => {
    const { parents, child } = await givenFlow();
    const other = await givenFlow();
    await provider.cancel([child.id]);
    clock.advance(1);
    expect(await provider.prune({ retentionMs: { cancelled: 0 }, limit: 10 })).toBe(1);
    expect(column("select distinct child from jobwright_edges")).toEqual(column("select seq from jobwright_needs"));
    expect(await Promise.all(parents.map(stateOf))).toEqual(["ready", "ready"]);
    expect((await provider.needs({ id: other.child.id })).needs).toHaveLength(2);
  });
});

describe("the statements", () => {
  it("look edges up by the indexes made for it, and sort no more than a page", () => {
    expect(planOf(needStatements.selectHeld.text)).toContain("jobwright_edges_open (child=?)");
    expect(planOf(needStatements.decideEdges.text)).toContain("jobwright_edges_parent (parent=?)");
    expect(planOf(needStatements.selectHeldEdges.text)).not.toMatch(/SCAN|TEMP B-TREE/);
    expect(planOf(selectNeeds.text)).not.toMatch(/SCAN|TEMP B-TREE/);
    expect(planOf(statements.pruneJobs.text)).toContain("COVERING INDEX jobwright_edges_parent (parent=?)");
  });

  it("find what ended lately by the index of ends, state by state", () => {
    const plan = planOf(selectFinished.text);
    expect(plan.match(/jobwright_jobs_finished \(state=\? AND finished_at>\?\)/g)).toHaveLength(4);
    expect(plan).not.toMatch(/SCAN jobwright_jobs/);
  });
});

describe("a store of the version before edges", () => {
  it("keeps its jobs, also those with gates, and others may need them", async () => {
    const old = new BetterSqlite3(":memory:");
    for (const migration of migrations.slice(0, 3)) for (const text of migration.statements) old.exec(text);
    old.exec(`insert into jobwright_meta values ('schema_version', '3');
      insert into jobwright_jobs (id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes, gated)
        values ('a', 'work', 'work', 1, 'ready', 0, 0, 0, 1, 0), ('b', 'work', 'work', 1, 'ready', 0, 0, 0, 1, 1);
      insert into jobwright_payloads values (1, '1'), (2, '2');
      insert into jobwright_gates values (2, 4, 'limit', 'limit', 'concurrency', 'passed', 0, 0)`);
    const upgraded = sqlite({ database: old, clock });
    expect(await upgraded.migrate()).toEqual({ from: 3, to: 4 });
    await upgraded.start();
    const child = job({ needs: { of: ["a", "b"].map((id) => ({ id, when: "succeeded" })), mode: "all" } });
    await upgraded.enqueue([child]);
    const lanes = [{ queue: "work", limit: 9, handles: [{ name: "work", maxVersion: 1 }] }];
    const leases = await upgraded.claim({ claimId: "1", workerId: "w", leaseMs: 1_000, lanes });
    expect(leases.map(({ id, payload }) => [id, payload])).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect(await upgraded.ack(leases)).toEqual(["ok", "ok"]);
    expect((await upgraded.get(child.id))?.state).toBe("ready");
    expect(old.prepare("select status from jobwright_gates").pluck().all()).toEqual(["ahead"]);
    await upgraded.stop();
    old.close();
  });
});
