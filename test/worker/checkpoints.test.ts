import { describe, expect, it } from "vitest";
import {
  createFakeClock,
  createMemoryProvider,
  faultInjecting,
  type PlannedFault,
} from "../../runtime/testing/index.ts";
import { clientOf, describeJobs, type Handler, retries, workerOf } from "./fixture.ts";

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
