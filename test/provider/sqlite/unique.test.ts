import BetterSqlite3 from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EnqueueOutcome, EnqueueResult, NewJob, UniqueKey } from "../../../runtime/contract/index.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";

const newId = createUuidV7();
let folder: string;
let database: BetterSqlite3.Database;
let db: BetterSQLite3Database;
let provider: SqliteProvider;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-unique-"));
  database = new BetterSqlite3(join(folder, "jobs.db"));
  database.pragma("journal_mode = WAL");
  db = drizzle(database);
  provider = sqlite({ database, durability: "normal" });
  await provider.start();
});

afterEach(async () => {
  await provider.stop();
  database.close();
  rmSync(folder, { recursive: true });
});

const plain = (given: Partial<NewJob> = {}): NewJob => {
  return { id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1, payload: "1", ...given };
};
const keyed = (unique: Partial<UniqueKey> = {}, given: Partial<NewJob> = {}): NewJob =>
  plain({ unique: { key: "k", scope: "live", onConflict: "ignore", ...unique }, ...given });
const outcomes = (results: readonly EnqueueResult[]): EnqueueOutcome[] => results.map(({ outcome }) => outcome);
const count = (table: string): unknown => database.prepare(`select count(*) from ${table}`).pluck().get();

describe("unique keys in a user's transaction", () => {
  it("are free again when it is rolled back", async () => {
    expect(() =>
      db.transaction((tx) => {
        expect(outcomes(provider.enqueueInTransaction([keyed(), keyed()], tx))).toEqual(["enqueued", "deduplicated"]);
        tx.rollback();
      }),
    ).toThrow("Rollback");
    expect(outcomes(await provider.enqueue([keyed()]))).toEqual(["enqueued"]);
  });

  it("leave their holder as it was when it is rolled back", async () => {
    const [holder] = await provider.enqueue([keyed()]);
    const before = await provider.get(holder?.id ?? "");
    expect(() =>
      db.transaction((tx) => {
        const job = keyed({ onConflict: "replace" }, { payload: "2", priority: 5, delayMs: 1_000 });
        expect(outcomes(provider.enqueueInTransaction([job], tx))).toEqual(["replaced"]);
        tx.rollback();
      }),
    ).toThrow("Rollback");
    expect(await provider.get(holder?.id ?? "")).toEqual(before);
  });

  it("are met in the order of the call, among jobs without a key", () => {
    const jobs = [...Array.from({ length: 20 }, () => plain()), keyed(), plain(), keyed({ onConflict: "replace" })];
    const results = db.transaction((tx) => provider.enqueueInTransaction([...jobs, ...jobs.slice(0, 1)], tx));
    expect(outcomes(results).slice(20)).toEqual(["enqueued", "enqueued", "replaced", "duplicate"]);
    expect(results[22]?.id).toBe(jobs[20]?.id);
  });

  it("keep others from writing from the first look at the holder to the commit", async () => {
    await provider.enqueue([keyed()]);
    const other = new BetterSqlite3(database.name, { timeout: 0 });
    db.transaction((tx) => {
      expect(outcomes(provider.enqueueInTransaction([keyed()], tx))).toEqual(["deduplicated"]);
      expect(() => other.exec("begin immediate")).toThrow("locked");
    });
    other.close();
  });

  it("write nothing of a call that is refused, also if the user commits", async () => {
    db.transaction((tx) => {
      const call = (): unknown => provider.enqueueInTransaction([plain(), keyed({ key: "\ud800" })], tx);
      expect(call).toThrow(expect.objectContaining({ code: "JW_INVALID_INPUT" }));
    });
    expect(await provider.counts()).toEqual({});
  });
});

describe("unique keys on SQLite", () => {
  it("of calls that are grouped together are taken one after the other", async () => {
    const holder = keyed();
    const calls = [[plain(), holder, plain()], [plain()], [keyed({ onConflict: "extend" })], [plain(), keyed()]];
    const results = await Promise.all(calls.map((jobs) => provider.enqueue(jobs)));
    expect(results.map(outcomes)).toEqual([
      ["enqueued", "enqueued", "enqueued"],
      ["enqueued"],
      ["extended"],
      ["enqueued", "deduplicated"],
    ]);
    expect([results[2]?.[0]?.id, results[3]?.[1]?.id]).toEqual([holder.id, holder.id]);
  });

  it("may stand behind any number of jobs without one", async () => {
    const many = Array.from({ length: 150_000 }, () => plain());
    const results = await provider.enqueue([...many, keyed(), plain(), keyed()]);
    expect(outcomes(results).slice(many.length - 1)).toEqual(["enqueued", "enqueued", "enqueued", "deduplicated"]);
  });

  it("that UTF-8 cannot hold fail their call and not its neighbours", async () => {
    const calls = [[keyed()], [plain(), keyed({ key: "\ud800" })], [keyed()]];
    const results = await Promise.allSettled(calls.map((jobs) => provider.enqueue(jobs)));
    expect(results).toMatchObject([
      { status: "fulfilled", value: [{ outcome: "enqueued" }] },
      { status: "rejected", reason: { code: "JW_INVALID_INPUT" } },
      { status: "fulfilled", value: [{ outcome: "deduplicated" }] },
    ]);
    expect(count("jobwright_jobs")).toBe(1);
  });

  it("leave no trace of a pruned job to the job that gets its number", async () => {
    const [holder] = await provider.enqueue([keyed({ scope: "any" })]);
    await provider.cancel([holder?.id ?? ""]);
    expect(await provider.prune({ retentionMs: { cancelled: -1 }, limit: 10 })).toBe(1);
    await provider.enqueue([plain()]);
    expect(database.prepare("select seq from jobwright_jobs").pluck().get()).toBe(1);
    expect(outcomes(await provider.enqueue([keyed()]))).toEqual(["enqueued"]);
    expect([count("jobwright_unique_keys"), count("jobwright_unique_jobs")]).toEqual([1, 1]);
  });

  it("of a replaced job wake the listeners of that job's queue", async () => {
    await provider.enqueue([keyed({}, { queue: "other", delayMs: 60_000 })]);
    const woken = new Promise<void>((resolve) => provider.notifier?.subscribe(["other"], resolve));
    await provider.enqueue([keyed({ onConflict: "replace" })]);
    await woken;
  });
});

describe("schedules on SQLite", () => {
  it("are listed by the code units of their keys", async () => {
    const keys = ["\u{10FFFF}", "\uFFFD", "\uE000", "é", "b", "a\0", "aa", "a", ""];
    await provider.putSchedules(keys.map((key) => ({ key, name: "work", spec: "", nextAt: 0 })));
    const listed: string[] = [];
    const sorted = keys.toSorted();
    expect((await provider.schedules()).schedules.map(({ key }) => key)).toEqual(sorted);
    for (const after of sorted) listed.push((await provider.schedules(after)).schedules[0]?.key ?? "end");
    expect(listed).toEqual([...sorted.slice(1), "end"]);
    const { due } = await provider.dueSchedules({ names: ["work"], limit: 10 });
    expect(due.map(({ key }) => key)).toEqual(sorted);
  });

  it("stay as they are when the jobs of a firing are refused", async () => {
    await provider.putSchedules([{ key: "daily", name: "work", spec: "", nextAt: 0 }]);
    const firing = { key: "daily", spec: "", expectedAt: 0, slotAt: 0, nextAt: 1 };
    const calls = [
      provider.fireSchedule({ ...firing, jobs: [plain(), plain({ payload: "\ud800" })] }),
      provider.fireSchedule({ ...firing, jobs: [plain()] }),
    ];
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: "rejected", reason: { code: "JW_INVALID_INPUT" } },
      { status: "fulfilled", value: { outcome: "fired" } },
    ]);
    expect(count("jobwright_jobs")).toBe(1);
  });
});
