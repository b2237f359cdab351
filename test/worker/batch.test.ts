import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { Discard, RetryAfter, Snooze } from "../../runtime/worker/outcomes.ts";
import type {
  BatchContext,
  BatchItem,
  BatchOutcome,
  DeclaredErrors,
  Worker,
  WorkerOptions,
} from "../../runtime/worker/types.ts";
import {
  type Client,
  clientOf,
  createLog,
  createSignal,
  type Definition,
  describeJobs,
  type Handler,
  never,
  type Numbered,
  retries,
  workerOf,
} from "./fixture.ts";

type Items = readonly BatchItem<Numbered>[];
type Outcomes = readonly BatchOutcome<unknown>[];
type BatchHandler = (items: Items, ctx: BatchContext<unknown>) => unknown;

/** Longer than any test: what it waits for has to come first. */
const forever = 3_600_000;
const numbers = (count: number): Numbered[] => Array.from({ length: count }, (_, n) => ({ n }));
const succeedAll: BatchHandler = (items, ctx): Outcomes => items.map(({ input }) => ctx.succeed(input.n));

/** Every run of a batch handler, as the numbers of its items. */
function recorded(handler: BatchHandler = () => undefined): {
  readonly handler: BatchHandler;
  readonly runs: number[][];
} {
  const runs: number[][] = [];
  return {
    runs,
    handler(items, ctx) {
      runs.push(items.map(({ input }) => input.n));
      return handler(items, ctx);
    },
  };
}

describe("a batch", () => {
  let clock: FakeClock;
  let provider: Provider;
  let client: Client;
  let worker: Worker | undefined;

  beforeEach(() => {
    clock = createFakeClock();
    provider = createMemoryProvider({ clock });
    worker = undefined;
  });

  afterEach(async () => {
    await worker?.stop();
    await provider.stop();
  });

  /** A client, and a worker that is not started, of the batch job `work`, and of `other`, which takes one at a time. */
  async function setUp(
    definition: Definition,
    handler: BatchHandler,
    options: Partial<WorkerOptions<object>> = {},
    other: Handler = () => undefined,
  ): Promise<Worker> {
    const descriptor = describeJobs({ work: { batch: { size: 10, waitMs: 0 }, ...definition }, other: {} });
    client = await clientOf(provider, descriptor);
    const work = handler as unknown as Handler; // the fixture's type knows no batches
    worker = await workerOf(provider, descriptor, { work, other }, options);
    return worker;
  }

  /** Enqueues, works until nothing is ready, and gives what became of the jobs. */
  async function runAll(count: number): Promise<readonly JobRecord[]> {
    const handles = await client.work.enqueueMany(numbers(count));
    await worker?.start();
    await worker?.idle();
    return records(handles);
  }

  async function records(handles: readonly { readonly id: string }[]): Promise<readonly JobRecord[]> {
    const jobs = await Promise.all(handles.map(({ id }) => provider.get(id)));
    return jobs.filter((job) => job !== undefined);
  }

  describe("takes", () => {
    it("what one claim brought, when it waits for nobody", async () => {
      const { handler, runs } = recorded();
      await setUp({}, handler);
      const jobs = await runAll(7);
      expect(runs).toEqual([[0, 1, 2, 3, 4, 5, 6]]);
      expect(jobs.map(({ state }) => state)).toEqual(Array.from({ length: 7 }, () => "succeeded"));
    });

    it("no more than its size", async () => {
      const { handler, runs } = recorded();
      await setUp({ batch: { size: 3, waitMs: 0 } }, handler);
      await runAll(8);
      expect(runs).toEqual([
        [0, 1, 2],
        [3, 4, 5],
        [6, 7],
      ]);
    });

    it("no more than its queue has slots", async () => {
      const { handler, runs } = recorded();
      await setUp({ batch: { size: 100, waitMs: forever } }, handler, { concurrency: 4 });
      await runAll(8);
      expect(runs).toEqual([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ]);
    });

    it("as many as its size by default, though other queues have ten slots", async () => {
      const { handler, runs } = recorded();
      await setUp({ batch: { size: 25, waitMs: 0 } }, handler);
      await runAll(25);
      expect(runs.map((run) => run.length)).toEqual([25]);
    });

    it("jobs of several claims while it waits, and begins when it is full", async () => {
      const { handler, runs } = recorded();
      const { start } = await setUp({ batch: { size: 3, waitMs: forever } }, handler);
      await start();
      const handles = [];
      for (const input of numbers(3)) {
        expect(runs).toEqual([]);
        handles.push(await client.work.enqueue(input));
      }
      await handles[2]?.result();
      expect(runs).toEqual([[0, 1, 2]]);
    });

    it("what has come when its wait is over", async () => {
      const { handler, runs } = recorded();
      await setUp({ batch: { size: 10, waitMs: 5 } }, handler);
      await runAll(2);
      expect(runs).toEqual([[0, 1]]);
    });

    it("jobs of its own definition only; others of the queue run beside it, one at a time", async () => {
      const { handler, runs } = recorded();
      const single: number[] = [];
      await setUp({}, handler, {}, ({ n }) => void single.push(n));
      await client.work.enqueue({ n: 1 });
      await client.other.enqueue({ n: 2 });
      await client.work.enqueue({ n: 3 });
      await worker?.start();
      await worker?.idle();
      expect([runs, single]).toEqual([[[1, 3]], [2]]);
    });

    it("slots of its queue, one per item", async () => {
      const started = createSignal();
      const go = createSignal();
      const single: number[] = [];
      await setUp(
        { batch: { size: 3, waitMs: 0 } },
        () => {
          started.fire();
          return go.promise;
        },
        { concurrency: 3 },
        ({ n }) => void single.push(n),
      );
      const handles = await client.work.enqueueMany(numbers(3));
      await worker?.start();
      await started.promise;
      const other = await client.other.enqueue({ n: 9 });
      expect(await provider.counts({ states: ["running"] })).toEqual({ work: { running: 3 } });
      expect(single).toEqual([]);
      go.fire();
      await other.result();
      expect((await records(handles)).map(({ state }) => state)).toEqual(["succeeded", "succeeded", "succeeded"]);
    });
  });

  it("tells what it runs", async () => {
    const seen: unknown[] = [];
    await setUp({ retry: retries(7) }, (items, ctx) => {
      seen.push(ctx.name, ctx.queue, ctx.signal.aborted, ...items);
    });
    const [first, second] = await runAll(2);
    const item = { name: "work", queue: "work", attempt: 1, maxAttempts: 7, fence: 1 };
    expect(seen).toMatchObject([
      "work",
      "work",
      false,
      { ...item, id: first?.id, idempotencyKey: first?.id, input: { n: 0 } },
      { ...item, id: second?.id, idempotencyKey: second?.id, input: { n: 1 } },
    ]);
  });

  it("logs with the job's name, its queue and the number of items", async () => {
    const logger = createLog();
    await setUp({}, (_items, { log }) => log.info("sending"), { logger });
    await runAll(2);
    expect(logger.lines).toContainEqual({
      level: "info",
      message: "sending",
      fields: { job: "work", queue: "work", items: 2 },
    });
  });

  describe("gives each item an end of its own:", () => {
    it("outputs in the order of the items", async () => {
      await setUp({ output: z.number() }, async (items, ctx) => succeedAll(items, ctx));
      expect((await runAll(3)).map(({ state, output }) => [state, output])).toEqual([
        ["succeeded", "0"],
        ["succeeded", "1"],
        ["succeeded", "2"],
      ]);
    });

    it("what a handler of single jobs would throw", async () => {
      const errors = { Full: z.object({ at: z.number() }) };
      const ends = [
        new Error("boom"),
        new RetryAfter("2h"),
        new Discard("gone"),
        new Snooze("1h"),
        "text",
        undefined,
      ] as const;
      await setUp({ retry: retries(5, 60_000), errors, discardOn: ["Full"] }, (items, ctx): Outcomes => {
        const { Full } = (ctx as BatchContext<unknown> & DeclaredErrors<{ Full: { at: number } }>).errors;
        return items.map(({ input: { n } }) => ctx.fail(n === 6 ? Full({ at: n }) : ends[n]));
      });
      expect(await runAll(7)).toMatchObject([
        { state: "scheduled", attempt: 1, runAt: clock.now() + 60_000, error: { message: "boom" } },
        { state: "scheduled", attempt: 1, runAt: clock.now() + 7_200_000 },
        { state: "dead", reason: "discarded", error: { message: "gone" } },
        { state: "scheduled", attempt: 0, runAt: clock.now() + 3_600_000 },
        { state: "scheduled", attempt: 1, error: { message: "text" } },
        { state: "scheduled", attempt: 1, error: { message: "undefined" } },
        { state: "dead", reason: "discarded", error: { name: "Full", data: '{"Full":{"at":6}}' } },
      ]);
    });

    it("an output that does not fit fails alone", async () => {
      await setUp({ output: z.number().max(1), retry: retries(1) }, succeedAll);
      expect(await runAll(3)).toMatchObject([
        { state: "succeeded", output: "0" },
        { state: "succeeded", output: "1" },
        { state: "dead", error: { code: "JW_INVALID_OUTPUT" } },
      ]);
    });

    it("attempts are counted, and used up, per job", async () => {
      await setUp({ retry: retries(2) }, (items, ctx): Outcomes => items.map(() => ctx.fail(new Error("no"))));
      const early = await client.work.enqueue({ n: 0 });
      const late = await client.work.enqueue({ n: 1 }, { maxAttempts: 4 });
      await worker?.start();
      await worker?.idle();
      expect(await records([early, late])).toMatchObject([
        { state: "dead", reason: "attempts-exhausted", attempt: 2 },
        { state: "dead", reason: "attempts-exhausted", attempt: 4 },
      ]);
    });

    it("all fail with the error that the handler throws", async () => {
      await setUp({ retry: retries(1) }, () => {
        throw new RangeError("all of you");
      });
      const dead = { state: "dead", error: { name: "RangeError", message: "all of you" } };
      expect(await runAll(2)).toMatchObject([dead, dead]);
    });

    it("all fail with the error that the handler rejects with", async () => {
      await setUp({ retry: retries(1) }, () => Promise.reject(new RangeError("all of you")));
      const dead = { state: "dead", error: { name: "RangeError", message: "all of you" } };
      expect(await runAll(2)).toMatchObject([dead, dead]);
    });

    it.each([
      ["too few outcomes", (items, ctx) => items.slice(1).map(() => ctx.succeed(1)), "returned 1 outcomes for 2 items"],
      ["too many outcomes", (_, ctx) => [1, 2, 3].map(() => ctx.succeed(1)), "returned 3 outcomes for 2 items"],
      ["nothing, though there is an output", () => undefined, "returned undefined, not a list"],
      ["one outcome for all", (_, ctx) => ctx.succeed(1), "returned a value of type object, not a list"],
      ["bare outputs", (items) => items.map(() => 1), "returned a value of type number for item"],
      ["a list with holes", () => Object.assign([], { length: 2 }), "returned undefined for item"],
    ] satisfies [string, BatchHandler, string][])(
      "all fail, and are told why, after %s",
      async (_, handler, message) => {
        await setUp({ output: z.number(), retry: retries(1) }, handler);
        const dead = { state: "dead", error: { code: "JW_INVALID_OUTPUT", message: expect.stringContaining(message) } };
        expect(await runAll(2)).toMatchObject([dead, dead]);
      },
    );

    it("one whose payload cannot be decoded is dead, and never reaches the handler", async () => {
      const { handler, runs } = recorded();
      await setUp({ retry: retries(5) }, handler);
      const id = "0196f000-0000-7000-8000-000000000001";
      const plain = { name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3 };
      await provider.enqueue([{ ...plain, id, payload: '{"n":"one"}' }]);
      await runAll(2);
      expect(await provider.get(id)).toMatchObject({ state: "dead", reason: "invalid-payload", attempt: 1 });
      expect(runs).toEqual([[0, 1]]);
    });

    it("one that comes too late is dead, and never reaches the handler", async () => {
      const { handler, runs } = recorded();
      await setUp({ expireAfterMs: 60_000 }, handler);
      const late = await client.work.enqueue({ n: 9 });
      clock.advance(60_001);
      await runAll(1);
      expect(await records([late])).toMatchObject([{ state: "dead", reason: "expired" }]);
      expect(runs).toEqual([[0]]);
    });
  });

  it("whose items all come to nothing frees its slots", async () => {
    await setUp({ expireAfterMs: 60_000 }, never, { concurrency: 2 });
    await client.work.enqueueMany(numbers(2));
    clock.advance(60_001);
    await worker?.start();
    await worker?.idle();
    expect(await provider.counts()).toEqual({ work: { dead: 2 } });
  });

  describe("that is told to stop", () => {
    it("at its timeout aborts all signals, and its jobs have failed", async () => {
      const reasons: unknown[] = [];
      await setUp(
        { timeoutMs: 5, retry: retries(1) },
        (items, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason, ...items.map((item) => item.signal.reason));
              resolve(undefined);
            });
          }),
        { abortGrace: "60s" },
      );
      const dead = { state: "dead", error: { code: "JW_ATTEMPT_TIMEOUT" } };
      expect(await runAll(2)).toMatchObject([dead, dead]);
      const timeout = { code: "JW_ATTEMPT_TIMEOUT" };
      expect(reasons).toMatchObject([timeout, timeout, timeout]);
    });

    it("is abandoned if the handler never returns, and its slots are free again", async () => {
      let runs = 0;
      await setUp({ timeoutMs: 5, retry: retries(1) }, () => (++runs === 1 ? never() : undefined), { concurrency: 2 });
      expect((await runAll(4)).map(({ state }) => state)).toEqual(["dead", "dead", "succeeded", "succeeded"]);
    });

    it("gives up an item with a shorter timeout of its own, and goes on with the others", async () => {
      const go = createSignal();
      const aborted: boolean[] = [];
      await setUp({ retry: retries(1) }, async (items, { signal }) => {
        await go.promise;
        aborted.push(signal.aborted, ...items.map((item) => item.signal.aborted));
      });
      const hasty = await client.work.enqueue({ n: 0 }, { timeout: "5ms" });
      const patient = await client.work.enqueue({ n: 1 });
      await worker?.start();
      await expect(hasty.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining("timeout") } });
      go.fire();
      await patient.result();
      expect(aborted).toEqual([false, true, false]);
    });

    it("aborts only the signal of the item that was cancelled", async () => {
      const started = createSignal<Items>();
      const stopped = createSignal<readonly boolean[]>();
      await setUp(
        {},
        (items, { signal }) =>
          new Promise((resolve) => {
            items[0]?.signal.addEventListener("abort", () => {
              stopped.fire([signal.aborted, ...items.map((item) => item.signal.aborted)]);
              resolve(undefined);
            });
            started.fire(items);
          }),
        { lease: "100ms" },
      );
      const [first, second] = await client.work.enqueueMany(numbers(2));
      await worker?.start();
      await started.promise;
      expect(await first?.cancel()).toBe("requested");
      expect(await stopped.promise).toEqual([false, true, false]);
      await second?.result();
      await expect(first?.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
    });

    it("discards what it says of an item that a newer claim holds", async () => {
      const started = createSignal();
      const lost = createSignal();
      const go = createSignal();
      await setUp(
        { output: z.number(), maxCrashes: 9 },
        async (items, ctx) => {
          items[0]?.signal.addEventListener("abort", () => lost.fire());
          started.fire();
          await go.promise;
          return succeedAll(items, ctx);
        },
        { lease: "100ms", maintenance: false },
      );
      const [first] = await client.work.enqueueMany(numbers(2));
      await worker?.start();
      await started.promise;
      // The lease runs out by the store's clock before a heartbeat comes; another worker takes the job then.
      clock.advance(101);
      await provider.reap(10);
      const handles = [{ name: "work", maxVersion: 1 }];
      const [taken] = await provider.claim({
        claimId: "1",
        workerId: "thief",
        leaseMs: forever,
        lanes: [{ queue: "work", limit: 1, handles }],
      });
      expect(taken?.id).toBe(first?.id);
      await lost.promise;
      go.fire();
      await worker?.stop();
      expect(await provider.get(first?.id ?? "")).toMatchObject({ state: "running", fence: 2, workerId: "thief" });
    });

    it("gives its jobs back at shutdown, uncounted, and tells them why", async () => {
      const started = createSignal<readonly AbortSignal[]>();
      await setUp({}, (items, { signal }) => {
        started.fire([signal, ...items.map((item) => item.signal)]);
        return never();
      });
      const handles = await client.work.enqueueMany(numbers(2));
      await worker?.start();
      const signals = await started.promise;
      expect(await worker?.stop()).toEqual({ succeeded: 0, failed: 0, released: 2 });
      const shutdown = { code: "JW_SHUTDOWN" };
      expect(signals.map(({ reason }: { reason: unknown }) => reason)).toMatchObject([shutdown, shutdown, shutdown]);
      const released = { state: "ready", attempt: 0, crashes: 0 };
      expect(await records(handles)).toMatchObject([released, released]);
    });
  });

  it("that is still gathered is given back at shutdown", async () => {
    const { handler, runs } = recorded();
    await setUp({ batch: { size: 10, waitMs: forever } }, handler);
    const handles = await client.work.enqueueMany(numbers(2));
    await worker?.start();
    await expect
      .poll(() => provider.counts({ states: ["running"] }), { interval: 1 })
      .toEqual({ work: { running: 2 } });
    expect(await worker?.stop()).toEqual({ succeeded: 0, failed: 0, released: 2 });
    expect(await records(handles)).toMatchObject([{ state: "ready" }, { state: "ready" }]);
    expect(runs).toEqual([]);
  });
});
