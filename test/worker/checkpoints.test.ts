import { describe, expect, it } from "vitest";
import {
  createFakeClock,
  createMemoryProvider,
  faultInjecting,
  type PlannedFault,
} from "../../runtime/testing/index.ts";
import { createClient } from "../../runtime/codegen/v1.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { Discard } from "../../runtime/worker/outcomes.ts";
import type { BatchContext, BatchItem } from "../../runtime/worker/types.ts";
import {
  type Client,
  clientOf,
  createSignal,
  describeJobs,
  type Handler,
  type Numbered,
  retries,
  workerOf,
} from "./fixture.ts";

async function setUp(handler: Handler, plan: readonly PlannedFault[] = []) {
  const clock = createFakeClock();
  const provider = faultInjecting(createMemoryProvider({ clock }), plan);
  const descriptor = describeJobs({ work: { retry: retries(4) } });
  const client = await clientOf(provider, descriptor);
  const worker = await workerOf(provider, descriptor, { work: handler });
  return { provider, client, worker };
}

describe("ctx.step", () => {
  it("runs once, and gives its result to later attempts", async () => {
    const runs: string[] = [];
    const seen: unknown[] = [];
    const { client, worker } = await setUp(async (_input, ctx) => {
      const page = await ctx.step("fetch", () => {
        runs.push("fetch");
        return { at: new Date(5), tags: new Set(["a"]), size: 3n };
      });
      seen.push(page);
      await ctx.step("store", () => {
        runs.push("store");
        if (ctx.attempt < 3) throw new Error("no");
      });
    });
    await using _running = worker;
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    expect(runs).toEqual(["fetch", "store", "store", "store"]);
    const page = { at: new Date(5), tags: new Set(["a"]), size: 3n };
    expect(seen).toEqual([page, page, page]);
  });

  it("keeps undefined, null and plain values as they were", async () => {
    const values = [undefined, null, 0, -0, Number.NaN, "~", "v8:x", [undefined, 1], { a: { b: [1, "x", null] } }];
    const seen: unknown[] = [];
    const { client, worker } = await setUp(async (_input, ctx) => {
      for (const [n, value] of values.entries()) {
        const result = await ctx.step(`value ${n}`, () => value);
        if (ctx.attempt > 1) seen.push(result);
      }
      if (ctx.attempt === 1) throw new Error("again");
    });
    await using _running = worker;
    await worker.start();
    await (await client.work.enqueue({ n: 1 })).result();
    expect(seen).toEqual(values);
    expect(seen.map((value) => Object.is(value, -0))).toEqual(values.map((value) => Object.is(value, -0)));
  });

  it("refuses a name that the attempt has used, and what cannot be kept", async () => {
    const { client, worker } = await setUp(async ({ n }, ctx) => {
      if (n === 1) {
        await ctx.step("one", () => 1);
        await ctx.step("one", () => 2);
      }
      await ctx.step("two", () => () => {});
    });
    await using _running = worker;
    await worker.start();
    const ends = await Promise.all(
      [1, 2].map(async (n) => (await client.work.enqueue({ n }, { maxAttempts: 1 })).settled()),
    );
    expect(ends.map((end) => end.status === "dead" && end.error?.message)).toEqual([
      "work has two steps one in one attempt.",
      "The step two of work is a value that cannot be kept.",
    ]);
  });

  it("waits out a store that does not answer, without running again", async () => {
    let runs = 0;
    const { provider, client, worker } = await setUp(
      (_input, ctx) => ctx.step("fetch", () => ++runs).then(() => undefined),
      [
        { call: "note", fault: "drop-reply" },
        { call: "note", fault: "fail-before" },
      ],
    );
    await using _running = worker;
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    expect(runs).toBe(1);
    expect((await provider.history(handle.id))?.steps).toEqual([{ key: "fetch", text: "1" }]);
    expect(provider.remaining()).toEqual([]);
  });
});

describe("what a step leaves behind", () => {
  it("is found by the next worker when the first one was stopped", async () => {
    const clock = createFakeClock();
    const provider = createMemoryProvider({ clock });
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const inSecond = createSignal();
    const runs: string[] = [];
    const work =
      (who: string): Handler =>
      async (_input, ctx) => {
        await ctx.step("first", () => runs.push(`${who} first`));
        await ctx.step("second", async () => {
          runs.push(`${who} second`);
          inSecond.fire();
          if (who === "a") await new Promise((_, reject) => ctx.signal.addEventListener("abort", reject));
        });
      };
    const first = await workerOf(provider, descriptor, { work: work("a") });
    await first.start();
    const handle = await client.work.enqueue({ n: 1 });
    await inSecond.promise;
    await first.stop();
    await using second = await workerOf(provider, descriptor, { work: work("b") });
    await second.start();
    await handle.result();
    expect(runs).toEqual(["a first", "a second", "b second"]);
    expect(await provider.get(handle.id)).toMatchObject({ attempt: 1, crashes: 0 });
  });

  it("is found by a job that was given up and is run again", async () => {
    const runs: string[] = [];
    let isBroken = true;
    const { client, worker } = await setUp(async (_input, ctx) => {
      await ctx.step("first", () => void runs.push("first"));
      if (isBroken) throw new Discard("broken");
      runs.push("end");
    });
    await using _running = worker;
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toMatchObject({ status: "dead" });
    isBroken = false;
    await client.$control.requeue(handle.id);
    await handle.result();
    expect(runs).toEqual(["first", "end"]);
  });

  it("is refused when a newer claim holds the job", async () => {
    const refused = createSignal<unknown>();
    const clock = createFakeClock();
    const provider = createMemoryProvider({ clock });
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const handler: Handler = async (_input, ctx) => {
      // As if this worker had slept past its lease.
      clock.advance(31_000);
      await provider.reap(10);
      const lanes = [{ queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
      await provider.claim({ claimId: "c", workerId: "heir", leaseMs: 30_000, lanes });
      await ctx.step("late", () => 1).catch(refused.fire);
    };
    await using worker = await workerOf(provider, descriptor, { work: handler }, { maintenance: false });
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    expect(await refused.promise).toMatchObject({ code: "JW_LEASE_LOST" });
    expect((await provider.history(handle.id))?.steps).toEqual([]);
  });

  it("is no clear text if the job is encrypted, and neither are its cursors and log lines", async () => {
    const canary = "DE89-3704";
    const provider = createMemoryProvider({ clock: createFakeClock() });
    const descriptor = describeJobs({ work: { encrypted: true, keepLogs: 5, retry: retries(2) } });
    const encryption = { keys: { a: createEncryptionKey() }, current: "a" };
    const client = await createClient<Client>(descriptor, { provider, encryption });
    const seen: unknown[] = [];
    const handler: Handler = async (_input, ctx) => {
      ctx.log.info(canary);
      seen.push(await ctx.step("fetch", () => ({ iban: canary })));
      const rows = [canary, `${canary}-2`];
      await ctx.iterate(
        "rows",
        (after: string | undefined) => rows.slice(after === undefined ? 0 : rows.indexOf(after) + 1),
        (row) => void seen.push(row),
        { cursor: (row) => row },
      );
      if (ctx.attempt === 1) throw new Error(canary);
    };
    await using worker = await workerOf(provider, descriptor, { work: handler }, { encryption });
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    expect(seen).toEqual([{ iban: canary }, canary, `${canary}-2`, { iban: canary }]);
    const stored = await provider.history(handle.id);
    expect(stored).toMatchObject({ steps: [{ key: "fetch" }], cursors: [{ key: "rows" }], attempts: [{ attempt: 1 }] });
    expect(stored?.logs).toHaveLength(2);
    expect(JSON.stringify([stored, await provider.get(handle.id)])).not.toContain(canary);
    expect(JSON.stringify(await client.$control.history(handle.id))).not.toContain(canary);
    const { logs, attempts } = await handle.history();
    expect(logs.map(({ message }) => message)).toEqual([canary, canary]);
    expect(attempts[0]?.error?.message).toBe(canary);
  });

  it("belongs to each job of a batch by itself", async () => {
    const provider = createMemoryProvider({ clock: createFakeClock() });
    const descriptor = describeJobs({ work: { batch: { size: 10, waitMs: 0 }, retry: retries(2) } });
    const client = await clientOf(provider, descriptor);
    const runs: number[] = [];
    const batch = async (items: readonly BatchItem<Numbered>[], ctx: BatchContext<unknown>): Promise<unknown> =>
      Promise.all(
        items.map(async (item) => {
          const { n } = item.input;
          const value = await item.step("double", () => {
            runs.push(n);
            return 2 * n;
          });
          return item.attempt === 1 && n === 2 ? ctx.fail(new Error("planned")) : ctx.succeed(value);
        }),
      );
    await using worker = await workerOf(provider, descriptor, { work: batch as unknown as Handler }); // a batch handler
    await worker.start();
    const handles = await client.work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await Promise.all(handles.map((handle) => handle.result()));
    expect(runs.sort((a, b) => a - b)).toEqual([1, 2, 3]);
    const steps = await Promise.all(handles.map(async ({ id }) => (await provider.history(id))?.steps));
    expect(steps).toEqual(["2", "4", "6"].map((text) => [{ key: "double", text }]));
  });
});

describe("ctx.iterate", () => {
  it("goes on behind the last cursor that was kept", async () => {
    const opened: unknown[] = [];
    const done: number[] = [];
    const { client, worker } = await setUp(async (_input, ctx) => {
      await ctx.iterate(
        "rows",
        (cursor: number | undefined) => {
          opened.push(cursor);
          return [1, 2, 3, 4, 5].filter((row) => row > (cursor ?? 0));
        },
        (row) => {
          if (row === 4 && ctx.attempt === 1) throw new Error("no");
          done.push(row);
        },
        { cursor: (row) => row, every: 2 },
      );
    });
    await using _running = worker;
    await worker.start();
    await (await client.work.enqueue({ n: 1 })).result();
    expect(opened).toEqual([undefined, 3]);
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it("stops between two items when it is told to, and keeps how far it came", async () => {
    const done: number[] = [];
    const { provider, client, worker } = await setUp(async (_input, ctx) => {
      await ctx.iterate(
        "rows",
        (cursor: number | undefined) => [1, 2, 3].filter((row) => row > (cursor ?? 0)),
        async (row) => {
          done.push(row);
          if (row === 2) void worker.stop();
          if (row === 2) await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        },
        { cursor: (row) => row, every: 10 },
      );
    });
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await worker.idle();
    await worker.stop();
    expect(done).toEqual([1, 2]);
    expect((await provider.history(handle.id))?.cursors).toEqual([{ key: "rows", text: "2" }]);
    expect(await handle.status()).toBe("ready");
  });
});
