import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../../runtime/codegen/v1.ts";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import type { BatchContext, BatchItem, Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import { type Client, clientOf, createLog, type Definition, describeJobs, type Handler, workerOf } from "./fixture.ts";

/** Version 1 stores `{ n }`; version 2 wants a list and a tag, and makes a set of it. */
const input = z.object({ numbers: z.array(z.number().max(100)).transform((list) => new Set(list)), tag: z.string() });
const fromFirst = ({ n }: { n: number }): unknown => ({ numbers: [n, n + 1], tag: `was ${n}` });

const first = describeJobs({ work: {} });
const second = (upgrade: Definition["upgrade"], more: Definition = {}): SchemaDescriptor =>
  describeJobs({ work: { version: 2, input, ...(upgrade && { upgrade }), ...more } });

let provider: Provider;
let worker: Worker | undefined;
let seen: unknown[];

beforeEach(() => {
  provider = createMemoryProvider({ clock: createFakeClock() });
  seen = [];
});

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await provider.stop();
});

const keep: Handler = (payload) => void seen.push(payload);

/** Runs until nothing is left to do. */
async function drain(
  descriptor: SchemaDescriptor,
  handler: Handler = keep,
  options: Partial<WorkerOptions<object>> = {},
): Promise<void> {
  await worker?.stop();
  worker = await workerOf(provider, descriptor, { work: handler }, options);
  await worker.start();
  await worker.idle();
}

async function recordOf(id: string): Promise<JobRecord | undefined> {
  await worker?.stop();
  worker = undefined;
  return provider.get(id);
}

describe("a job of an older version", () => {
  it("reaches the handler as its upgrade and then the schema make it", async () => {
    const { id } = await (await clientOf(provider, first)).work.enqueue({ n: 1 });
    await drain(second({ 1: fromFirst }));
    expect(seen).toEqual([{ numbers: new Set([1, 2]), tag: "was 1" }]);
    expect(await recordOf(id)).toMatchObject({ state: "succeeded", version: 1, payload: '{"n":1}' });
  });

  it("is given to the upgrade of its own version, and one of the current version to none", async () => {
    const third = describeJobs({
      work: {
        version: 3,
        input: z.object({ from: z.string() }),
        upgrade: { 1: () => ({ from: "1" }), 2: () => ({ from: "2" }) },
      },
    });
    const schemas: readonly SchemaDescriptor[] = [first, describeJobs({ work: { version: 2 } })];
    for (const schema of schemas) await (await clientOf(provider, schema)).work.enqueue({ n: 1 });
    await (await clientOf(provider, third)).work.enqueue({ from: "3" } as never); // the fixture's client says `{ n }`
    await drain(third);
    expect(seen).toEqual([{ from: "1" }, { from: "2" }, { from: "3" }]);
  });

  it("without an upgrade is read by the schema as it is", async () => {
    await (await clientOf(provider, first)).work.enqueue({ n: 1 });
    await drain(
      describeJobs({ work: { version: 2, input: z.object({ n: z.number(), tag: z.string().default("-") }) } }),
    );
    expect(seen).toEqual([{ n: 1, tag: "-" }]);
  });

  it("reaches the handler as if the result of its upgrade had been enqueued", async () => {
    await (await clientOf(provider, first)).work.enqueue({ n: 1 });
    const given = { at: new Date(0), gone: undefined };
    const upgraded = describeJobs({
      work: { version: 2, input: z.object({ any: z.unknown() }), upgrade: { 1: () => ({ any: given }) } },
    });
    await drain(upgraded);
    expect(seen).toEqual([{ any: { at: "1970-01-01T00:00:00.000Z" } }]);
  });

  it("keeps its settings, and its upgrade gets the bare payload", async () => {
    const { id } = await (await clientOf(provider, first)).work.enqueue({ n: 1 }, { metadata: { by: "ann" } });
    const given: unknown[] = [];
    const upgrade = (old: { n: number }): unknown => (given.push(old), fromFirst(old));
    await drain(second({ 1: upgrade }), (_, { metadata }) => void seen.push(metadata));
    expect([given, seen]).toEqual([[{ n: 1 }], [{ by: "ann" }]]);
    expect((await recordOf(id))?.state).toBe("succeeded");
  });

  it("is decrypted for its upgrade", async () => {
    const encryption = { keys: { k: createEncryptionKey() }, current: "k" };
    const client = await createClient<Client>(describeJobs({ work: { encrypted: true } }), { provider, encryption });
    const { id } = await client.work.enqueue({ n: 7 });
    expect((await provider.get(id))?.payload).not.toContain("7}");
    await drain(second({ 1: fromFirst }, { encrypted: true }), keep, { encryption });
    expect(seen).toEqual([{ numbers: new Set([7, 8]), tag: "was 7" }]);
  });

  it("is put off, not ended, by a worker without its key", async () => {
    const [a, b] = [createEncryptionKey(), createEncryptionKey()];
    const client = await createClient<Client>(describeJobs({ work: { encrypted: true } }), {
      provider,
      encryption: { keys: { a }, current: "a" },
    });
    const { id } = await client.work.enqueue({ n: 7 });
    await drain(second({ 1: fromFirst }, { encrypted: true }), keep, { encryption: { keys: { b }, current: "b" } });
    expect(await recordOf(id)).toMatchObject({ state: "scheduled", attempt: 0 });
  });

  it("reaches a batch handler upgraded, next to those of the current version", async () => {
    const descriptor = second({ 1: fromFirst }, { batch: { size: 10, waitMs: 0 } });
    const old = await clientOf(provider, first);
    const broken = await old.work.enqueue({ n: 1_000 });
    await old.work.enqueue({ n: 1 });
    await (await clientOf(provider, descriptor)).work.enqueue({ numbers: [5], tag: "new" } as never); // as its schema says
    const handle = (items: readonly BatchItem<unknown>[], _ctx: BatchContext<unknown>): void =>
      void seen.push(items.map((item) => item.input));
    await drain(descriptor, handle as unknown as Handler); // as a generated handler type would say it
    expect(seen).toEqual([
      [
        { numbers: new Set([1, 2]), tag: "was 1" },
        { numbers: new Set([5]), tag: "new" },
      ],
    ]);
    expect(await recordOf(broken.id)).toMatchObject({ state: "dead", reason: "not-upgradable" });
  });

  it("stays untouched by a worker of a version before it", async () => {
    const descriptor = second({ 1: fromFirst });
    const handle = await (await clientOf(provider, descriptor)).work.enqueue({ numbers: [1], tag: "new" } as never); // as its schema says
    await drain(first);
    expect(seen).toEqual([]);
    expect(await recordOf(handle.id)).toMatchObject({ state: "ready", fence: 0, version: 2 });
  });
});

describe("a job of an older version that cannot be upgraded", () => {
  const failing: readonly [string, Definition["upgrade"], string][] = [
    ["throws", { 1: ({ n }: { n: { x: number } }) => n.x.toFixed() }, "Cannot read properties of undefined"],
    ["throws no error", { 1: () => raise("text") }, "failed: text"],
    ["returns what does not fit", { 1: () => ({ numbers: [101], tag: "" }) }, "does not fit its schema at numbers[0]"],
    ["returns nothing", { 1: () => undefined }, "does not fit its schema"],
    ["returns what is too large", { 1: () => ({ numbers: [], tag: "x".repeat(300_000) }) }, "the limit is 262144"],
    ["returns a promise", { 1: (old: { n: number }) => Promise.resolve(fromFirst(old)) }, "it has to be synchronous"],
    ["returns a promise that fails", { 1: () => Promise.reject(new Error("late")) }, "it has to be synchronous"],
    ["is missing", undefined, "it has no upgrade, and the schema as it is failed"],
  ];

  it.each(failing)("is dead at once, and kept, if the upgrade %s", async (_what, upgrade, message) => {
    const { id } = await (await clientOf(provider, first)).work.enqueue({ n: 1 });
    const logger = createLog();
    await drain(second(upgrade), keep, { logger });
    expect(seen).toEqual([]);
    const record = await recordOf(id);
    expect(record).toMatchObject({ state: "dead", reason: "not-upgradable", attempt: 1, payload: '{"n":1}' });
    expect(record?.error).toMatchObject({ code: "JW_NOT_UPGRADABLE", message: expect.stringContaining(message) });
    expect(record?.error?.message).toContain("version 1 of work cannot be read as version 2");
    const errors = logger.lines.filter(({ level }) => level === "error");
    expect(errors).toMatchObject([{ fields: { reason: "not-upgradable", jobId: id } }]);
  });

  it("runs after the upgrade was repaired and the job requeued", async () => {
    const client = await clientOf(provider, first);
    const { id } = await client.work.enqueue({ n: 1 });
    const broken = (): never => raise(new Error("bug"));
    await drain(second({ 1: broken }));
    expect(await recordOf(id)).toMatchObject({ state: "dead", reason: "not-upgradable" });
    expect(await provider.requeue([id])).toEqual(["requeued"]);
    await drain(second({ 1: fromFirst }));
    expect(seen).toEqual([{ numbers: new Set([1, 2]), tag: "was 1" }]);
    expect((await recordOf(id))?.state).toBe("succeeded");
  });

  it("shows nothing of an encrypted payload in its error", async () => {
    const encryption = { keys: { k: createEncryptionKey() }, current: "k" };
    const client = await createClient<Client>(describeJobs({ work: { encrypted: true } }), { provider, encryption });
    const { id } = await client.work.enqueue({ n: 4_711 });
    const logger = createLog();
    const telling = ({ n }: { n: number }): never => raise(new Error(`bad number ${n}`));
    await drain(second({ 1: telling }, { encrypted: true }), keep, { encryption, logger });
    const record = await recordOf(id);
    expect(record).toMatchObject({
      reason: "not-upgradable",
      error: { code: "JW_NOT_UPGRADABLE", message: "[encrypted]" },
    });
    expect(JSON.stringify([record, logger.lines])).not.toContain("4711");
  });
});

describe("a job of the current version", () => {
  it("that does not fit stays an invalid payload", async () => {
    const { id } = await (await clientOf(provider, describeJobs({ work: { version: 2 } }))).work.enqueue({ n: 1 });
    await drain(second({ 1: fromFirst }));
    expect(await recordOf(id)).toMatchObject({ state: "dead", reason: "invalid-payload" });
  });
});

describe("a worker", () => {
  it("does not begin with a schema that lost an upgrade which the generated code names", async () => {
    const descriptor = second({ 1: fromFirst });
    const stale = { ...descriptor, loadSchema: second(undefined).loadSchema };
    await expect(workerOf(provider, stale, { work: keep })).rejects.toMatchObject({
      code: "JW_STALE_CLIENT",
      message: "The generated code has an upgrade of version 1 of work that jobs.schema.ts lacks.",
    });
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}
