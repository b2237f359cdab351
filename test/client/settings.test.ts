import { describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { clientOf, type Definition, describeJobs, type Handler, retries, workerOf } from "../worker/fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

const id = "0196f000-0000-7000-8000-000000000001";

describe.each(Object.entries(providers))("settings of one job, on %s", (_name, open) => {
  async function setUp(work: Handler, definition: Definition = {}) {
    const clock = createFakeClock();
    const provider = open(clock);
    const descriptor = describeJobs({ work: definition });
    const client = await clientOf(provider, descriptor);
    /** Until nothing is ready any more. */
    const runAll = async (): Promise<void> => {
      const worker = await workerOf(provider, descriptor, { work });
      await worker.start();
      await worker.idle();
      await worker.stop();
    };
    return { clock, provider, client, runAll };
  }

  const failing: Handler = () => {
    throw new Error("no");
  };

  it("a job without settings is stored as its bare input", async () => {
    const { provider, client } = await setUp(() => undefined);
    const handle = await client.work.enqueue({ n: 1 }, { delay: "1s", priority: 1 });
    expect((await provider.get(handle.id))?.payload).toBe('{"n":1}');
  });

  it("metadata reach the handler and the operator; without any they are empty", async () => {
    const seen: unknown[] = [];
    const { client, runAll } = await setUp((input, ctx) => void seen.push([input, ctx.metadata]));
    const metadata = { tenant: "acme", note: "two\nlines ~{}" };
    const handles = [await client.work.enqueue({ n: 1 }, { metadata }), await client.work.enqueue({ n: 2 })];
    await runAll();
    expect(seen).toEqual([
      [{ n: 1 }, metadata],
      [{ n: 2 }, {}],
    ]);
    const [with_, without] = await Promise.all(handles.map((handle) => client.$control.get(handle.id)));
    expect(with_).toMatchObject({ payload: '{"n":1}', metadata });
    expect(without).toMatchObject({ payload: '{"n":2}', metadata: {} });
    expect((await client.$control.list()).jobs.map((job) => job.metadata)).toEqual([{}, metadata]);
  });

  it("maxAttempts wins over the definition's, both ways", async () => {
    const allowed: number[][] = [];
    const handler: Handler = (input, ctx) => {
      allowed.push([input.n, ctx.attempt, ctx.maxAttempts]);
      throw new Error("no");
    };
    const { provider, client, runAll } = await setUp(handler, { retry: retries(2) });
    await client.work.enqueue({ n: 1 }, { maxAttempts: 1 });
    await client.work.enqueue({ n: 3 }, { maxAttempts: 3 });
    await runAll();
    expect(allowed.filter(([n]) => n === 1)).toEqual([[1, 1, 1]]);
    expect(allowed.filter(([n]) => n === 3)).toEqual([
      [3, 1, 3],
      [3, 2, 3],
      [3, 3, 3],
    ]);
    expect(await provider.counts()).toEqual({ work: { dead: 2 } });
  });

  it("expireAfter wins over the definition's, both ways", async () => {
    const { clock, client, runAll } = await setUp(() => undefined, { expireAfterMs: 60_000 });
    const short = await client.work.enqueue({ n: 1 }, { expireAfter: "1s" });
    const long = await client.work.enqueue({ n: 2 }, { expireAfter: "1h" });
    const usual = await client.work.enqueue({ n: 3 });
    clock.advance(60_000);
    await runAll();
    expect(await short.settled()).toMatchObject({ status: "dead", reason: "expired" });
    expect([await long.status(), await usual.status()]).toEqual(["succeeded", "succeeded"]);
  });

  it("timeout wins over the definition's", async () => {
    const untilTold: Handler = (_input, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const { client, runAll } = await setUp(untilTold, { retry: retries(1) });
    const handle = await client.work.enqueue({ n: 1 }, { timeout: "1ms" });
    await runAll();
    expect(await handle.settled()).toMatchObject({ status: "dead", error: { name: "JobwrightError" } });
  });

  it("settings of one job do not become those of the next", async () => {
    const { client, runAll } = await setUp(failing, { retry: retries(2) });
    const once = await client.work.enqueue({ n: 1 }, { maxAttempts: 1 });
    const twice = await client.work.enqueue({ n: 2 });
    await runAll();
    const attempts = await Promise.all([once, twice].map(async (job) => (await client.$control.get(job.id))?.attempt));
    expect(attempts).toEqual([1, 2]);
  });

  it.each(["~", '~{"timeoutMs":1', '~{"maxAttempts":"x"}\n{"n":1}', "~null\n{}"])(
    "a job whose settings cannot be read is dead and kept, and the worker goes on: %j",
    async (payload) => {
      const { provider, client, runAll } = await setUp(() => undefined);
      const job = { id, name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3, payload };
      await provider.enqueue([job]);
      const next = await client.work.enqueue({ n: 1 });
      await runAll();
      expect(await client.work.handle(id).settled()).toMatchObject({ status: "dead", reason: "invalid-payload" });
      expect(await client.$control.get(id)).toMatchObject({ payload, metadata: {} });
      expect(await next.status()).toBe("succeeded");
    },
  );
});
