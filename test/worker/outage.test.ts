import { describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import {
  createFakeClock,
  createMemoryProvider,
  faultInjecting,
  type FaultyCall,
  type PlannedFault,
} from "../../runtime/testing/index.ts";
import type { Worker } from "../../runtime/worker/types.ts";
import {
  type Client,
  clientOf,
  createLog,
  createSignal,
  describeJobs,
  type Handler,
  retries,
  workerOf,
} from "./fixture.ts";

const descriptor = describeJobs({ work: { retry: retries(3) } });

function times(count: number, call: FaultyCall, fault: PlannedFault["fault"]): PlannedFault[] {
  return Array.from({ length: count }, () => ({ call, fault }));
}

describe("a worker in an outage", () => {
  it.each([
    ["claims fail", times(3, "claim", "fail-before")],
    ["the replies of claims are lost", times(3, "claim", "drop-reply")],
    ["acks fail", times(3, "ack", "fail-before")],
    ["the replies of acks are lost", times(3, "ack", "drop-reply")],
    ["progress cannot be reported", times(2, "report", "fail-before")],
    ["maintenance fails", [...times(1, "promote", "fail-before"), ...times(1, "reap", "fail-before")]],
    [
      "everything fails",
      [...times(2, "claim", "fail-before"), ...times(2, "ack", "fail-before"), ...times(1, "prune", "fail-before")],
    ],
  ])("goes on by itself and runs each job once when %s", async (_what, plan) => {
    const provider = faultInjecting(createMemoryProvider(), plan);
    const client = await clientOf(provider, descriptor);
    const runs: number[] = [];
    const worker = await workerOf(provider, descriptor, {
      work: ({ n }, { progress }) => {
        runs.push(n);
        progress(50);
      },
    });
    const handles = await client.work.enqueueMany([{ n: 0 }, { n: 1 }, { n: 2 }]);
    await worker.start();
    await Promise.all(handles.map((handle) => handle.result()));
    await worker.idle();
    expect(runs.sort((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(provider.remaining()).toEqual([]);
    for (const { id } of handles)
      expect(await provider.get(id)).toMatchObject({ state: "succeeded", attempt: 1, fence: 1 });
    await worker.stop();
  });

  it.each<PlannedFault["fault"]>(["fail-before", "drop-reply"])(
    "counts a failed attempt once when its nack meets %s",
    async (fault) => {
      const provider = faultInjecting(createMemoryProvider(), times(3, "nack", fault));
      const client = await clientOf(provider, descriptor);
      let runs = 0;
      const worker = await workerOf(provider, descriptor, {
        work: () => {
          if (++runs < 3) throw new Error("not yet");
        },
      });
      await worker.start();
      const handle = await client.work.enqueue({ n: 1 });
      await handle.result();
      expect(await provider.get(handle.id)).toMatchObject({ attempt: 3, fence: 3 });
      expect(runs).toBe(3);
      await worker.stop();
    },
  );

  it("keeps its leases when heartbeats come through again", async () => {
    const clock = createFakeClock();
    const extended = createSignal();
    const store = createMemoryProvider({ clock });
    let beats = 0;
    const faulty = faultInjecting(
      {
        ...store,
        async extend(request) {
          const leases = await store.extend(request);
          if (leases.length > 0 && ++beats === 1) extended.fire();
          return leases;
        },
      },
      times(3, "extend", "fail-before"),
    );
    const log = createLog();
    const go = createSignal();
    const client = await clientOf(faulty, descriptor);
    const options = { lease: "100ms", logger: log } as const;
    const worker = await workerOf(faulty, descriptor, { work: () => go.promise }, options);
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await extended.promise;
    expect(log.lines.filter((line) => line.message.startsWith("heartbeat failed"))).toHaveLength(3);
    go.fire();
    await handle.result();
    await worker.stop();
  });

  describe("whose heartbeats do not get through for most of a lease", () => {
    /** Real time, as it is the worker's own clock that counts. */
    async function startDeaf(handler: Handler): Promise<{ client: Client; worker: Worker; store: Provider }> {
      const store = createMemoryProvider({ clock: createFakeClock() });
      const deaf: Provider = { ...store, extend: () => Promise.reject(new Error("no route to host")) };
      const client = await clientOf(deaf, descriptor);
      const worker = await workerOf(deaf, descriptor, { work: handler }, { lease: "100ms", maintenance: false });
      await worker.start();
      return { client, worker, store };
    }

    it("aborts its attempts, which are given back without counting", async () => {
      const reasons: unknown[] = [];
      const { client, worker, store } = await startDeaf(async (_input, { signal, attempt, fence }) => {
        if (fence > 1) return attempt;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push(signal.reason);
        throw signal.reason;
      });
      const handle = await client.work.enqueue({ n: 1 });
      await handle.result();
      expect(reasons).toMatchObject([{ code: "JW_LEASE_AT_RISK" }]);
      expect(await store.get(handle.id)).toMatchObject({ state: "succeeded", attempt: 1, fence: 2 });
      await worker.stop();
    });

    it("still reports what a handler achieved, which counts while nobody else took the job", async () => {
      const { client, worker, store } = await startDeaf(async (_input, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      const handle = await client.work.enqueue({ n: 1 });
      await handle.result();
      expect(await store.get(handle.id)).toMatchObject({ state: "succeeded", attempt: 1, fence: 1 });
      await worker.stop();
    });

    it("counts a failure of the handler's own", async () => {
      const { client, worker, store } = await startDeaf(async (_input, { signal, fence }) => {
        if (fence > 1) return;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw new Error("its own");
      });
      const handle = await client.work.enqueue({ n: 1 });
      await handle.result();
      expect(await store.get(handle.id)).toMatchObject({ state: "succeeded", attempt: 2, fence: 2 });
      await worker.stop();
    });
  });

  it("goes on after a handler returned something that cannot be looked at", async () => {
    const provider = createMemoryProvider();
    const client = await clientOf(provider, descriptor);
    let runs = 0;
    const hostile = new Proxy(
      {},
      {
        has() {
          throw new Error("hostile");
        },
      },
    );
    const worker = await workerOf(provider, descriptor, { work: () => (++runs === 1 ? hostile : undefined) });
    await client.work.enqueue({ n: 0 });
    const second = await client.work.enqueue({ n: 1 });
    await worker.start();
    await second.result({ timeout: "5s" });
    expect(runs).toBeGreaterThan(1);
    await worker.stop();
  });

  it("settles the others when the store can never take one of a batch", async () => {
    const provider = createMemoryProvider();
    const client = await clientOf(provider, descriptor);
    const handles = await client.work.enqueueMany([{ n: 0 }, { n: 1 }, { n: 2 }]);
    const bad = handles[1]?.id;
    const picky: Provider = {
      ...provider,
      ack(items) {
        if (items.some(({ id }) => id === bad)) return Promise.reject(new TypeError("no room for this one"));
        return provider.ack(items);
      },
    };
    const worker = await workerOf(picky, descriptor, { work: () => undefined });
    await worker.start();
    await Promise.all([handles[0]?.result(), handles[2]?.result()]);
    await worker.stop();
    expect(await client.$control.counts()).toEqual({ work: { succeeded: 2, running: 1 } });
  });

  it("goes on after an error that nobody expected", async () => {
    const store = createMemoryProvider();
    let broken = true;
    const provider: Provider = {
      ...store,
      promote(limit) {
        if (!broken) return store.promote(limit);
        broken = false;
        throw new TypeError("not even a promise");
      },
    };
    const client = await clientOf(provider, descriptor);
    const worker = await workerOf(provider, descriptor, { work: () => undefined });
    await worker.start();
    await (await client.work.enqueue({ n: 1 })).result();
    await worker.stop();
  });

  it("stops in the middle of one", async () => {
    const provider = faultInjecting(createMemoryProvider(), times(100, "claim", "fail-before"));
    const log = createLog();
    const worker = await workerOf(provider, descriptor, { work: () => undefined }, { logger: log });
    await worker.start();
    expect(await worker.stop()).toEqual({ succeeded: 0, failed: 0, released: 0 });
    expect(log.lines.map((line) => line.message)).toContain("claim failed; the worker goes on trying");
  });
});

describe("a worker that lost its lease", () => {
  it("aborts the attempt, discards its output and says so, while the new holder's counts", async () => {
    const clock = createFakeClock();
    const provider = createMemoryProvider({ clock });
    const client = await clientOf(provider, descriptor);
    const started = createSignal();
    const lost = createSignal<unknown>();
    const worker = await workerOf(
      provider,
      descriptor,
      {
        work: (_input, { signal }) => {
          signal.addEventListener("abort", () => lost.fire(signal.reason));
          started.fire();
          return lost.promise;
        },
      },
      { lease: "100ms", maintenance: false, queues: { work: 1 } },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await started.promise;
    clock.advance(101);
    await provider.reap(1);
    const lane = { queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] };
    const [lease] = await provider.claim({ claimId: "new", workerId: "new", leaseMs: 60_000, lanes: [lane] });
    expect(lease).toMatchObject({ id: handle.id, fence: 2 });
    expect(await lost.promise).toMatchObject({ code: "JW_LEASE_LOST" });
    await worker.stop();
    expect(await handle.status()).toBe("running");
    expect(await provider.ack([{ id: handle.id, fence: 2 }])).toEqual(["ok"]);
    expect(await worker.stop()).toEqual({ succeeded: 0, failed: 0, released: 0 });
  });
});
