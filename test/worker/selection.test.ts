import { afterEach, describe, expect, it } from "vitest";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { clientOf, createLog, createSignal, describeJobs, type Handler, type Signal, workerOf } from "./fixture.ts";
import type { Worker, WorkerOptions } from "../../runtime/worker/types.ts";

const running: Worker[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
});

/** A started worker, stopped after the test. */
async function start(...args: Parameters<typeof workerOf>): Promise<Worker> {
  const worker = await workerOf(...args);
  running.push(worker);
  await worker.start();
  return worker;
}

const nothing: Handler = () => undefined;

describe("a worker", () => {
  it("leaves jobs of other names and of higher versions ready", async () => {
    const provider = createMemoryProvider();
    const newer = describeJobs({ work: { version: 2 }, other: {} });
    const client = await clientOf(provider, newer);
    const tooNew = await client.work.enqueue({ n: 1 });
    const unknown = await client.other.enqueue({ n: 1 });

    const older = describeJobs({ work: { version: 1 } });
    const mine = await (await clientOf(provider, older)).work.enqueue({ n: 1 });
    const worker = await start(provider, older, { work: nothing });
    await mine.result();
    await worker.idle();
    expect([await tooNew.status(), await unknown.status()]).toEqual(["ready", "ready"]);
    expect(await provider.get(tooNew.id)).toMatchObject({ fence: 0, attempt: 0 });
  });

  it("runs jobs of lower versions than its own", async () => {
    const provider = createMemoryProvider();
    const handle = await (await clientOf(provider, describeJobs({ work: {} }))).work.enqueue({ n: 1 });
    await start(provider, describeJobs({ work: { version: 5 } }), { work: nothing });
    await handle.result();
  });

  it("serves only the queues that it is told to", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {}, other: { queue: "slow" } });
    const client = await clientOf(provider, descriptor);
    const slow = await client.other.enqueue({ n: 1 });
    const fast = await client.work.enqueue({ n: 1 });
    const worker = await start(provider, descriptor, { work: nothing }, { queues: { work: 1 } });
    await fast.result();
    await worker.idle();
    expect(await slow.status()).toBe("ready");
  });

  it("never runs more jobs of a queue at a time than its concurrency, and uses all of it", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {}, other: { queue: "slow" } });
    const client = await clientOf(provider, descriptor);
    const active = { work: 0, other: 0 };
    const most = { work: 0, other: 0 };
    const count =
      (name: "work" | "other"): Handler =>
      async ({ n }) => {
        most[name] = Math.max(most[name], ++active[name]);
        for (let turns = 0; turns < n % 5; turns++) await new Promise(setImmediate);
        active[name]--;
      };
    const inputs = Array.from({ length: 200 }, (_, n) => ({ n }));
    await client.work.enqueueMany(inputs);
    await client.other.enqueueMany(inputs);
    const worker = await start(
      provider,
      descriptor,
      { work: count("work"), other: count("other") },
      { queues: { work: 7, slow: 2 } },
    );
    await worker.idle();
    expect(most).toEqual({ work: 7, other: 2 });
    expect((await worker.stop()).succeeded).toBe(400);
  });

  it("does not let a full queue hold another one up", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {}, other: { queue: "slow" } });
    const client = await clientOf(provider, descriptor);
    const go = createSignal();
    await client.other.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await start(provider, descriptor, { work: nothing, other: () => go.promise }, { concurrency: 1 });
    await (await client.work.enqueue({ n: 1 })).result();
    go.fire();
  });

  it("runs by priority, then by time, then by order of enqueueing, when it runs one at a time", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    await client.work.enqueue({ n: 4 }, { priority: 1 });
    await client.work.enqueue({ n: 2 });
    await client.work.enqueue({ n: 3 });
    await client.work.enqueue({ n: 5 }, { priority: 32_767 });
    await client.work.enqueue({ n: 0 }, { priority: -32_768 });
    await client.work.enqueue({ n: 1 }, { runAt: new Date(0) });
    const order: number[] = [];
    const worker = await start(provider, descriptor, { work: ({ n }) => void order.push(n) }, { concurrency: 1 });
    await worker.idle();
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("is woken by an enqueue long before its poll", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const worker = await start(provider, descriptor, { work: nothing }, { poll: "1h" });
    await worker.idle();
    await (await client.work.enqueue({ n: 1 })).result();
  });

  it("finds jobs by its poll when no hint reaches it", async () => {
    const { notifier: _deaf, ...provider } = createMemoryProvider();
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const worker = await start(provider, descriptor, { work: nothing }, { poll: "5ms" });
    await worker.idle();
    await (await client.work.enqueue({ n: 1 })).result();
  });
});

describe("idle", () => {
  it("resolves only when nothing is ready and nothing runs", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const gates: Signal[] = [createSignal(), createSignal()];
    const handles = await client.work.enqueueMany([{ n: 0 }, { n: 1 }]);
    const worker = await start(provider, descriptor, { work: ({ n }) => gates[n]?.promise }, { concurrency: 1 });
    let idle = false;
    const waiting = worker.idle().then(() => void (idle = true));
    gates[0]?.fire();
    await handles[0]?.result();
    expect(idle).toBe(false);
    gates[1]?.fire();
    await waiting;
    expect(await handles[1]?.status()).toBe("succeeded");
  });

  it("sees a job that was enqueued while a claim was on its way back empty", async () => {
    const store = createMemoryProvider();
    const asked = createSignal();
    const reply = createSignal();
    const provider = {
      ...store,
      claim: async (request: Parameters<typeof store.claim>[0]) => {
        const jobs = await store.claim(request);
        asked.fire();
        await reply.promise;
        return jobs;
      },
    };
    const descriptor = describeJobs({ work: {} });
    const client = await clientOf(provider, descriptor);
    const worker = await start(provider, descriptor, { work: nothing });
    await asked.promise;
    const handle = await client.work.enqueue({ n: 1 });
    const idle = worker.idle();
    reply.fire();
    await idle;
    expect(await handle.status()).toBe("succeeded");
  });

  it("does not wait for scheduled jobs", async () => {
    const provider = createMemoryProvider();
    const descriptor = describeJobs({ work: {} });
    const handle = await (await clientOf(provider, descriptor)).work.enqueue({ n: 1 }, { delay: "1h" });
    await (await start(provider, descriptor, { work: nothing })).idle();
    expect(await handle.status()).toBe("scheduled");
  });

  it("resolves on a stopped worker", async () => {
    const worker = await start(createMemoryProvider(), describeJobs({ work: {} }), { work: nothing });
    const before = worker.idle();
    await worker.stop();
    await before;
    await worker.idle();
  });
});

describe("createTypedWorker", () => {
  const descriptor = describeJobs({ work: {}, other: {}, third: { queue: "slow" } });
  const create = (handlers: Readonly<Record<string, Handler>>, options: Partial<WorkerOptions<object>> = {}) =>
    workerOf(createMemoryProvider(), descriptor, handlers, { logger: createLog(), ...options });
  const all = { work: nothing, other: nothing, third: nothing };

  it("names every missing handler of the served queues, and no other", async () => {
    await expect(create({}, { queues: { work: 1 } })).rejects.toMatchObject({
      code: "JW_MISSING_HANDLER",
      message: "No handler for work, other.",
    });
  });

  it.each([undefined, null, 7, {}, { handle: "text" }])("takes %j for a missing handler", async (handler) => {
    const handlers = { ...all, third: handler as unknown as Handler }; // as plain JavaScript may pass it
    await expect(create(handlers)).rejects.toMatchObject({
      code: "JW_MISSING_HANDLER",
      message: "No handler for third.",
    });
  });

  it("refuses a queue that no job uses and says which there are", async () => {
    await expect(create(all, { queues: { wrok: 1 } })).rejects.toMatchObject({
      code: "JW_UNKNOWN_QUEUE",
      message: expect.stringContaining('"wrok"'),
      hint: expect.stringContaining("slow, work"),
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "4", null])(
    "refuses a concurrency of %j",
    async (slots) => {
      const concurrency = slots as number; // as plain JavaScript may pass it
      for (const options of [{ queues: { slow: concurrency } }, { queues: undefined, concurrency }]) {
        if (slots === null && "concurrency" in options) continue;
        await expect(create(all, options as Partial<WorkerOptions<object>>)).rejects.toMatchObject({
          code: "JW_INVALID_OPTION",
          message: expect.stringContaining("concurrency"),
        });
      }
    },
  );

  it("refuses to serve no queue at all", async () => {
    await expect(create(all, { queues: {} })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });

  it.each(["lease", "poll", "grace", "abortGrace", "stallLimit"])(
    "names the option when %s is not a duration",
    async (name) => {
      await expect(create(all, { [name]: "soon" })).rejects.toMatchObject({
        code: "JW_INVALID_OPTION",
        message: expect.stringContaining(`${name} is "soon"`),
      });
    },
  );

  it("refuses a lease that heartbeats cannot keep", async () => {
    await expect(create(all, { lease: "99ms" })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });

  it("refuses generated code that knows a job which the schema lacks", async () => {
    const stale = { ...descriptor, jobs: [...descriptor.jobs, ...describeJobs({ gone: {} }).jobs] };
    const options = { provider: createMemoryProvider() };
    await expect(workerOf(options.provider, stale, all)).rejects.toMatchObject({ code: "JW_STALE_CLIENT" });
  });

  it.each([
    ["a unique key", { unique: { scope: "live", onConflict: "ignore" } }],
    ["a limit", { gates: [{ policy: "work.concurrency", kind: "concurrency", limit: 1, level: 2, by: "function" }] }],
  ] as const)("refuses generated code that expects a function for %s which the schema lacks", async (_what, given) => {
    const stale = describeJobs({ work: given });
    await expect(workerOf(createMemoryProvider(), stale, { work: () => {} })).rejects.toMatchObject({
      code: "JW_STALE_CLIENT",
      message: expect.stringContaining("a function for the"),
    });
  });
});
