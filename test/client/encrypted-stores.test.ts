import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { EnqueueCall, EnqueueMiddleware } from "../../runtime/client/middleware.ts";
import { type ClientOptions, createClient, type JobHandle } from "../../runtime/codegen/v1.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import type { UniquePolicy } from "../../runtime/core/descriptor.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { runSql } from "../support/postgres-server.ts";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import type { Middleware } from "../../runtime/worker/types.ts";
import { createSignal, type Definition, describeJobs, workerOf } from "../worker/fixture.ts";
import { type Place, postgresPlace, redisPlace, sqlitePlace, type TransactionalPlace } from "./encrypted-places.ts";

const iban = "DE89-3704-0044";
const encryption = { keys: { only: createEncryptionKey() }, current: "only" };

const work = (unique: Partial<UniquePolicy> = {}): Definition => ({
  input: z.object({ iban: z.string(), cents: z.number() }),
  output: z.object({ receipt: z.string() }),
  encrypted: true,
  unique: { by: ["iban"], scope: "live", onConflict: "ignore", ...unique },
});

interface Payment {
  readonly iban: string;
  readonly cents: number;
}
type Handle = JobHandle<{ receipt: string }>;
interface Jobs {
  readonly work: {
    enqueue(input: Payment, options?: object): Handle | Promise<Handle>;
    enqueueMany(inputs: readonly Payment[], options?: object): readonly Handle[] | Promise<readonly Handle[]>;
  };
}

const pay = (cents: number, account = iban): Payment => ({ iban: account, cents });

/** Sees a call as it was made, and gives its jobs a tenant. */
function tenants(calls: EnqueueCall[]): EnqueueMiddleware {
  return (call, next) => {
    calls.push(call);
    return next({ ...call.options, metadata: { ...call.options.metadata, tenant: "acme" } });
  };
}

function clientOf(provider: Provider, unique?: Partial<UniquePolicy>, ...middleware: readonly EnqueueMiddleware[]) {
  const options: ClientOptions<Provider> = { provider, encryption, middleware };
  return createClient<Jobs>(describeJobs({ work: work(unique) }), options);
}

/** Runs what waits, and tells what handlers and their middleware saw. */
async function runAll(provider: Provider): Promise<{ readonly seen: readonly unknown[] }> {
  const seen: unknown[] = [];
  const around: Middleware = async (ctx, next) => {
    seen.push("metadata" in ctx ? ctx.metadata : undefined);
    const result = await next();
    seen.push(result);
    return result;
  };
  const handler = (input: unknown): unknown => {
    seen.push(input);
    return { receipt: `paid ${(input as Payment).iban}` }; // as the schema says
  };
  const descriptor = describeJobs({ work: work() });
  const worker = await workerOf(provider, descriptor, { work: handler }, { encryption, middleware: [around] });
  await worker.start();
  await worker.idle();
  await worker.stop();
  return { seen };
}

/** What has to hold wherever encrypted jobs are kept. */
function storesNothingInClear(open: () => Promise<Place>): void {
  let place: Place;
  beforeEach(async () => {
    place = await open();
  });
  afterEach(() => place.close());

  it("middleware of both sides sees values in clear, and the store has none of them", async () => {
    const calls: EnqueueCall[] = [];
    const client = await clientOf(place.provider, {}, tenants(calls));
    const first = await client.work.enqueue(pay(1), { metadata: { trace: "t1" } });
    const again = await client.work.enqueue(pay(2));
    const [other] = await client.work.enqueueMany([pay(3, `${iban}-other`)]);
    expect(again).toMatchObject({ id: first.id, outcome: "deduplicated" });
    expect(calls.map(({ inputs, synchronous }) => [inputs, synchronous])).toEqual([
      [[pay(1)], false],
      [[pay(2)], false],
      [[pay(3, `${iban}-other`)], false],
    ]);
    const { seen } = await runAll(place.provider);
    expect(seen).toHaveLength(6);
    expect(seen).toEqual(
      expect.arrayContaining([
        { trace: "t1", tenant: "acme" },
        pay(1),
        { receipt: `paid ${iban}` },
        { tenant: "acme" },
      ]),
    );
    expect(await first.result()).toEqual({ receipt: `paid ${iban}` });
    expect(await other?.result()).toEqual({ receipt: `paid ${iban}-other` });
    const contents = await place.contents();
    expect(contents).toContain("acme");
    expect(contents).not.toContain(iban);
    expect(contents.match(/enc1:only:/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it("an encrypted job that replaces the input of another one runs with its own", async () => {
    const client = await clientOf(place.provider, { scope: "waiting", onConflict: "replace" });
    const first = await client.work.enqueue(pay(1));
    expect(await client.work.enqueue(pay(2))).toMatchObject({ id: first.id, outcome: "replaced" });
    expect((await runAll(place.provider)).seen).toContainEqual(pay(2));
    expect(await place.contents()).not.toContain(iban);
  });
}

function undo(): never {
  throw new RangeError("changed my mind");
}

/** What has to hold where `enqueue` takes a transaction of the application. */
function keepsTransactions(open: () => Promise<TransactionalPlace>): void {
  let place: TransactionalPlace;
  beforeEach(async () => {
    place = await open();
  });
  afterEach(() => place.close());

  it("shows an encrypted, unique job to others if and only if the transaction commits", async () => {
    const calls: EnqueueCall[] = [];
    const client = await clientOf(place.provider, {}, tenants(calls));
    const undone = place.transaction((tx) => client.work.enqueue(pay(1), { tx }), undo);
    await expect(undone).rejects.toThrow("changed my mind");
    expect(await place.seen()).toBe(0);

    const [handle, seenInside] = await place.transaction(
      (tx) => client.work.enqueue(pay(2), { tx, metadata: { trace: "t1" } }),
      () => place.seen(),
    );
    expect(handle).toMatchObject({ outcome: "enqueued" }); // what was undone does not hold the key
    expect([seenInside, await place.seen()]).toEqual([0, 1]);
    expect(calls).toEqual([
      { name: "work", inputs: [pay(1)], options: {}, synchronous: place.synchronous },
      { name: "work", inputs: [pay(2)], options: { metadata: { trace: "t1" } }, synchronous: place.synchronous },
    ]);

    const { seen } = await runAll(place.provider);
    expect(seen).toEqual([{ trace: "t1", tenant: "acme" }, pay(2), { receipt: `paid ${iban}` }]);
    expect(await (handle as Handle).result()).toEqual({ receipt: `paid ${iban}` });
    expect(await place.contents()).not.toContain(iban);
  });

  it("lets jobs of one transaction, and of later ones, share a key", async () => {
    const client = await clientOf(place.provider);
    const [first, second, many] = await place.transaction(
      (tx) => client.work.enqueue(pay(1), { tx }),
      (tx) => client.work.enqueue(pay(2), { tx }),
      (tx) => client.work.enqueueMany([pay(3), pay(4, `${iban}-other`)], { tx }),
    );
    const { id } = first as Handle;
    expect(second).toMatchObject({ id, outcome: "deduplicated" });
    expect(many).toMatchObject([{ id, outcome: "deduplicated" }, { outcome: "enqueued" }]);
    const [later] = await place.transaction((tx) => client.work.enqueue(pay(5), { tx }));
    expect(later).toMatchObject({ id, outcome: "deduplicated" });
    expect(await place.seen()).toBe(2);
    expect((await runAll(place.provider)).seen).toEqual(expect.arrayContaining([pay(1), pay(4, `${iban}-other`)]));
  });

  it("undoes all of it when a key is taken and that is refused", async () => {
    const client = await clientOf(place.provider, { onConflict: "reject" });
    const first = await client.work.enqueue(pay(1));
    const refused = place.transaction(
      (tx) => client.work.enqueue(pay(2, `${iban}-other`), { tx }),
      (tx) => client.work.enqueue(pay(3), { tx }),
    );
    await expect(refused).rejects.toMatchObject({ code: "JW_DUPLICATE", details: { id: first.id } });
    expect(await place.seen()).toBe(1);
  });

  it("replaces an input if and only if the transaction commits", async () => {
    const client = await clientOf(place.provider, { scope: "waiting", onConflict: "replace" });
    const { id } = await client.work.enqueue(pay(1));
    const undone = place.transaction((tx) => client.work.enqueue(pay(2), { tx }), undo);
    await expect(undone).rejects.toThrow("changed my mind");
    const [handle] = await place.transaction((tx) => client.work.enqueue(pay(3), { tx }));
    expect(handle).toMatchObject({ id, outcome: "replaced" });
    expect((await runAll(place.provider)).seen).toContainEqual(pay(3));
    expect(await place.contents()).not.toContain(iban);
  });

  it("undoes what a job without its key, or middleware that refuses it, was enqueued with", async () => {
    const descriptor = describeJobs({ work: work(), other: {} });
    type Both = Jobs & { readonly other: { enqueue(input: { n: number }, options: object): unknown } };
    const poor = await createClient<Both>(descriptor, { provider: place.provider });
    const keyless = place.transaction(
      (tx) => poor.other.enqueue({ n: 1 }, { tx }),
      (tx) => poor.work.enqueue(pay(1), { tx }),
    );
    await expect(keyless).rejects.toMatchObject({ code: "JW_ENCRYPTION_KEY" });

    const refuse: EnqueueMiddleware = ({ inputs }, next) => {
      if ((inputs[0] as Payment).cents > 1) throw new RangeError("too much");
      return next();
    };
    const client = await clientOf(place.provider, {}, refuse);
    const refused = place.transaction(
      (tx) => client.work.enqueue(pay(1), { tx }),
      (tx) => client.work.enqueue(pay(2), { tx }),
    );
    await expect(refused).rejects.toThrow("too much");
    expect(await place.seen()).toBe(0);
    expect(await place.contents()).not.toContain(iban);
  });
}

describe("encrypted jobs on SQLite", () => {
  storesNothingInClear(sqlitePlace);
  keepsTransactions(sqlitePlace);
});

/** Until a statement that enqueues waits for a lock that another transaction holds. */
async function oneWaits(url: string): Promise<void> {
  const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  while ((await runSql(url, waiting)).length === 0);
}

describePostgres(
  "encrypted jobs on PostgreSQL",
  (given) => {
    const open = (): Promise<TransactionalPlace> => postgresPlace(given.url);
    storesNothingInClear(open);
    keepsTransactions(open);

    it("waits for another transaction that holds the key, and is what that one's end makes of it", async () => {
      const place = await open();
      const client = await clientOf(place.provider);
      for (const commits of [false, true]) {
        const [holds, goOn] = [createSignal(), createSignal()];
        const first = place.transaction(
          (tx) => client.work.enqueue(pay(1), { tx }),
          () => {
            holds.fire();
            return goOn.promise;
          },
          () => (commits ? undefined : undo()),
        );
        const ended = first.then(
          ([handle]) => handle as Handle,
          () => undefined,
        );
        await holds.promise;
        const second = place.transaction((tx) => client.work.enqueue(pay(2), { tx }));
        await oneWaits(given.url);
        goOn.fire();
        const [holder, [handle]] = [await ended, await second];
        if (holder) expect(handle).toMatchObject({ id: holder.id, outcome: "deduplicated" });
        else expect(handle).toMatchObject({ outcome: "enqueued" });
        await runAll(place.provider);
      }
      await place.close();
    });
  },
  { shared: true },
);

describeRedis("encrypted jobs on Redis", (given) => storesNothingInClear(() => redisPlace(given.url)), {
  shared: true,
});
