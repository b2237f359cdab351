import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { type Client, clientOf, createSignal, describeJobs, workerOf } from "../worker/fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

const missing = "0196f000-0000-7000-8000-000000000001";

describe.each(Object.entries(providers))("the operator's verbs, on %s", (_name, open) => {
  const descriptor = describeJobs({ work: {}, other: {} });
  let clock: FakeClock;
  let provider: Provider;
  let client: Client;

  beforeEach(async () => {
    clock = createFakeClock();
    provider = open(clock);
    client = await clientOf(provider, descriptor);
  });
  afterEach(() => provider.stop());

  async function claimAll(): Promise<readonly string[]> {
    const handles = ["work", "other"].map((name) => ({ name, maxVersion: 1 }));
    const lanes = [{ queue: "work", limit: 100, handles }];
    const claimed = await provider.claim({ claimId: `c${Math.random()}`, workerId: "w", leaseMs: 60_000, lanes });
    return claimed.map(({ id }) => id);
  }

  async function makeDead(count: number): Promise<readonly string[]> {
    const ids = (await client.work.enqueueMany(Array.from({ length: count }, (_, n) => ({ n })))).map(({ id }) => id);
    await claimAll();
    const error = { name: "Error", message: "no" };
    const reason = "discarded";
    await provider.nack(ids.map((id) => ({ id, fence: 1, outcome: "dead", reason, error }) as const));
    return ids;
  }

  describe("change", () => {
    it("moves a waiting job in time, and gives it another priority", async () => {
      const { id } = await client.work.enqueue({ n: 1 });
      const runAt = new Date(clock.now() + 5_000);
      expect(await client.$control.change({ id, delay: "1m" })).toEqual(["changed"]);
      expect(await provider.get(id)).toMatchObject({ state: "scheduled", runAt: clock.now() + 60_000, priority: 0 });
      await client.$control.change({ id, runAt, priority: -3 });
      expect(await provider.get(id)).toMatchObject({ runAt: runAt.getTime(), priority: -3 });
      await client.$control.change({ id, delay: "0s" });
      expect(await provider.get(id)).toMatchObject({ state: "ready", runAt: clock.now(), priority: -3 });
    });

    it("leaves alone what runs, what has ended and what is not there, and says so", async () => {
      const [dead = ""] = await makeDead(1);
      const running = await client.work.enqueue({ n: 1 });
      await claimAll();
      const ids = [running.id, dead, missing];
      expect(await client.$control.change(...ids.map((id) => ({ id, priority: 1 })))).toEqual([
        "notWaiting",
        "notWaiting",
        "notFound",
      ]);
      expect(await client.$control.change()).toEqual([]);
    });

    it.each([{}, { delay: "soon" }, { delay: null }, { runAt: "2026-01-01" }, { priority: 1.5 }, { priority: 40_000 }])(
      "is refused: %j",
      async (change) => {
        const { id } = await client.work.enqueue({ n: 1 });
        const given = { id, ...change } as { id: string }; // as plain JavaScript may pass it
        await expect(client.$control.change(given)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
      },
    );
  });

  describe("requeueAll with a spread", () => {
    it("lets the jobs begin evenly over it, the oldest first", async () => {
      const ids = await makeDead(4);
      expect(await client.$control.requeueAll({ names: ["work"], spread: "10m" })).toEqual({
        matched: 4,
        outcomes: { requeued: 4 },
      });
      const records = await Promise.all(ids.map((id) => provider.get(id)));
      expect(records.map((record) => (record?.runAt ?? 0) - clock.now())).toEqual([0, 150_000, 300_000, 450_000]);
      expect(records.map((record) => record?.state)).toEqual(["ready", "scheduled", "scheduled", "scheduled"]);
    });

    it("is refused if it is no duration", async () => {
      const spread = "a while" as "1s"; // as plain JavaScript may pass it
      const refused = client.$control.requeueAll({ names: ["work"], spread });
      await expect(refused).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    });
  });

  it("a job whose unique key was taken meanwhile is not requeued", async () => {
    const first = await client.work.enqueue({ n: 1 }, { unique: "mine" });
    await first.cancel();
    const second = await client.work.enqueue({ n: 2 }, { unique: "mine" });
    expect(second.outcome).toBe("enqueued");
    expect(await client.$control.requeue(first.id)).toEqual(["deduplicated"]);
    await second.cancel();
    expect(await client.$control.requeue(first.id)).toEqual(["requeued"]);
  });

  describe("drain", () => {
    it("returns at once if nothing waits or runs", async () => {
      await makeDead(1);
      await client.work.enqueue({ n: 1 }, { delay: "1h" });
      await client.$control.drain();
    });

    it("returns when a worker has run all that was ready, and what it enqueued", async () => {
      const worker = await workerOf(provider, descriptor, {
        work: async ({ n }) => void (n > 0 && (await client.work.enqueue({ n: n - 1 }))),
        other: () => undefined,
      });
      await client.work.enqueue({ n: 3 });
      await worker.start();
      await client.$control.drain();
      expect(await provider.counts()).toEqual({ work: { succeeded: 4 } });
      await worker.stop();
    });

    it("throws JW_WAIT_TIMEOUT with the number of jobs that are left", async () => {
      await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
      await client.other.enqueue({ n: 3 });
      await client.work.enqueue({ n: 4 }, { delay: "1h" });
      const left = (count: number): object => ({ code: "JW_WAIT_TIMEOUT", details: { left: count } });
      await expect(client.$control.drain({ timeout: "0s" })).rejects.toMatchObject(left(3));
      await expect(client.$control.drain({ timeout: "1ms", names: ["work"] })).rejects.toMatchObject(left(2));
      await expect(client.$control.drain({ timeout: "0s", scheduled: true })).rejects.toMatchObject(left(4));
      await client.$control.drain({ timeout: "0s", queues: ["empty"] });
    });

    it("ends with the signal's reason", async () => {
      await client.work.enqueue({ n: 1 });
      const controller = new AbortController();
      const draining = client.$control.drain({ signal: controller.signal });
      const reason = new Error("enough");
      controller.abort(reason);
      await expect(draining).rejects.toBe(reason);
    });
  });

  describe("pause", () => {
    it("of a queue and of a job definition show, and end with resume", async () => {
      await client.$control.pause("work");
      await client.$control.pause({ name: "other" });
      await client.work.pause();
      expect(await client.$control.paused()).toEqual({ queues: ["work"], names: ["other", "work"] });
      await client.$control.resume({ queue: "work" });
      await client.other.resume();
      await client.$control.resume({ name: "work" });
      expect(await client.$control.paused()).toEqual({ queues: [], names: [] });
    });

    it("of a job definition stops its claims while a worker runs, and no others", async () => {
      const seen: string[] = [];
      const last = createSignal();
      const worker = await workerOf(provider, descriptor, {
        work: ({ n }) => {
          seen.push(`work ${n}`);
          if (n === 2) last.fire();
        },
        other: ({ n }) => void seen.push(`other ${n}`),
      });
      await worker.start();
      await (await client.work.enqueue({ n: 1 })).settled();
      await client.work.pause();
      const waiting = await client.work.enqueue({ n: 2 });
      // Enqueued later: whoever claims it has seen the one before.
      await (await client.other.enqueue({ n: 3 })).settled();
      expect(await waiting.status()).toBe("ready");
      await client.work.resume();
      await last.promise;
      expect(seen).toEqual(["work 1", "other 3", "work 2"]);
      await worker.stop();
    });

    it.each([{}, { queue: "a", name: "b" }, { queue: "" }, { name: 5 }, ""])("is refused: %j", async (target) => {
      const given = target as { queue: string }; // as plain JavaScript may pass it
      await expect(client.$control.pause(given)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
      await expect(client.$control.resume(given)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    });
  });
});
