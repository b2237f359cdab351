import { describe, expect, it } from "vitest";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Client, clientOf, createSignal, describeJobs, type Handler, never, workerOf } from "./fixture.ts";

const descriptor = describeJobs({ work: {} });

async function setUp(
  handler: Handler,
  options: Parameters<typeof workerOf>[3] = {},
  provider: Provider = createMemoryProvider(),
): Promise<{ provider: Provider; client: Client; worker: Awaited<ReturnType<typeof workerOf>> }> {
  const client = await clientOf(provider, descriptor);
  return { provider, client, worker: await workerOf(provider, descriptor, { work: handler }, options) };
}

async function records(provider: Provider, handles: readonly { readonly id: string }[]): Promise<readonly JobRecord[]> {
  const jobs = await Promise.all(handles.map(({ id }) => provider.get(id)));
  return jobs.filter((job) => job !== undefined);
}

const released = { state: "ready", attempt: 0, crashes: 0, leaseUntil: undefined };

describe("stop", () => {
  it("gives running jobs that do not end back, uncounted, and tells them why", async () => {
    const started = createSignal<AbortSignal>();
    const { provider, client, worker } = await setUp((_input, { signal }) => {
      started.fire(signal);
      return never();
    });
    const handles = await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await worker.start();
    const signal = await started.promise;
    expect(await worker.stop()).toEqual({ succeeded: 0, failed: 0, released: 2 });
    expect(signal.reason).toMatchObject({ code: "JW_SHUTDOWN" });
    for (const job of await records(provider, handles)) expect(job).toMatchObject({ ...released, fence: 1 });
  });

  it("gives back what a handler leaves when it reacts to its signal", async () => {
    const started = createSignal();
    const { provider, client, worker } = await setUp(
      (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          started.fire();
        }),
      { abortGrace: "60s" },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await started.promise;
    expect(await worker.stop()).toMatchObject({ released: 1 });
    expect(await records(provider, [handle])).toMatchObject([released]);
  });

  it("gives back what was claimed ahead and not started", async () => {
    const started = createSignal();
    let blocking = false;
    const { provider, client, worker } = await setUp(
      () => {
        if (!blocking) return undefined;
        started.fire();
        return never();
      },
      { concurrency: 1 },
    );
    await worker.start();
    // Short jobs first: only after those does a worker claim ahead.
    await client.work.enqueueMany(Array.from({ length: 50 }, (_, n) => ({ n })));
    await worker.idle();
    blocking = true;
    const handles = await client.work.enqueueMany(Array.from({ length: 5 }, (_, n) => ({ n })));
    await started.promise;
    const held = (await provider.counts({ states: ["running"] }))["work"]?.running ?? 0;
    expect(held).toBeGreaterThan(1);
    expect(await worker.stop()).toEqual({ succeeded: 50, failed: 0, released: held });
    for (const job of await records(provider, handles)) expect(job).toMatchObject(released);
  });

  it("lets running jobs finish within the grace time and starts no new ones", async () => {
    const started = createSignal();
    const go = createSignal();
    const { client, worker } = await setUp(
      () => {
        started.fire();
        return go.promise;
      },
      { grace: "60s", concurrency: 1 },
    );
    const [first, second] = await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await worker.start();
    await started.promise;
    const stopping = worker.stop();
    go.fire();
    expect(await stopping).toEqual({ succeeded: 1, failed: 0, released: 0 });
    expect([await first?.status(), await second?.status()]).toEqual(["succeeded", "ready"]);
  });

  it("confirms the settlements that were still on their way", async () => {
    const store = createMemoryProvider();
    const asked = createSignal();
    const go = createSignal();
    const provider: Provider = {
      ...store,
      async ack(completions) {
        asked.fire();
        await go.promise;
        return store.ack(completions);
      },
    };
    const { client, worker } = await setUp(() => undefined, {}, provider);
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await asked.promise;
    const stopping = worker.stop();
    go.fire();
    expect(await stopping).toMatchObject({ succeeded: 1 });
    expect(await handle.status()).toBe("succeeded");
  });

  it("is the same stop when it is called again", async () => {
    const { worker } = await setUp(() => undefined);
    await worker.start();
    const first = worker.stop();
    expect(worker.stop()).toBe(first);
    expect(await first).toEqual({ succeeded: 0, failed: 0, released: 0 });
    expect(await worker.stop()).toBe(await first);
  });

  it("is allowed on a worker that was never started, which then cannot be", async () => {
    const { worker } = await setUp(() => undefined);
    expect(await worker.stop()).toEqual({ succeeded: 0, failed: 0, released: 0 });
    await expect(worker.start()).rejects.toMatchObject({ code: "JW_STOPPED" });
  });

  it("wins over a start that is still opening the store", async () => {
    const store = createMemoryProvider();
    const opening = createSignal();
    let claims = 0;
    let gate = Promise.resolve();
    const provider: Provider = {
      ...store,
      start: () => gate,
      claim: (request) => (claims++, store.claim(request)),
      promote: (limit) => (claims++, store.promote(limit)),
    };
    const { worker } = await setUp(() => undefined, {}, provider);
    gate = opening.promise;
    const starting = worker.start();
    await worker.stop();
    opening.fire();
    await starting;
    expect(claims).toBe(0);
  });

  it("leaves the provider open for whoever opened it", async () => {
    const { client, worker } = await setUp(() => undefined);
    await worker.start();
    await worker.stop();
    expect(await (await client.work.enqueue({ n: 1 })).status()).toBe("ready");
  });

  it("happens at the end of an `await using` block", async () => {
    const { client, worker } = await setUp(() => undefined);
    {
      await using scoped = worker;
      await scoped.start();
      await (await client.work.enqueue({ n: 1 })).result();
    }
    await expect(worker.start()).resolves.toBeUndefined();
    const later = await client.work.enqueue({ n: 2 });
    expect(await later.status()).toBe("ready");
  });
});

describe("start", () => {
  it("is the same start when it is called again", async () => {
    const { client, worker } = await setUp(() => undefined);
    await Promise.all([worker.start(), worker.start()]);
    await (await client.work.enqueue({ n: 1 })).result();
    expect(await worker.stop()).toMatchObject({ succeeded: 1 });
  });

  it("can be called again after the store could not be opened", async () => {
    const store = createMemoryProvider();
    let failures = 0;
    const provider: Provider = {
      ...store,
      start: () => (failures > 0 ? Promise.reject(new Error(`down ${failures--}`)) : store.start()),
    };
    const { client, worker } = await setUp(() => undefined, {}, provider);
    failures = 1;
    await expect(worker.start()).rejects.toThrow("down 1");
    await worker.start();
    await (await client.work.enqueue({ n: 1 })).result();
    await worker.stop();
  });
});
