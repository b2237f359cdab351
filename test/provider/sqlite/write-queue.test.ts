import BetterSqlite3 from "better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWriteQueue, type WriteQueue } from "../../../runtime/providers/sqlite/write-queue.ts";

describe("the write queue", () => {
  let folder: string;
  let path: string;
  let database: BetterSqlite3.Database;
  let other: BetterSqlite3.Database;
  let queue: WriteQueue;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-writes-"));
    path = join(folder, "test.db");
    database = new BetterSqlite3(path, { timeout: 20 });
    database.pragma("journal_mode = WAL");
    database.exec("create table numbers (n integer primary key)");
    other = new BetterSqlite3(path, { timeout: 0 });
    queue = createWriteQueue(database, path);
  });

  afterEach(async () => {
    if (other.inTransaction) other.exec("rollback");
    await queue.close();
    database.close();
    other.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (n: number) => (): number => database.prepare("insert into numbers values (?)").run(n).changes;
  const numbers = (): unknown[] => other.prepare("select n from numbers order by n").pluck().all();
  /** Ends with the lock held: nobody else can write until `other` is told to end it. */
  const lock = (): unknown => other.exec("begin immediate");

  it("runs the writes of one turn in one transaction, in their order", async () => {
    const version = other.prepare("pragma data_version").pluck();
    const before = version.get() as number; // a pragma of one integer
    await Promise.all(Array.from({ length: 100 }, (_, n) => queue.submit(insert(n))));
    const seenDuring = version.get();
    expect(numbers()).toHaveLength(100);
    expect(seenDuring).toBe(before + 1);
  });

  it("gives each caller its own result", async () => {
    expect(await Promise.all([queue.submit(() => "a"), queue.submit(() => 2), queue.submit(() => null)])).toEqual([
      "a",
      2,
      null,
    ]);
  });

  it("fails only the write that throws, and undoes it", async () => {
    const results = await Promise.allSettled([
      queue.submit(insert(1)),
      queue.submit(() => {
        insert(2)();
        throw new RangeError("no");
      }),
      queue.submit(insert(3)),
      queue.submit(insert(1)),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    expect(numbers()).toEqual([1, 3]);
    await queue.submit(insert(4));
    expect(numbers()).toEqual([1, 3, 4]);
  });

  it("waits while another connection holds the write lock, without blocking the event loop", async () => {
    lock();
    let turns = 0;
    const heartbeat = setInterval(() => {
      if (++turns === 100) other.exec("commit");
    }, 1);
    await queue.submit(insert(1));
    clearInterval(heartbeat);
    // The lock was let go by the hundredth turn: a queue that blocks would never have got it.
    expect(turns).toBeGreaterThanOrEqual(100);
    expect(numbers()).toEqual([1]);
  });

  it("goes on gathering while it waits", async () => {
    lock();
    const first = queue.submit(insert(1));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const second = queue.submit(insert(2));
    other.exec("commit");
    await Promise.all([first, second]);
    expect(numbers()).toEqual([1, 2]);
  });

  it("gives up with JW_STORE_BUSY after its limit, and works again when the lock is gone", async () => {
    const impatient = createWriteQueue(database, path, 30);
    lock();
    await expect(Promise.all([impatient.submit(insert(1)), impatient.submit(insert(2))])).rejects.toMatchObject({
      code: "JW_STORE_BUSY",
      retryable: true,
      message: expect.stringContaining(path),
    });
    other.exec("commit");
    await impatient.submit(insert(3));
    expect(numbers()).toEqual([3]);
  });

  it("waits for what was submitted when it closes, and takes nothing afterwards", async () => {
    const last = queue.submit(insert(1));
    await queue.close();
    expect(numbers()).toEqual([1]);
    await last;
    await expect(queue.submit(insert(2))).rejects.toMatchObject({ code: "JW_STOPPED" });
  });
});
