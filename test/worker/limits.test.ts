import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { SchemaDescriptor } from "../../runtime/codegen/v1.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import { defineJobs, job, type QueueOptions } from "../../runtime/schema/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import type { Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import {
  type Client,
  clientOf,
  createSignal,
  type Definition,
  describeJobs,
  type Handler,
  numbered,
  retries,
  workerOf,
} from "./fixture.ts";

type Options = Omit<Parameters<typeof job<typeof numbered>>[0], "input">;

/** The job `work` with these limits, as the schema says them; it is tried twice. */
function describeLimits(options: Options, queue?: QueueOptions, settings: Definition = {}): SchemaDescriptor {
  const { jobs } = defineJobs(
    { work: job({ input: numbered, queue: "work", ...options }) },
    queue ? { queues: { work: queue } } : {},
  );
  const { gates = [], gateBy } = jobs.work;
  return describeJobs({ work: { gates, gateBy, retry: retries(2), ...settings }, other: {} });
}

const numbers = (count: number): { readonly n: number }[] => Array.from({ length: count }, (_, n) => ({ n }));

describe("a worker with limits", () => {
  const clock: FakeClock = createFakeClock();
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  function newProvider(): Provider {
    const provider = createMemoryProvider({ clock });
    open.push(() => provider.stop());
    return provider;
  }

  async function start(
    provider: Provider,
    descriptor: SchemaDescriptor,
    work: Handler,
    options: Partial<WorkerOptions<object>> = {},
  ): Promise<Worker> {
    const worker = await workerOf(provider, descriptor, { work, other: () => {} }, { concurrency: 10, ...options });
    open.push(() => worker.stop());
    await worker.start();
    return worker;
  }

  async function settleAll(client: Client, count: number): Promise<void> {
    const handles = await client.work.enqueueMany(numbers(count));
    await Promise.all(handles.map((handle) => handle.settled()));
  }

  /** A handler that says how many of each group ran at a time, and fails a third of the first attempts. */
  function crowd(groupOf: (n: number) => number = () => 0): { handler: Handler; peak: () => number } {
    const running = new Map<number, number>();
    let peak = 0;
    return {
      peak: () => peak,
      async handler({ n }, { attempt }) {
        const group = groupOf(n);
        running.set(group, (running.get(group) ?? 0) + 1);
        peak = Math.max(peak, running.get(group) ?? 0);
        for (let turn = 0; turn <= n % 3; turn++) await setImmediate();
        running.set(group, (running.get(group) ?? 0) - 1);
        if (n % 3 === 0 && attempt === 1) throw new Error("planned");
      },
    };
  }

  it("runs no more at a time than the limit, on any number of workers, and ends every job", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ concurrency: 2 });
    const { handler, peak } = crowd();
    await start(provider, descriptor, handler);
    await start(provider, descriptor, handler);
    const client = await clientOf(provider, descriptor);
    await settleAll(client, 60);
    expect(peak()).toBe(2);
    expect(await client.$control.counts()).toEqual({ work: { succeeded: 60 } });
  });

  it("limits each key for itself, and all of them together", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ concurrency: [4, { limit: 1, by: ({ n }) => n % 5 }] });
    const [perKey, together] = [crowd((n) => n % 5), crowd()];
    await start(provider, descriptor, async (input, ctx) => {
      await Promise.all([perKey.handler(input, ctx), together.handler(input, ctx)]);
    });
    await settleAll(await clientOf(provider, descriptor), 50);
    expect([perKey.peak(), together.peak()]).toEqual([1, 4]);
  });

  it("limits a queue over all its jobs", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({}, { concurrency: 3 });
    const { handler, peak } = crowd();
    await start(provider, descriptor, handler);
    await settleAll(await clientOf(provider, descriptor), 30);
    expect(peak()).toBe(3);
  });

  it("does not limit a job whose function gives no key", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ concurrency: { limit: 1, by: ({ n }) => (n > 0 ? undefined : n) } });
    const client = await clientOf(provider, descriptor);
    const handles = await client.work.enqueueMany([{ n: 0 }, { n: 0 }, { n: 1 }, { n: 2 }]);
    const states = await Promise.all(handles.map((handle) => handle.status()));
    expect(states).toEqual(["ready", "blocked", "ready", "ready"]);
  });

  it("refuses an enqueue whose key has no text", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ order: { by: () => new Map() as never } });
    const client = await clientOf(provider, descriptor);
    await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: "The key of work.order would be made of: Map.",
    });
  });

  it("starts no more jobs in a stretch of time than the rate, retries included", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ rateLimit: { limit: 3, per: "10s" } });
    const starts: number[] = [];
    const worker = await start(
      provider,
      descriptor,
      (_input, { attempt }) => {
        starts.push(clock.now());
        if (starts.length === 1 && attempt === 1) throw new Error("planned");
      },
      { maintenance: false },
    );
    const client = await clientOf(provider, descriptor);
    const began = clock.now();
    await client.work.enqueueMany(numbers(5));
    for (let round = 0; round < 4; round++) {
      await worker.idle();
      clock.advance(5_000);
      await provider.promote(100);
    }
    await worker.idle();
    expect(starts.map((at) => at - began)).toEqual([0, 0, 0, 10_000, 10_000, 10_000]);
    expect(await client.$control.counts()).toEqual({ work: { succeeded: 5 } });
  });

  it("keeps the order of a key through failures, and lets the other keys pass", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ order: { by: ({ n }) => n % 3 } });
    const ended: number[] = [];
    const began: number[] = [];
    await start(provider, descriptor, async ({ n }, { attempt }) => {
      began.push(n);
      for (let turn = 0; turn <= (n * 7) % 4; turn++) await setImmediate();
      if (n % 2 === 0 && attempt === 1) throw new Error("planned");
      ended.push(n);
    });
    await settleAll(await clientOf(provider, descriptor), 30);
    for (const key of [0, 1, 2]) {
      const own = numbers(30)
        .map(({ n }) => n)
        .filter((n) => n % 3 === key);
      expect(ended.filter((n) => n % 3 === key)).toEqual(own);
      expect(began.filter((n) => n % 3 === key)).toEqual(own.flatMap((n) => (n % 2 === 0 ? [n, n] : [n])));
    }
    expect(new Set(began.slice(0, 3).map((n) => n % 3))).toEqual(new Set([0, 1, 2]));
  });

  it("goes on with the next of a key when one is dead", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ order: { by: [] } }, undefined, { retry: retries(1) });
    await start(provider, descriptor, ({ n }) => {
      if (n === 0) throw new Error("planned");
    });
    const client = await clientOf(provider, descriptor);
    await settleAll(client, 2);
    expect(await client.$control.counts()).toEqual({ work: { dead: 1, succeeded: 1 } });
  });

  it("lets keys take turns, however many jobs one of them has", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ fairness: { by: ({ n }) => n >= 100, share: 1 } });
    const client = await clientOf(provider, descriptor);
    await client.work.enqueueMany(numbers(20));
    clock.advance(1);
    await client.work.enqueueMany([{ n: 100 }, { n: 101 }]);
    clock.advance(1);
    const began: number[] = [];
    const worker = await start(
      provider,
      descriptor,
      async ({ n }) => {
        began.push(n);
        clock.advance(1);
        await setImmediate();
      },
      { concurrency: 1 },
    );
    await worker.idle();
    // Within the same millisecond it is the older job's turn, so it is a turn or two more exactly.
    expect(began).toHaveLength(22);
    expect(began.indexOf(101)).toBeLessThanOrEqual(5);
  });

  it("brings the limits of its schema with it, for jobs that wait already, too", async () => {
    const provider = newProvider();
    const client = await clientOf(provider, describeLimits({ concurrency: 1 }));
    await client.work.enqueueMany(numbers(4));
    expect(await client.$control.counts()).toEqual({ work: { ready: 1, blocked: 3 } });
    const gate = createSignal();
    await start(provider, describeLimits({ concurrency: 3 }), () => gate.promise);
    await provider.promote(100);
    expect((await client.$control.counts({ states: ["blocked"] }))["work"]).toEqual({ blocked: 1 });
    gate.fire();
  });

  it("waits with drain for what is blocked", async () => {
    const provider = newProvider();
    const descriptor = describeLimits({ concurrency: 1 });
    const client = await clientOf(provider, descriptor);
    await client.work.enqueueMany(numbers(2));
    await start(provider, descriptor, () => setImmediate());
    await client.$control.drain({ timeout: "10s" });
    expect(await client.$control.counts()).toEqual({ work: { succeeded: 2 } });
  });
});
