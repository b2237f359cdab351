import { createHook } from "node:async_hooks";
import BetterSqlite3 from "better-sqlite3";
import { mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { sqlite, type SqliteOptions } from "../../../runtime/providers/sqlite/index.ts";
import { createLogFlush } from "../../../runtime/providers/sqlite/log-flush.ts";

const newId = createUuidV7();
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-flush-"));
  path = join(folder, "jobs.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** How many requests to the file system the thread pool gets meanwhile: the flushes. */
async function countRequests(body: () => Promise<unknown>): Promise<number> {
  let requests = 0;
  const hook = createHook({ init: (_id, type) => void (type === "FSREQCALLBACK" && requests++) }).enable();
  await body();
  hook.disable();
  return requests;
}

describe("the flush of the log", () => {
  let database: BetterSqlite3.Database;

  beforeEach(() => {
    database = new BetterSqlite3(path);
    database.pragma("journal_mode = WAL");
    database.exec("create table numbers (n)");
  });
  afterEach(() => database.close());

  it("is shared by all who ask while one runs", async () => {
    const log = createLogFlush(database);
    const asked = (): Promise<unknown> => Promise.all(Array.from({ length: 100 }, () => log.flush()));
    expect(await countRequests(asked)).toBe(2);
    await log.close();
  });

  it("finds the log of a database that is opened through a link", async () => {
    const link = join(folder, "link.db");
    symlinkSync(path, link);
    const linked = new BetterSqlite3(link);
    linked.exec("insert into numbers values (1)");
    const log = createLogFlush(linked);
    await log.flush();
    await log.close();
    linked.close();
  });

  it("finds the log after the process went to another folder", async () => {
    const before = process.cwd();
    process.chdir(folder);
    const relative = new BetterSqlite3("jobs.db");
    relative.exec("insert into numbers values (1)");
    process.chdir(before);
    const log = createLogFlush(relative);
    await log.flush();
    await log.close();
    relative.close();
  });

  it("fails for good once it failed, as the kernel may have dropped what it could not write", async () => {
    const log = createLogFlush(database);
    // A log that cannot be opened stands for one that cannot be written.
    renameSync(`${path}-wal`, `${path}-away`);
    await expect(log.flush()).rejects.toMatchObject({ code: "ENOENT" });
    renameSync(`${path}-away`, `${path}-wal`);
    await expect(log.flush()).rejects.toMatchObject({ code: "ENOENT" });
    await log.close();
  });
});

describe("a durable provider", () => {
  const work = { name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1, payload: "1" };

  async function flushesOfEnqueue(options: SqliteOptions): Promise<number> {
    const provider = sqlite(options);
    await provider.start();
    const flushes = await countRequests(() => provider.enqueue([{ id: newId(), ...work }]));
    await provider.stop();
    return flushes;
  }

  it("flushes before it answers an enqueue, unless told not to", async () => {
    expect(await flushesOfEnqueue({ path })).toBe(1);
    expect(await flushesOfEnqueue({ path, durability: "normal" })).toBe(0);
    expect(await flushesOfEnqueue({ path: ":memory:" })).toBe(0);
  });

  it("flushes on an application's connection too, unless SQLite does it there", async () => {
    const database = new BetterSqlite3(path);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    expect(await flushesOfEnqueue({ database })).toBe(1);
    database.pragma("synchronous = FULL");
    expect(await flushesOfEnqueue({ database })).toBe(0);
    database.close();
  });

  it("lets no claim and no heartbeat wait for the disk, but every settlement", async () => {
    const provider = sqlite(path);
    await provider.start();
    await provider.enqueue([{ id: newId(), ...work }]);
    const lanes = [{ queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
    const claim = { claimId: newId(), workerId: "w", leaseMs: 10_000, lanes };
    const waited = await countRequests(async () => {
      await provider.claim(claim);
      await provider.extend({ workerId: "w", leaseMs: 10_000 });
    });
    expect(waited).toBe(0);
    const [job] = await provider.claim(claim);
    if (!job) throw new Error("The repeated claim gave no job.");
    expect(await countRequests(() => provider.ack([{ id: job.id, fence: job.fence }]))).toBe(1);
    await provider.stop();
  });

  it("flushes an end that another process wrote before it tells a waiting caller", async () => {
    const provider = sqlite(path);
    await provider.start();
    const id = newId();
    await provider.enqueue([{ id, ...work }]);
    await provider.cancel([id]);
    expect(await countRequests(() => provider.awaitSettled(id))).toBe(1);
    await provider.stop();
  });
});
