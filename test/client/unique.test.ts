import BetterSqlite3 from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { EnqueueManyOptions, EnqueueOptions } from "../../runtime/client/types.ts";
import { createClient, type TransactionKind } from "../../runtime/codegen/v1.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import type { UniquePolicy } from "../../runtime/core/descriptor.ts";
import { sqlite, type SqliteTransaction } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { type Client, clientOf, type Definition, describeJobs, type Numbered } from "../worker/fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

const policy = (more: Partial<UniquePolicy> = {}): Definition => ({
  unique: { by: ["n"], scope: "live", onConflict: "ignore", ...more },
});
const byFunction = (uniqueBy: (input: Numbered) => unknown): Definition => ({
  unique: { scope: "live", onConflict: "ignore" },
  uniqueBy,
});

describe.each(Object.entries(providers))("unique jobs, on %s", (_name, open) => {
  async function setUp(work: Definition, other: Definition = {}) {
    const clock = createFakeClock();
    const provider = open(clock);
    const client = await clientOf(provider, describeJobs({ work, other }));
    const payload = async (id: string): Promise<unknown> => JSON.parse((await provider.get(id))?.payload ?? "");
    const waiting = async (): Promise<number> => {
      const { work: states = {} } = await provider.counts();
      return (states.ready ?? 0) + (states.scheduled ?? 0);
    };
    const claim = () =>
      provider.claim({
        claimId: String(clock.now()),
        workerId: "w",
        leaseMs: 60_000,
        lanes: [{ queue: "work", limit: 10, handles: [{ name: "work", maxVersion: 1 }] }],
      });
    return { clock, provider, client, payload, waiting, claim };
  }

  const wide = z.object({ n: z.number(), name: z.string().optional() });
  const named = (n: number, name: string): Numbered => ({ n, name }) as Numbered; // the job's own input is wider

  it("ignore: the second enqueue gives the handle of the first job, unchanged", async () => {
    const { client, payload, waiting } = await setUp({ input: wide, ...policy() });
    const first = await client.work.enqueue(named(1, "a"));
    const second = await client.work.enqueue(named(1, "b"), { delay: "1h" });
    expect(second).toMatchObject({ id: first.id, outcome: "deduplicated" });
    expect(await payload(first.id)).toEqual({ n: 1, name: "a" });
    expect([await first.status(), await waiting()]).toEqual(["ready", 1]);
  });

  it("reject: the second enqueue throws JW_DUPLICATE with the id of the first job", async () => {
    const { client, waiting } = await setUp(policy({ onConflict: "reject" }));
    const { id } = await client.work.enqueue({ n: 1 });
    await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({ code: "JW_DUPLICATE", details: { id } });
    expect(await waiting()).toBe(1);
  });

  it("reject: the same enqueue again is no duplicate of itself", async () => {
    const { client } = await setUp(policy({ onConflict: "reject" }));
    const { id } = await client.work.enqueue({ n: 1 });
    expect(await client.work.enqueue({ n: 1 }, { id })).toMatchObject({ id, outcome: "duplicate" });
  });

  it("replace: the first job gets input, settings, priority and time of the second", async () => {
    const { clock, provider, client } = await setUp({ input: wide, ...policy({ onConflict: "replace" }) });
    const first = await client.work.enqueue(named(1, "a"));
    const options: EnqueueOptions = { delay: "1m", priority: 7, metadata: { by: "second" } };
    const second = await client.work.enqueue(named(1, "b"), options);
    expect(second).toMatchObject({ id: first.id, outcome: "replaced" });
    expect(await provider.get(first.id)).toMatchObject({ priority: 7, runAt: clock.now() + 60_000 });
    expect(await client.$control.get(first.id)).toMatchObject({
      payload: '{"n":1,"name":"b"}',
      metadata: { by: "second" },
    });
  });

  it("extend: the first job gets the time of the second, and keeps its input", async () => {
    const { clock, provider, client, payload } = await setUp({ input: wide, ...policy({ onConflict: "extend" }) });
    const first = await client.work.enqueue(named(1, "a"));
    const second = await client.work.enqueue(named(1, "b"), { delay: "1m", priority: 7 });
    expect(second).toMatchObject({ id: first.id, outcome: "extended" });
    expect(await provider.get(first.id)).toMatchObject({ priority: 0, runAt: clock.now() + 60_000 });
    expect(await payload(first.id)).toEqual({ n: 1, name: "a" });
  });

  it.each(["replace", "extend"] as const)("%s leaves a job alone that runs", async (onConflict) => {
    const { client, claim } = await setUp(policy({ onConflict }));
    const first = await client.work.enqueue({ n: 1 });
    await claim();
    expect(await client.work.enqueue({ n: 1 }, { delay: "1h" })).toMatchObject({
      id: first.id,
      outcome: "deduplicated",
    });
    expect(await first.status()).toBe("running");
  });

  it("other values are other keys", async () => {
    const { client, waiting } = await setUp(policy());
    await client.work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await waiting()).toBe(3);
  });

  it("an empty list of paths makes one key of all inputs", async () => {
    const { client, waiting } = await setUp(policy({ by: [] }));
    await client.work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await waiting()).toBe(1);
  });

  it("the same key of another job definition is another key", async () => {
    const { client } = await setUp(policy(), policy());
    await client.work.enqueue({ n: 1 });
    expect(await client.other.enqueue({ n: 1 })).toMatchObject({ outcome: "enqueued" });
  });

  it("in bulk nothing is refused: every handle says what became of its input", async () => {
    const { client } = await setUp(policy({ onConflict: "reject" }));
    const handles = await client.work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 1 }]);
    expect(handles.map(({ outcome }) => outcome)).toEqual(["enqueued", "enqueued", "deduplicated"]);
    expect(handles[2]?.id).toBe(handles[0]?.id);
  });

  it("false leaves a job without a key", async () => {
    const { client, waiting } = await setUp(policy());
    await client.work.enqueue({ n: 1 });
    expect(await client.work.enqueue({ n: 1 }, { unique: false })).toMatchObject({ outcome: "enqueued" });
    await client.work.enqueueMany([{ n: 1 }, { n: 1 }], { unique: false });
    expect(await waiting()).toBe(4);
  });

  it("a text is the key instead of the input's, also where the definition has no policy", async () => {
    const { client } = await setUp(policy(), {});
    const first = await client.work.enqueue({ n: 1 }, { unique: "mine" });
    expect(await client.work.enqueue({ n: 2 }, { unique: "mine" })).toMatchObject({
      id: first.id,
      outcome: "deduplicated",
    });
    expect(await client.work.enqueue({ n: 1 })).toMatchObject({ outcome: "enqueued" });
    const other = await client.other.enqueue({ n: 1 }, { unique: "mine" });
    expect(other.outcome).toBe("enqueued");
    expect(await client.other.enqueue({ n: 2 }, { unique: "mine" })).toMatchObject({ id: other.id });
  });

  it("keys that are long and differ in their last letter are different", async () => {
    const { client, waiting } = await setUp({});
    const long = "ä".repeat(10_000);
    const first = await client.work.enqueue({ n: 1 }, { unique: `${long}x` });
    await client.work.enqueue({ n: 1 }, { unique: `${long}y` });
    expect(await client.work.enqueue({ n: 1 }, { unique: `${long}x` })).toMatchObject({ id: first.id });
    expect(await waiting()).toBe(2);
  });

  it("many jobs at once have no place for one key", async () => {
    const { client, waiting } = await setUp(policy());
    const options = { unique: "mine" } as unknown as EnqueueManyOptions; // as plain JavaScript may pass it
    await expect(client.work.enqueueMany([{ n: 1 }], options)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    expect(await waiting()).toBe(0);
  });

  it("a function makes the key of the input as it was given", async () => {
    const { client } = await setUp({
      input: z.object({ n: z.number(), at: z.date().optional() }),
      ...byFunction((input) => {
        const { at } = input as Numbered & { readonly at?: Date }; // the job's own input is wider
        return { day: at?.getUTCDate(), parity: input.n % 2 === 0 };
      }),
    });
    const at = (n: number, day: number): Numbered => ({ n, at: new Date(Date.UTC(2026, 0, day)) }) as Numbered;
    const first = await client.work.enqueue(at(1, 1));
    expect(await client.work.enqueue(at(3, 1))).toMatchObject({ id: first.id, outcome: "deduplicated" });
    expect(await client.work.enqueue(at(2, 1))).toMatchObject({ outcome: "enqueued" });
    expect(await client.work.enqueue(at(1, 2))).toMatchObject({ outcome: "enqueued" });
  });

  it("a function that returns undefined leaves that job without a key", async () => {
    const { client, waiting } = await setUp(byFunction(({ n }) => (n < 0 ? undefined : "all")));
    await client.work.enqueueMany([{ n: -1 }, { n: -1 }, { n: 1 }, { n: 2 }]);
    expect(await waiting()).toBe(3);
  });

  it.each<[string, unknown]>([
    ["a promise", Promise.resolve("1")],
    ["a set", new Set(["1"])],
    ["a map in a list", [new Map([["1", 1]])]],
    ["an invalid date", new Date(Number.NaN)],
    ["not a number", { n: Number.NaN }],
    ["a function", () => 1],
    ["a symbol", Symbol("1")],
    ["an instance of a class", new URL("https://example.com")],
  ])("a function that returns %s is refused, because all its keys would be equal", async (_what, value) => {
    const { client, waiting } = await setUp(byFunction(() => value));
    await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    expect(await waiting()).toBe(0);
  });

  describe("debounced", () => {
    const debounced: Definition = {
      input: wide,
      unique: { by: ["n"], scope: "waiting", onConflict: "replace", waitMs: 10_000, maxWaitMs: 25_000 },
    };

    it("runs once, with the last input, when no more came", async () => {
      const { clock, provider, client, payload, claim } = await setUp(debounced);
      const first = await client.work.enqueue(named(1, "a"));
      clock.advance(9_000);
      await client.work.enqueue(named(1, "b"));
      clock.advance(9_999);
      await provider.promote(10);
      expect(await claim()).toEqual([]);
      clock.advance(1);
      await provider.promote(10);
      expect(await claim()).toMatchObject([{ id: first.id }]);
      expect(await payload(first.id)).toEqual({ n: 1, name: "b" });
    });

    it("does not wait longer than its limit", async () => {
      const { clock, provider, client } = await setUp(debounced);
      const { id } = await client.work.enqueue({ n: 1 });
      const start = clock.now();
      for (let i = 0; i < 3; i++) {
        clock.advance(8_000);
        await client.work.enqueue({ n: 1 });
      }
      expect(await provider.get(id)).toMatchObject({ runAt: start + 25_000 });
    });

    it("begins anew once the job has started", async () => {
      const { clock, provider, client, claim } = await setUp(debounced);
      const first = await client.work.enqueue({ n: 1 });
      clock.advance(10_000);
      await provider.promote(10);
      await claim();
      const second = await client.work.enqueue({ n: 1 });
      expect(second.outcome).toBe("enqueued");
      expect(second.id).not.toBe(first.id);
    });

    it("a job without a key does not wait", async () => {
      const { client } = await setUp(debounced);
      const handle = await client.work.enqueue({ n: 1 }, { unique: false });
      expect(await handle.status()).toBe("ready");
    });

    it("a delay of the call wins over the wait", async () => {
      const { clock, provider, client } = await setUp(debounced);
      const { id } = await client.work.enqueue({ n: 1 }, { delay: "1s" });
      expect(await provider.get(id)).toMatchObject({ runAt: clock.now() + 1_000 });
    });
  });

  it("throttled jobs run at once, and leave out others until the time is over, whatever became of the first", async () => {
    const { clock, provider, client, claim } = await setUp(policy({ scope: "any", forMs: 60_000 }));
    const first = await client.work.enqueue({ n: 1 });
    const [lease] = await claim();
    if (lease) await provider.ack([{ id: lease.id, fence: lease.fence }]);
    clock.advance(59_999);
    await provider.prune({ retentionMs: { succeeded: 0 }, limit: 10 });
    expect(await client.work.enqueue({ n: 1 })).toMatchObject({ id: first.id, outcome: "deduplicated" });
    clock.advance(1);
    expect(await client.work.enqueue({ n: 1 })).toMatchObject({ outcome: "enqueued" });
  });
});

describe("unique jobs in a synchronous transaction", () => {
  interface SyncTransactions extends TransactionKind {
    readonly mode: "sync";
    readonly tx: SqliteTransaction;
  }

  it("reject throws inside of it, so that the transaction is rolled back unless the error is caught", async () => {
    const database = new BetterSqlite3(":memory:");
    database.exec("create table orders (n integer primary key)");
    const db = drizzle(database);
    const provider = sqlite({ database: db });
    const descriptor = describeJobs({ work: policy({ onConflict: "reject" }) });
    const client = await createClient<Client<SyncTransactions>>(descriptor, { provider });
    const { id } = await client.work.enqueue({ n: 1 });
    const enqueue = (): unknown =>
      db.transaction((tx) => {
        tx.run("insert into orders values (1)");
        return client.work.enqueue({ n: 1 }, { tx });
      });
    expect(enqueue).toThrow(expect.objectContaining({ code: "JW_DUPLICATE", details: { id } }));
    expect(database.prepare("select count(*) from orders").pluck().get()).toBe(0);
    expect(db.transaction((tx) => client.work.enqueue({ n: 2 }, { tx })).outcome).toBe("enqueued");
    await provider.stop();
    database.close();
  });
});
