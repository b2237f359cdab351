import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Duration } from "../../runtime/core/duration.ts";
import { maxPayloadBytes } from "../../runtime/core/job-codec.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, faultInjecting, type FakeClock } from "../../runtime/testing/index.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import type { EnqueueOptions } from "../../runtime/client/types.ts";
import { clientOf, type Definition, describeJobs, type Numbered } from "../worker/fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

const id = "0196f000-0000-7000-8000-000000000001";

describe.each(Object.entries(providers))("enqueue, on %s", (_name, open) => {
  async function setUp(definition: Definition = {}) {
    const clock = createFakeClock();
    const provider = open(clock);
    return { clock, provider, client: await clientOf(provider, describeJobs({ work: definition })) };
  }

  it("stores the job with what its definition says", async () => {
    const { clock, provider, client } = await setUp({ queue: "mail", priority: 7, version: 3 });
    const handle = await client.work.enqueue({ n: 1 });
    expect(handle.outcome).toBe("enqueued");
    expect(await provider.get(handle.id)).toMatchObject({
      name: "work",
      queue: "mail",
      priority: 7,
      version: 3,
      state: "ready",
      attempt: 0,
      runAt: clock.now(),
      enqueuedAt: clock.now(),
      payload: '{"n":1}',
    });
  });

  it("waits for a delay, by the provider's clock", async () => {
    const { clock, provider, client } = await setUp();
    const handle = await client.work.enqueue({ n: 1 }, { delay: "90s" });
    expect(await provider.get(handle.id)).toMatchObject({ state: "scheduled", runAt: clock.now() + 90_000 });
  });

  it("waits until a time, which wins over a delay", async () => {
    const { clock, provider, client } = await setUp();
    const runAt = new Date(clock.now() + 5_000);
    const handle = await client.work.enqueue({ n: 1 }, { runAt, delay: "1h" });
    expect(await provider.get(handle.id)).toMatchObject({ state: "scheduled", runAt: runAt.getTime() });
  });

  it("does not wait for a time that has passed, or for no delay", async () => {
    const { clock, client } = await setUp();
    const past = await client.work.enqueue({ n: 1 }, { runAt: new Date(clock.now() - 1) });
    const now = await client.work.enqueue({ n: 1 }, { delay: "0s" });
    expect([await past.status(), await now.status()]).toEqual(["ready", "ready"]);
  });

  it.each([-32_768, 0, 32_767])("takes the priority %d over the definition's", async (priority) => {
    const { provider, client } = await setUp({ priority: 5 });
    const handle = await client.work.enqueue({ n: 1 }, { priority });
    expect(await provider.get(handle.id)).toMatchObject({ priority });
  });

  it("enqueues the same id once and says so the second time", async () => {
    const { provider, client } = await setUp();
    expect(await client.work.enqueue({ n: 1 }, { id })).toMatchObject({ id, outcome: "enqueued" });
    expect(await client.work.enqueue({ n: 2 }, { id })).toMatchObject({ id, outcome: "duplicate" });
    expect(await provider.get(id)).toMatchObject({ payload: '{"n":1}' });
  });

  it("makes ids that sort in the order of enqueueing", async () => {
    const { client } = await setUp();
    const ids = (await client.work.enqueueMany(Array.from({ length: 50 }, (_, n) => ({ n })))).map(
      (handle) => handle.id,
    );
    expect(ids).toEqual([...ids].sort());
  });

  it.each<[keyof EnqueueOptions, unknown]>([
    ["delay", "soon"],
    ["delay", -1],
    ["delay", 5n],
    ["delay", null],
    ["delay", "101w7"],
    ["runAt", new Date(Number.NaN)],
    ["runAt", new Date(-1)],
    ["runAt", new Date(Date.UTC(10_000, 0, 1))],
    ["runAt", "2026-01-01T00:00:00Z"],
    ["runAt", 1_767_225_600_000],
    ["priority", 0.5],
    ["priority", Number.NaN],
    ["priority", 32_768],
    ["priority", -32_769],
    ["priority", "1"],
    ["priority", Symbol("1")],
    ["expireAfter", "0s"],
    ["expireAfter", null],
    ["timeout", "0ms"],
    ["timeout", "25d"],
    ["timeout", 30],
    ["maxAttempts", 0],
    ["maxAttempts", 1.5],
    ["maxAttempts", "3"],
    ["metadata", null],
    ["metadata", ["a"]],
    ["metadata", "a"],
    ["metadata", { tenant: 5 }],
    ["metadata", { text: "ä".repeat(2_048) }],
    ["unique", ""],
    ["unique", null],
    ["unique", true],
    ["unique", 5],
    ["id", "mine"],
    ["id", ""],
    ["id", id.toUpperCase().replace("F", "Ä")],
    ["id", `${id}\n`],
    ["id", 5n],
  ])("refuses %s: %o with one clear error and stores nothing", async (option, value) => {
    const { provider, client } = await setUp();
    const options = { [option]: value } as EnqueueOptions; // as plain JavaScript may pass it
    await expect(client.work.enqueue({ n: 1 }, options)).rejects.toMatchObject({
      name: "JobwrightError",
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining(option),
      retryable: false,
    });
    expect(await provider.counts()).toEqual({});
  });

  it("refuses an input that does not fit, with zod's issues and the place", async () => {
    const input = z.object({ to: z.array(z.object({ email: z.email() })), subject: z.string() });
    const { provider, client } = await setUp({ input });
    const bad = { to: [{ email: "a@example.org" }, { email: "nobody" }] } as unknown as Numbered; // the job's own type
    await expect(client.work.enqueue(bad)).rejects.toMatchObject({
      code: "JW_INVALID_INPUT",
      message: expect.stringMatching(/input of work does not fit its schema at to\[1\]\.email: .*\(and 1 more\)/),
      details: {
        issues: [
          { path: ["to", 1, "email"], code: "invalid_format" },
          { path: ["subject"], code: "invalid_type" },
        ],
      },
    });
    expect(await provider.counts()).toEqual({});
  });

  it("never repeats a refused value in its error", async () => {
    const { client } = await setUp({ input: z.object({ pin: z.string().length(4) }) });
    const bad = { pin: "hunter2" } as unknown as Numbered; // the job's own type
    const error = await client.work.enqueue(bad).catch((reason: unknown) => reason);
    expect(JSON.stringify([String(error), error])).not.toContain("hunter2");
  });

  it("refuses an input nested deeper than the parser can go", async () => {
    const nested: z.ZodType = z.lazy(() => z.object({ in: nested.optional() }));
    const { client } = await setUp({ input: nested });
    let value: object = {};
    for (let depth = 0; depth < 100_000; depth++) value = { in: value };
    await expect(client.work.enqueue(value as Numbered)).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
  });

  describe("the limit of the payload's size", () => {
    const quotes = 2;
    it.each([
      ["ASCII", "x".repeat(maxPayloadBytes - quotes)],
      ["two bytes each", "é".repeat((maxPayloadBytes - quotes) / 2)],
      ["four bytes each", `xx${"😀".repeat((maxPayloadBytes - quotes - 2) / 4)}`],
    ])("is exact at the byte, in %s", async (_what, text) => {
      const { provider, client } = await setUp({ input: z.string() });
      const exact = text as unknown as Numbered; // the job's own type
      const handle = await client.work.enqueue(exact);
      expect(Buffer.byteLength((await provider.get(handle.id))?.payload ?? "")).toBe(maxPayloadBytes);
      const over = `${text}x` as unknown as Numbered; // the job's own type
      await expect(client.work.enqueue(over)).rejects.toMatchObject({
        code: "JW_PAYLOAD_TOO_LARGE",
        message: `The input of work takes ${maxPayloadBytes + 1} bytes; the limit is ${maxPayloadBytes}.`,
      });
    });
  });

  it("is made again by its caller under the same id when the reply was lost", async () => {
    const { provider } = await setUp();
    const faulty = faultInjecting(provider, [{ call: "enqueue", fault: "drop-reply" }]);
    const client = await clientOf(faulty, describeJobs({ work: {} }));
    await expect(client.work.enqueue({ n: 1 }, { id })).rejects.toMatchObject({ retryable: true });
    expect(await client.work.enqueue({ n: 1 }, { id })).toMatchObject({ outcome: "duplicate" });
  });

  describe("many", () => {
    it("keeps the order of the inputs and the options for all", async () => {
      const { provider, client } = await setUp();
      const handles = await client.work.enqueueMany([{ n: 0 }, { n: 1 }, { n: 2 }], { priority: 9, delay: "1m" });
      const jobs = await Promise.all(handles.map((handle) => provider.get(handle.id)));
      expect(jobs.map((job) => job?.payload)).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
      for (const job of jobs) expect(job).toMatchObject({ priority: 9, state: "scheduled" });
    });

    it("is nothing for no inputs", async () => {
      const { client } = await setUp();
      expect(await client.work.enqueueMany([])).toEqual([]);
    });

    it("stores none when one does not fit, and says which", async () => {
      const { provider, client } = await setUp();
      const bad = { n: "two" } as unknown as Numbered; // the job's own type
      await expect(client.work.enqueueMany([{ n: 0 }, { n: 1 }, bad])).rejects.toMatchObject({
        code: "JW_INVALID_INPUT",
        message: expect.stringMatching(/^Input 2: .* at n: /),
        details: { index: 2, issues: [{ path: ["n"] }] },
      });
      expect(await provider.counts()).toEqual({});
    });

    it("takes no id, which would be that of all", async () => {
      const { provider, client } = await setUp();
      const options = { id, delay: "1s" as Duration };
      await expect(client.work.enqueueMany([{ n: 0 }, { n: 1 }], options)).rejects.toMatchObject({
        code: "JW_INVALID_OPTION",
      });
      expect(await provider.counts()).toEqual({});
    });
  });
});
