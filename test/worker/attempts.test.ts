import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import { Discard, RetryAfter, Snooze } from "../../runtime/worker/outcomes.ts";
import type { JobContext, Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import { maxDurationMs } from "../../runtime/core/duration.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import {
  type Client,
  clientOf,
  createSignal,
  type Definition,
  describeJobs,
  type Handler,
  never,
  retries,
  workerOf,
} from "./fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

describe.each(Object.entries(providers))("an attempt, on %s", (_name, open) => {
  let clock: FakeClock;
  let provider: Provider;
  let worker: Worker | undefined;

  beforeEach(() => {
    clock = createFakeClock();
    provider = open(clock);
    worker = undefined;
  });

  afterEach(async () => {
    await worker?.stop();
    await provider.stop();
  });

  /** A client, and a started worker, of one job definition called `work`. */
  async function setUp(
    definition: Definition,
    handler: Handler | { handle: Handler },
    options: Partial<WorkerOptions<object>> = {},
  ): Promise<Client> {
    const descriptor = describeJobs({ work: definition });
    const client = await clientOf(provider, descriptor);
    worker = await workerOf(provider, descriptor, { work: handler }, options);
    await worker.start();
    return client;
  }

  async function record(id: string): Promise<JobRecord> {
    const job = await provider.get(id);
    if (!job) throw new TypeError(`no job ${id}`);
    return job;
  }

  it("hands the parsed input to the handler and its output to the caller", async () => {
    const client = await setUp({ output: z.object({ double: z.number() }) }, ({ n }) => ({ double: 2 * n }));
    const handle = await client.work.enqueue({ n: 21 });
    expect(await handle.result()).toEqual({ double: 42 });
    expect(await handle.status()).toBe("succeeded");
  });

  it("stores nothing of what a handler without an output schema returns", async () => {
    const client = await setUp({}, () => ({ secret: 1 }));
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.result()).toBeUndefined();
    expect((await record(handle.id)).output).toBeUndefined();
  });

  it("tells the handler what it runs", async () => {
    const contexts: JobContext[] = [];
    const client = await setUp({ retry: retries(7) }, (_input, context) => void contexts.push(context));
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    expect(contexts).toMatchObject([
      { id: handle.id, name: "work", queue: "work", attempt: 1, maxAttempts: 7, fence: 1, idempotencyKey: handle.id },
    ]);
    expect(contexts[0]?.enqueuedAt).toEqual(new Date(clock.now()));
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it("calls a class handler's `handle` on its instance", async () => {
    class Adder {
      readonly #base = 40;
      handle({ n }: { n: number }): number {
        return this.#base + n;
      }
    }
    const client = await setUp({ output: z.number() }, new Adder());
    expect(await (await client.work.enqueue({ n: 2 })).result()).toBe(42);
  });

  it("fails, waits as long as the policy says and succeeds at the next one", async () => {
    const client = await setUp({ retry: retries(3, 60_000), output: z.number() }, (_input, { attempt }) => {
      if (attempt === 1) throw new RangeError("not yet");
      return attempt;
    });
    const handle = await client.work.enqueue({ n: 1 });
    await worker?.idle();
    expect(await record(handle.id)).toMatchObject({
      state: "scheduled",
      attempt: 1,
      runAt: clock.now() + 60_000,
      error: { name: "RangeError", message: "not yet" },
    });
    clock.advance(60_000);
    await provider.promote(10);
    expect(await handle.result()).toBe(2);
    expect((await record(handle.id)).error).toBeUndefined();
  });

  it("is the last one when the attempts are used up: the job is dead and says why", async () => {
    let runs = 0;
    const client = await setUp({ retry: retries(3) }, () => {
      throw new Error(`boom ${++runs}`);
    });
    const handle = await client.work.enqueue({ n: 1 });
    const failure = await handle.result().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "JW_JOB_DEAD",
      details: { reason: "attempts-exhausted", attempt: 3 },
      cause: { message: "boom 3" },
    });
    expect(runs).toBe(3);
  });

  it("waits as long as RetryAfter says, and counts", async () => {
    const client = await setUp({ retry: retries(5, 1) }, () => {
      throw new RetryAfter("2h");
    });
    const handle = await client.work.enqueue({ n: 1 });
    await worker?.idle();
    expect(await record(handle.id)).toMatchObject({ state: "scheduled", attempt: 1, runAt: clock.now() + 7_200_000 });
  });

  it.each([Number.NaN, -5, Number.POSITIVE_INFINITY])("survives RetryAfter(%d)", async (delay) => {
    const client = await setUp({ retry: retries(2) }, () => {
      throw new RetryAfter(delay);
    });
    const handle = await client.work.enqueue({ n: 1 });
    await worker?.idle();
    expect(await record(handle.id)).toMatchObject(
      delay === Number.POSITIVE_INFINITY
        ? { state: "scheduled", attempt: 1, runAt: clock.now() + maxDurationMs }
        : { state: "dead", attempt: 2 },
    );
  });

  it("is dead at once after RetryAfter when it was the last one", async () => {
    const client = await setUp({ retry: retries(1) }, () => {
      throw new RetryAfter("2h");
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ details: { reason: "attempts-exhausted" } });
  });

  it("is dead at once after Discard, whatever attempts are left", async () => {
    const client = await setUp({ retry: retries(9) }, () => {
      throw new Discard("no such customer");
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({
      code: "JW_JOB_DEAD",
      details: { reason: "discarded", attempt: 1 },
      cause: { message: "no such customer" },
    });
  });

  it("does not count when the handler threw Snooze", async () => {
    const seen: number[] = [];
    const client = await setUp({ retry: retries(1) }, (_input, { attempt, fence }) => {
      seen.push(attempt);
      if (fence < 3) throw new Snooze("1h");
    });
    const handle = await client.work.enqueue({ n: 1 });
    for (let snoozes = 0; snoozes < 2; snoozes++) {
      await worker?.idle();
      expect(await record(handle.id)).toMatchObject({ state: "scheduled", attempt: 0, runAt: clock.now() + 3_600_000 });
      clock.advance(3_600_000);
      await provider.promote(10);
    }
    await handle.result();
    expect(seen).toEqual([1, 1, 1]);
  });

  const numberMessage = Object.assign(new Error("x"), { message: 404, name: 7 });
  it.each([
    ["a string", "just text", { name: "NonError", message: "just text" }],
    ["undefined", undefined, { name: "NonError", message: "undefined" }],
    ["a symbol", Symbol("s"), { name: "NonError", message: "Symbol(s)" }],
    ["an object without a prototype", Object.create(null), { name: "NonError" }],
    ["an error whose message is a number", numberMessage, { name: "7", message: "404" }],
    ["half of a surrogate pair", new Error("\ud800 half"), { name: "Error", message: "\ud800 half" }],
    ["an error with a code", Object.assign(new Error("gone"), { code: "ENOENT" }), { code: "ENOENT" }],
  ])("ends dead, with what can be told, when the handler throws %s", async (_what, thrown, stored) => {
    const client = await setUp({ retry: retries(1) }, () => {
      throw thrown;
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
    expect((await record(handle.id)).error).toMatchObject(stored);
  });

  it("keeps at most 4,096 characters of a message, cut in the middle of a pair or not", async () => {
    const client = await setUp({ retry: retries(1) }, () => {
      throw new Error(`.${"😀".repeat(10_000)}`);
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
    expect((await record(handle.id)).error?.message).toHaveLength(4_096);
  });

  it("is told to stop at its timeout, and is retried", async () => {
    const reasons: unknown[] = [];
    const client = await setUp(
      { timeoutMs: 5, retry: retries(1) },
      (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(signal.reason);
          });
        }),
      { abortGrace: "60s" },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD", cause: { name: "JobwrightError" } });
    expect(reasons).toMatchObject([{ code: "JW_ATTEMPT_TIMEOUT" }]);
    expect((await record(handle.id)).error).toMatchObject({ code: "JW_ATTEMPT_TIMEOUT" });
  });

  it("is settled after its timeout even if the handler never returns, and its slot is free again", async () => {
    const client = await setUp({ timeoutMs: 5, retry: retries(1) }, ({ n }) => (n === 1 ? never() : undefined), {
      concurrency: 1,
    });
    const [hung, next] = await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await expect(hung?.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
    await next?.result();
    expect(await next?.status()).toBe("succeeded");
  });

  it("counts as timed out when the handler returns within the grace time after its timeout", async () => {
    const client = await setUp(
      { timeoutMs: 5, retry: retries(1) },
      (_input, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
      { abortGrace: "60s" },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
  });

  it("never starts when the stored payload does not fit: the job is dead without burning attempts", async () => {
    let runs = 0;
    const client = await setUp({ retry: retries(5) }, () => void runs++);
    const ids = ["0196f000-0000-7000-8000-000000000001", "0196f000-0000-7000-8000-000000000002"];
    const payloads = ['{"n":"one"}', "not json"];
    await provider.enqueue(
      ids.map((id, index) => ({
        id,
        name: "work",
        queue: "work",
        version: 1,
        priority: 0,
        maxCrashes: 3,
        payload: payloads[index] ?? "",
      })),
    );
    for (const id of ids) {
      await expect(client.work.handle(id).result()).rejects.toMatchObject({
        details: { reason: "invalid-payload", attempt: 1 },
      });
    }
    expect(runs).toBe(0);
    expect(payloads).toEqual(await Promise.all(ids.map(async (id) => (await record(id)).payload)));
  });

  it("fails and is retried when the output does not fit its schema", async () => {
    const client = await setUp(
      { retry: retries(2), output: z.object({ ok: z.literal(true) }) },
      (_input, { attempt }) => ({
        ok: attempt === 2,
      }),
    );
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.result()).toEqual({ ok: true });
    expect((await record(handle.id)).attempt).toBe(2);
  });

  it.each([
    ["does not fit", "JW_INVALID_OUTPUT", 1],
    ["is larger than 256 KiB", "JW_PAYLOAD_TOO_LARGE", "x".repeat(256 * 1024)],
  ])("says so when the output %s", async (_what, code, output) => {
    const client = await setUp({ retry: retries(1), output: z.string() }, () => output);
    const handle = await client.work.enqueue({ n: 1 });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
    expect((await record(handle.id)).error).toMatchObject({ code });
  });

  it("is told to stop when the job is cancelled, and the job ends cancelled", async () => {
    const started = createSignal();
    const reason = createSignal<unknown>();
    const client = await setUp(
      {},
      (_input, { signal }) => {
        signal.addEventListener("abort", () => reason.fire(signal.reason));
        started.fire();
        return reason.promise;
      },
      { lease: "100ms" },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await started.promise;
    expect(await handle.cancel()).toBe("requested");
    expect(await reason.promise).toMatchObject({ code: "JW_CANCELLED" });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
    expect(await handle.status()).toBe("cancelled");
  });

  it("shows its progress while it runs, rounded and clamped", async () => {
    const go = createSignal();
    const client = await setUp({}, async (_input, { progress }) => {
      progress(-5);
      progress(41.6);
      await go.promise;
      progress(250);
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect.poll(async () => (await record(handle.id)).progress, { interval: 1 }).toBe(42);
    go.fire();
    await handle.result();
    expect((await record(handle.id)).progress).toBe(100);
  });

  it("is settled although the application's logger throws", async () => {
    const broken = (): never => {
      throw new Error("EPIPE");
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    const client = await setUp(
      { retry: retries(2) },
      (_input, { attempt, log }) => {
        log.info("before it fails");
        if (attempt === 1) throw new Error("once");
      },
      { logger },
    );
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    expect(await record(handle.id)).toMatchObject({ state: "succeeded", attempt: 2 });
  });
});
