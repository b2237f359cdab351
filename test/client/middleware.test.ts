import BetterSqlite3 from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EnqueueCall, EnqueueMiddleware } from "../../runtime/client/middleware.ts";
import { createClient, type TransactionKind } from "../../runtime/codegen/v1.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite, type SqliteProvider, type SqliteTransaction } from "../../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Client, describeJobs, type Numbered } from "../worker/fixture.ts";

const descriptor = describeJobs({ work: {}, other: {} });
const id = "0196f000-0000-7000-8000-000000000001";

/** Sets a priority in front of what is there. */
const withPriority =
  (priority: number): EnqueueMiddleware =>
  ({ options }, next) =>
    next({ ...options, priority });

describe("around an enqueue", () => {
  let provider: Provider;

  beforeEach(() => {
    provider = createMemoryProvider();
  });

  const clientWith = (...middleware: readonly EnqueueMiddleware[]): Promise<Client> =>
    createClient<Client>(descriptor, { provider, middleware });

  it("middleware sees the name, the inputs and the options, before anything is checked", async () => {
    const calls: EnqueueCall[] = [];
    const client = await clientWith((call, next) => {
      calls.push(call);
      return next();
    });
    const wrong = { n: "one" } as unknown as Numbered; // what the compiler would refuse
    await expect(client.work.enqueue(wrong, { priority: 1 })).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
    await client.other.enqueueMany([{ n: 1 }, { n: 2 }]);
    expect(calls).toEqual([
      { name: "work", inputs: [{ n: "one" }], options: { priority: 1 }, synchronous: false },
      { name: "other", inputs: [{ n: 1 }, { n: 2 }], options: {}, synchronous: false },
    ]);
  });

  it("middleware changes the options of one job and of many", async () => {
    const client = await clientWith(withPriority(7));
    const one = await client.work.enqueue({ n: 1 }, { id, delay: "1h" });
    const many = await client.work.enqueueMany([{ n: 2 }, { n: 3 }]);
    expect(await provider.get(id)).toMatchObject({ priority: 7, state: "scheduled" });
    expect(one.id).toBe(id);
    for (const handle of many) expect(await provider.get(handle.id)).toMatchObject({ priority: 7 });
  });

  it("middleware adds metadata that the job carries", async () => {
    const client = await clientWith((call, next) =>
      next({ ...call.options, metadata: { ...call.options.metadata, traceparent: "00-1" } }),
    );
    const handle = await client.work.enqueue({ n: 1 }, { metadata: { tenant: "acme" } });
    expect(await client.$control.get(handle.id)).toMatchObject({ metadata: { tenant: "acme", traceparent: "00-1" } });
  });

  it("options that middleware gives are checked as the caller's are", async () => {
    const client = await clientWith(withPriority(1.5));
    await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    expect(await provider.counts()).toEqual({});
  });

  it("middleware runs in order, the first one outermost, and the innermost options win", async () => {
    const notes: string[] = [];
    const noted =
      (name: string): EnqueueMiddleware =>
      async (_call, next) => {
        notes.push(`${name} begins`);
        const handles = await next();
        notes.push(`${name} ends with ${handles.length}`);
        return handles;
      };
    const client = await clientWith(noted("outer"), withPriority(1), noted("inner"), withPriority(2));
    const handle = await client.work.enqueue({ n: 1 });
    expect(notes).toEqual(["outer begins", "inner begins", "inner ends with 1", "outer ends with 1"]);
    expect(await provider.get(handle.id)).toMatchObject({ priority: 2 });
  });

  it("middleware sees the handles", async () => {
    const outcomes: string[] = [];
    const client = await clientWith(async (_call, next) => {
      const handles = await next();
      outcomes.push(...handles.map((handle) => `${handle.id === id} ${handle.outcome}`));
      return handles;
    });
    await client.work.enqueue({ n: 1 }, { id });
    await client.work.enqueue({ n: 1 }, { id });
    expect(outcomes).toEqual(["true enqueued", "true duplicate"]);
  });

  it("middleware refuses a call by throwing, and nothing is enqueued", async () => {
    const client = await clientWith(() => {
      throw new RangeError("not today");
    });
    await expect(client.work.enqueue({ n: 1 })).rejects.toThrow("not today");
    await expect(client.work.enqueueMany([{ n: 1 }])).rejects.toThrow("not today");
    expect(await provider.counts()).toEqual({});
  });

  it("middleware gets the errors of the enqueue as rejections", async () => {
    const codes: unknown[] = [];
    const client = await clientWith((_call, next) =>
      Promise.resolve(next()).catch((error: unknown) => {
        codes.push((error as { code?: unknown }).code); // a JobwrightError
        throw error;
      }),
    );
    const wrong = { n: "one" } as unknown as Numbered; // what the compiler would refuse
    await expect(client.work.enqueueMany([wrong])).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
    expect(codes).toEqual(["JW_INVALID_INPUT"]);
  });

  it.each([
    ["nothing", undefined],
    ["too few handles", []],
  ])("middleware that returns %s is told so", async (_what, result) => {
    const client = await clientWith(async (_call, next) => {
      await next();
      return result as unknown as ReturnType<typeof next>; // as plain JavaScript may do it
    });
    await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: "Middleware did not return what `next` gave.",
    });
  });

  it("middleware that is no list of functions is refused", async () => {
    const middleware = { log: 1 } as unknown as readonly EnqueueMiddleware[]; // as plain JavaScript may pass it
    await expect(createClient(descriptor, { provider, middleware })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
    });
  });
});

interface SyncTransactions extends TransactionKind {
  readonly mode: "sync";
  readonly tx: SqliteTransaction;
}

describe("in a synchronous transaction", () => {
  let database: BetterSqlite3.Database;
  let db: BetterSQLite3Database & { readonly $client: BetterSqlite3.Database };
  let provider: SqliteProvider;

  beforeEach(() => {
    database = new BetterSqlite3(":memory:");
    db = drizzle(database);
    provider = sqlite({ database: db });
  });

  afterEach(async () => {
    await provider.stop();
    database.close();
  });

  const clientWith = (middleware: EnqueueMiddleware): Promise<Client<SyncTransactions>> =>
    createClient<Client<SyncTransactions>>(descriptor, { provider, middleware: [middleware] });

  it("middleware that passes on what `next` gives works as anywhere, and is told where it is", async () => {
    const seen: unknown[] = [];
    const client = await clientWith((call, next) => {
      seen.push(call.synchronous, "tx" in call.options);
      return next({ ...call.options, priority: 3 });
    });
    const [one, many] = db.transaction((tx) => [
      client.work.enqueue({ n: 1 }, { tx }),
      client.work.enqueueMany([{ n: 2 }], { tx }),
    ]);
    const outside = await client.work.enqueue({ n: 3 });
    for (const handle of [one, ...many, outside]) expect(await provider.get(handle.id)).toMatchObject({ priority: 3 });
    expect(seen).toEqual([true, false, true, false, false, false]);
  });

  it("middleware that returns a promise is refused, and the transaction is undone", async () => {
    const client = await clientWith(async (_call, next) => next());
    expect(() => db.transaction((tx) => client.work.enqueue({ n: 1 }, { tx }))).toThrow("returned a promise");
    expect(await provider.counts()).toEqual({});
    await client.work.enqueue({ n: 1 });
    expect(await provider.counts()).toEqual({ work: { ready: 1 } });
  });

  it("what middleware throws is thrown", async () => {
    const client = await clientWith(() => {
      throw new RangeError("not today");
    });
    expect(() => db.transaction((tx) => client.work.enqueueMany([{ n: 1 }], { tx }))).toThrow("not today");
    expect(await provider.counts()).toEqual({});
  });
});
