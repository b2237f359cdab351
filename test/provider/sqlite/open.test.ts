import BetterSqlite3 from "better-sqlite3";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "../../../drizzle/sqlite/migrations.ts";
import { sqlite, type SqliteOptions, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";

let folder: string;
let providers: SqliteProvider[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-open-"));
});

afterEach(async () => {
  await Promise.all(providers.map((provider) => provider.stop()));
  providers = [];
  rmSync(folder, { recursive: true });
});

function open(options: string | SqliteOptions): SqliteProvider {
  const provider = sqlite(options);
  providers.push(provider);
  return provider;
}

function makeDatabase(path: string, ...statements: string[]): void {
  const database = new BetterSqlite3(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe("starting the SQLite provider", () => {
  it("makes the file and its folders", async () => {
    const path = join(folder, "a", "b", "jobs.db");
    await open(path).start();
    expect(existsSync(path)).toBe(true);
  });

  it("keeps what an earlier provider stored", async () => {
    const path = join(folder, "jobs.db");
    const job = { name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1, payload: "1" };
    const id = "0196f000-0000-7000-8000-000000000001";
    const first = open(path);
    await first.start();
    await first.enqueue([{ id, ...job }]);
    await first.stop();
    const second = open(path);
    await second.start();
    expect(await second.get(id)).toMatchObject({ state: "ready", payload: "1" });
  });

  it("upgrades a store of an older version, whose jobs stay and get what is new", async () => {
    const path = join(folder, "jobs.db");
    makeDatabase(
      path,
      ...(migrations[0]?.statements ?? []),
      "insert into jobwright_meta values ('schema_version', '1')",
      `insert into jobwright_jobs (id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes)
        values ('old', 'work', 'work', 1, 'ready', 0, 0, 0, 1)`,
      "insert into jobwright_payloads values (1, '1')",
      "insert into jobwright_queues values ('other', 5)",
    );
    await expect(open({ path, migrate: false }).start()).rejects.toMatchObject({ code: "JW_SCHEMA_MISSING" });
    const provider = open(path);
    expect(await provider.migrate()).toEqual({ from: 1, to: 4 });
    await provider.start();
    expect(await provider.paused()).toEqual({ queues: ["other"], names: [] });
    expect(await provider.change([{ id: "old", priority: 7 }])).toEqual(["changed"]);
    expect(await provider.cancel(["old"])).toEqual(["cancelled"]);
    expect(await provider.requeue(["old"])).toEqual(["requeued"]);
    expect(await provider.get("old")).toMatchObject({ state: "ready", payload: "1", priority: 7 });
    expect(await provider.history("old")).toEqual({ attempts: [], steps: [], cursors: [], logs: [] });
  });

  it("is harmless when it is called again, and at once by many", async () => {
    const path = join(folder, "jobs.db");
    const all = [open(path), open(path), open(path)];
    await Promise.all(all.flatMap((provider) => [provider.start(), provider.start()]));
    expect(await all[0]?.migrate()).toEqual({ from: 4, to: 4 });
  });

  it("refuses somebody else's database, names a table of it and changes no byte", async () => {
    const path = join(folder, "shop.db");
    makeDatabase(path, "create table customers (id integer)", "insert into customers values (1)");
    const before = readFileSync(path);
    await expect(open(path).start()).rejects.toMatchObject({
      code: "JW_STORE_FOREIGN",
      message: expect.stringContaining('"customers"'),
      hint: expect.stringContaining("shared: true"),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(["shop.db"]);
  });

  it("works in an application's database when told that it is shared", async () => {
    const path = join(folder, "shop.db");
    makeDatabase(path, "create table customers (id integer)");
    await open({ path, shared: true }).start();
    await open(path).start();
  });

  it("uses an open database of the application, and leaves it open", async () => {
    const database = new BetterSqlite3(":memory:");
    database.exec("create table customers (id integer)");
    const provider = open({ database });
    await provider.start();
    await provider.stop();
    expect(database.open).toBe(true);
    expect(database.prepare("select count(*) from jobwright_jobs").pluck().get()).toBe(0);
    database.close();
  });

  it("refuses a file that is no database, and changes no byte", async () => {
    const path = join(folder, "notes.txt");
    const text = "Shopping list: ".repeat(1_000);
    writeFileSync(path, text);
    await expect(open(path).start()).rejects.toMatchObject({ code: "JW_STORE_FOREIGN" });
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("takes an empty file for a new database", async () => {
    const path = join(folder, "jobs.db");
    writeFileSync(path, "");
    await open(path).start();
  });

  it("refuses a store that a newer jobwright has migrated", async () => {
    const path = join(folder, "jobs.db");
    const provider = open(path);
    await provider.start();
    await provider.stop();
    makeDatabase(path, "update jobwright_meta set value = '999' where key = 'schema_version'");
    for (const migrate of [true, false]) {
      await expect(open({ path, migrate }).start()).rejects.toMatchObject({
        code: "JW_SCHEMA_NEWER",
        message: expect.stringContaining("999"),
      });
    }
  });

  it("refuses a store without tables when it may not make them", async () => {
    const path = join(folder, "jobs.db");
    await expect(open({ path, migrate: false }).start()).rejects.toMatchObject({
      code: "JW_SCHEMA_MISSING",
      hint: expect.stringContaining("jobwright migrate"),
    });
  });

  it("refuses a folder as the path", async () => {
    await expect(open(folder).start()).rejects.toMatchObject({ code: "JW_STORE_PATH" });
  });

  it("refuses a path whose folder is a file", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(open(join(folder, "file", "jobs.db")).start()).rejects.toMatchObject({ code: "JW_STORE_PATH" });
  });

  it("says that a damaged file is damaged", async () => {
    const path = join(folder, "jobs.db");
    const provider = open(path);
    await provider.start();
    await provider.stop();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 100, bytes.length);
    writeFileSync(path, bytes);
    await expect(open(path).start()).rejects.toMatchObject({ code: "JW_STORE_CORRUPT" });
  });

  it.each([{}, { path: "" }, { path: undefined }])("refuses the options %j", (options) => {
    expect(() => sqlite(options as SqliteOptions)).toThrow(expect.objectContaining({ code: "JW_INVALID_OPTION" }));
  });

  it("can succeed after the reason of its failure is gone", async () => {
    const path = join(folder, "jobs.db");
    mkdirSync(path);
    const provider = open(path);
    await expect(provider.start()).rejects.toMatchObject({ code: "JW_STORE_PATH" });
    rmSync(path, { recursive: true });
    await provider.start();
  });

  it("refuses every call before the start and after the stop", async () => {
    const provider = open(join(folder, "jobs.db"));
    await expect(provider.get("x")).rejects.toMatchObject({ code: "JW_STOPPED" });
    await expect(provider.claim({ claimId: "1", workerId: "w", leaseMs: 1, lanes: [] })).rejects.toMatchObject({
      code: "JW_STOPPED",
    });
    await provider.start();
    await Promise.all([provider.stop(), provider.stop()]);
    await expect(provider.counts()).rejects.toMatchObject({ code: "JW_STOPPED" });
    await expect(provider.start()).rejects.toMatchObject({ code: "JW_STOPPED" });
    await expect(provider.awaitSettled("x")).rejects.toMatchObject({ code: "JW_STOPPED" });
  });
});
