import BetterSqlite3 from "better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogFlush } from "../../../runtime/providers/sqlite/log-flush.ts";
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
    const impatient = createWriteQueue(database, path, { busyLimitMs: 30 });
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

  it("writes neighbours' parts by one call, and gives each caller its own result", async () => {
    const calls: (readonly number[])[] = [];
    const insertAll = (parts: readonly number[]): readonly number[] => {
      calls.push(parts);
      return parts.map((n) => insert(n)() + n);
    };
    const results = Promise.all([
      queue.submitPart(insertAll, 1),
      queue.submitPart(insertAll, 2),
      queue.submit(insert(3)),
      queue.submitPart(insertAll, 4),
    ]);
    expect(await results).toEqual([2, 3, 1, 5]);
    expect(calls).toEqual([[1, 2], [4]]);
  });

  it("fails only the part that throws", async () => {
    const insertAll = (parts: readonly number[]): readonly number[] => parts.map((n) => insert(n)());
    const parts = [1, 2, 1, 3].map((n) => queue.submitPart(insertAll, n));
    const results = await Promise.allSettled(parts);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(numbers()).toEqual([1, 2, 3]);
  });

  describe("with a log to flush", () => {
    let flushes: ControlledFlush[];
    let log: LogFlush;

    beforeEach(() => {
      flushes = [];
      log = {
        flush() {
          const flush = controlledFlush();
          flushes.push(flush);
          return flush.promise;
        },
        close: () => Promise.resolve(),
      };
    });

    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

    it("answers when the log is flushed, and tells of the commit before", async () => {
      const flushed = createWriteQueue(database, path, { log });
      const seen: string[] = [];
      const done = flushed
        .submit(insert(1), { committed: (changes) => seen.push(`committed ${changes}`) })
        .then(() => seen.push("answered"));
      await turn();
      await turn();
      expect(numbers()).toEqual([1]);
      expect(seen).toEqual(["committed 1"]);
      flushes[0]?.resolve();
      await done;
      expect(seen).toEqual(["committed 1", "answered"]);
    });

    it("does not let a relaxed write wait, nor flush for it", async () => {
      const flushed = createWriteQueue(database, path, { log });
      await flushed.submit(insert(1), { relaxed: true });
      expect(flushes).toEqual([]);
      const strict = flushed.submit(insert(2));
      await flushed.submit(insert(3), { relaxed: true });
      expect(flushes).toHaveLength(1);
      flushes[0]?.resolve();
      await strict;
    });

    it("writes the second half of a gathering while the first is flushed", async () => {
      const flushed = createWriteQueue(database, path, { log });
      const all = Array.from({ length: 64 }, (_, n) => flushed.submit(insert(n)));
      await turn();
      await turn();
      expect(flushes).toHaveLength(2);
      expect(numbers()).toHaveLength(64);
      for (const flush of flushes) flush.resolve();
      await Promise.all(all);
    });

    it("rejects what it cannot flush", async () => {
      const flushed = createWriteQueue(database, path, { log });
      const failing = Promise.allSettled([flushed.submit(insert(1)), flushed.submit(insert(2), { relaxed: true })]);
      await turn();
      await turn();
      flushes[0]?.reject(new Error("EIO: i/o error, fdatasync"));
      expect(await failing).toMatchObject([
        { status: "rejected", reason: { code: "JW_STORE_UNAVAILABLE", retryable: true, hint: expect.any(String) } },
        { status: "fulfilled" },
      ]);
    });
  });
});

interface ControlledFlush {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function controlledFlush(): ControlledFlush {
  let resolve = (): void => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  return { promise, resolve, reject };
}
