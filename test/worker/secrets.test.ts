import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ClientOptions, createClient } from "../../runtime/codegen/v1.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import { createEncryptionKey, type EncryptionOptions } from "../../runtime/core/encryption.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { Discard } from "../../runtime/worker/outcomes.ts";
import type { DeclaredErrors, JobContext, Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import { type Client, createLog, type Definition, describeJobs, type Handler, retries, workerOf } from "./fixture.ts";

const canary = "DE89-3704-0044";
const [oldKey, newKey] = [createEncryptionKey(), createEncryptionKey()];
const old: EncryptionOptions = { keys: { "2026-10": oldKey }, current: "2026-10" };
const rotated: EncryptionOptions = { keys: { "2026-10": oldKey, "2027-01": newKey }, current: "2027-01" };

const input = z.object({ iban: z.string(), n: z.number().default(0) });
type Context = JobContext & DeclaredErrors<{ Declined: { reply: string } }>;
const pay = { iban: canary, n: 1 } as never; // the fixture's client says `{ n }`

const encrypted: Definition = {
  input,
  output: z.object({ receipt: z.string() }),
  errors: { Declined: z.object({ reply: z.string() }) },
  encrypted: true,
  retry: retries(1),
};

const { encrypted: _encrypted, ...inClear } = encrypted;

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function memory(): { provider: Provider; clock: ReturnType<typeof createFakeClock> } {
  const clock = createFakeClock();
  const provider = createMemoryProvider({ clock });
  open.push(() => provider.stop());
  return { provider, clock };
}

function clientOf(provider: Provider, descriptor: SchemaDescriptor, encryption?: EncryptionOptions): Promise<Client> {
  const options: ClientOptions<Provider> = { provider, ...(encryption && { encryption }) };
  return createClient<Client>(descriptor, options);
}

async function startWorker(
  provider: Provider,
  descriptor: SchemaDescriptor,
  handler: (value: { iban: string; n: number }, context: Context) => unknown,
  options: Partial<WorkerOptions<object>> = {},
): Promise<Worker> {
  const work: Handler = (value, context) => handler(value as never, context as Context); // as the schema says
  const worker = await workerOf(provider, descriptor, { work }, options);
  open.push(() => worker.stop());
  await worker.start();
  return worker;
}

describe("a job that is encrypted", () => {
  const descriptor = describeJobs({ work: encrypted });

  it("reaches its handler, and its output the caller", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor, old);
    await startWorker(provider, descriptor, ({ iban }) => ({ receipt: `paid ${iban}` }), { encryption: old });
    const handle = await client.work.enqueue(pay, { metadata: { tenant: "a" } });
    expect(await handle.result()).toEqual({ receipt: `paid ${canary}` });
    const record = await provider.get(handle.id);
    expect(JSON.stringify(record)).not.toContain(canary);
    expect(record?.payload).toMatch(/^~\{"metadata":\{"tenant":"a"\}\}\nenc1:2026-10:j:/);
    expect(record?.output).toMatch(/^enc1:2026-10:j:/);
  });

  it("keeps of an error no more than name and code in clear; the caller gets all of it", async () => {
    const { provider } = memory();
    const log = createLog();
    const client = await clientOf(provider, descriptor, old);
    await startWorker(
      provider,
      descriptor,
      ({ n, iban }, ctx) => {
        throw n === 1
          ? ctx.errors.Declined({ reply: `no ${iban}` }, `declined ${iban}`)
          : Object.assign(new Discard(`bad ${iban}`), { code: "E_BAD" });
      },
      { encryption: old, logger: log },
    );
    const [declined, discarded] = [
      await client.work.enqueue(pay),
      await client.work.enqueue({ iban: canary } as never),
    ];
    expect(await declined.settled()).toMatchObject({
      status: "dead",
      failure: { name: "Declined", data: { reply: `no ${canary}` } },
      error: { message: `declined ${canary}` },
    });
    await expect(discarded.result()).rejects.toMatchObject({
      message: expect.stringContaining(`bad ${canary}`),
      cause: { name: "Discard", stack: expect.stringContaining("secrets.test.ts") },
    });
    const record = await provider.get(discarded.id);
    expect(record?.error).toMatchObject({ name: "Discard", code: "E_BAD", message: "[encrypted]" });
    expect(record?.error).not.toHaveProperty("stack");
    expect(JSON.stringify([record, await provider.get(declined.id), log.lines])).not.toContain(canary);
    expect(log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ err: { name: "Discard", code: "E_BAD" } }),
    );
  });

  it("is not enqueued without a key, and read by no worker that has none", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor);
    await expect(client.work.enqueue(pay)).rejects.toMatchObject({ code: "JW_ENCRYPTION_KEY" });
    expect(await provider.counts()).toEqual({});
    await expect(workerOf(provider, descriptor, { work: () => 1 })).rejects.toMatchObject({
      code: "JW_ENCRYPTION_KEY",
    });
    const both = describeJobs({ work: encrypted, other: { queue: "plain" } });
    await workerOf(provider, both, { other: () => 1 }, { queues: { plain: 1 } });
  });

  it("tells a caller without a key no more than how it ended", async () => {
    const { provider } = memory();
    const [client, poor] = [await clientOf(provider, descriptor, old), await clientOf(provider, descriptor)];
    await startWorker(
      provider,
      descriptor,
      ({ n, iban }) => {
        if (n === 1) return { receipt: iban };
        throw new Discard(iban);
      },
      { encryption: old },
    );
    const [paid, dead] = [await client.work.enqueue(pay), await client.work.enqueue({ iban: canary } as never)];
    await expect(poor.work.handle(paid.id).result()).rejects.toMatchObject({ code: "JW_ENCRYPTION_KEY" });
    expect(await poor.work.handle(dead.id).settled()).toMatchObject({
      reason: "discarded",
      error: { name: "Discard", message: "[encrypted]" },
    });
  });

  it("whose key a worker lacks is put off, not counted and logged; it runs when the key is there", async () => {
    const { provider, clock } = memory();
    const log = createLog();
    const client = await clientOf(provider, descriptor, rotated);
    const handle = await client.work.enqueue(pay);
    const worker = await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: old, logger: log });
    await worker.idle();
    expect(await provider.get(handle.id)).toMatchObject({ state: "scheduled", attempt: 0 });
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: "error", fields: expect.objectContaining({ keyId: "2027-01" }) }),
    );
    await worker.stop();
    await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: rotated });
    clock.advance(60_000);
    expect(await handle.result()).toEqual({ receipt: "r" });
  });

  it("fails as any other if its handler lacks the key of another job", async () => {
    const { provider } = memory();
    const [client, poor] = [await clientOf(provider, descriptor, old), await clientOf(provider, descriptor)];
    await startWorker(provider, descriptor, () => poor.work.enqueue(pay), { encryption: old });
    const handle = await client.work.enqueue(pay);
    expect(await handle.settled()).toMatchObject({ status: "dead", reason: "attempts-exhausted" });
  });

  it.each([
    ["changed", (text: string) => text.slice(0, -4) + (text.endsWith("AAAA") ? "BBBB" : "AAAA")],
    ["cut", (text: string) => text.slice(0, -8)],
    ["in another form", () => "enc1:"],
  ])("whose payload was %s is dead, and kept", async (_, change) => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor, old);
    const sample = await client.work.enqueue(pay);
    const { payload = "" } = (await provider.get(sample.id)) ?? {};
    await sample.cancel();
    const id = "0193b3c4-7d5e-7000-8000-000000000009";
    await provider.enqueue([
      { id, name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3, payload: change(payload) },
    ]);
    await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: old });
    expect(await client.work.handle(id).settled()).toMatchObject({ status: "dead", reason: "invalid-payload" });
  });

  it("cannot be given the payload of another one", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor, old);
    const { payload = "" } = (await provider.get((await client.work.enqueue(pay)).id)) ?? {};
    const id = "0193b3c4-7d5e-7000-8000-000000000009";
    await provider.enqueue([{ id, name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3, payload }]);
    await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: old });
    expect(await client.work.handle(id).settled()).toMatchObject({ reason: "invalid-payload" });
  });

  it("from before the encryption still runs, unless texts in clear are refused", async () => {
    const { provider } = memory();
    const before = await clientOf(provider, describeJobs({ work: inClear }));
    const first = await before.work.enqueue(pay);
    const worker = await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: old });
    const client = await clientOf(provider, descriptor, old);
    expect(await client.work.handle(first.id).result()).toEqual({ receipt: "r" });
    await worker.stop();
    const second = await before.work.enqueue(pay);
    await startWorker(provider, descriptor, () => ({ receipt: "r" }), { encryption: { ...old, plain: "refuse" } });
    expect(await client.work.handle(second.id).settled()).toMatchObject({ reason: "invalid-payload" });
  });

  it("that is no longer to be encrypted is read nevertheless, or waits for a worker with the key", async () => {
    const { provider } = memory();
    const plain = describeJobs({ work: inClear });
    const client = await clientOf(provider, descriptor, old);
    const handle = await client.work.enqueue(pay);
    const poor = await startWorker(provider, plain, () => ({ receipt: "r" }));
    await poor.idle();
    await poor.stop();
    expect(await handle.status()).toBe("scheduled");
    await provider.change([{ id: handle.id, delayMs: 0 }]);
    await startWorker(provider, plain, ({ iban }) => ({ receipt: iban }), { encryption: old });
    expect(await handle.result()).toEqual({ receipt: canary });
  });

  it("replaced by a later enqueue runs with that one's input", async () => {
    const { provider, clock } = memory();
    const debounced = describeJobs({
      work: { ...encrypted, unique: { by: ["iban"], scope: "waiting", onConflict: "replace", waitMs: 1_000 } },
    });
    const client = await clientOf(provider, debounced, old);
    const first = await client.work.enqueue(pay);
    expect(await client.work.enqueue({ iban: canary, n: 2 } as never)).toMatchObject({
      id: first.id,
      outcome: "replaced",
    });
    await startWorker(provider, debounced, ({ n }) => ({ receipt: String(n) }), { encryption: old });
    clock.advance(1_000);
    expect(await first.result()).toEqual({ receipt: "2" });
  });

  it("has a unique key that tells nothing, and holds over a rotation", async () => {
    const { provider } = memory();
    const keys: (string | undefined)[] = [];
    const watched: Provider = {
      ...provider,
      enqueue: (jobs) => {
        keys.push(...jobs.map((job) => job.unique?.key));
        return provider.enqueue(jobs);
      },
    };
    const unique = describeJobs({
      work: { ...encrypted, unique: { by: ["iban"], scope: "live", onConflict: "ignore" } },
    });
    const [before, after] = [await clientOf(watched, unique, old), await clientOf(watched, unique, rotated)];
    const first = await before.work.enqueue(pay);
    expect(await after.work.enqueue(pay)).toMatchObject({ id: first.id, outcome: "deduplicated" });
    expect((await after.work.enqueue(pay, { unique: canary })).outcome).toBe("enqueued");
    expect(keys).toEqual([keys[0], keys[0], expect.not.stringContaining(canary)]);
    expect(keys[0]).toMatch(/^work![\w-]{43}$/);
  });

  it("leaves no trace of its values in the files of the store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-secrets-"));
    open.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
    const provider = sqlite(join(folder, "jobs.db"));
    open.push(() => provider.stop());
    const unique = describeJobs({
      work: { ...encrypted, unique: { by: ["iban"], scope: "any", onConflict: "ignore" } },
      other: { input },
    });
    const client = await clientOf(provider, unique, old);
    const worker = await workerOf(
      provider,
      unique,
      {
        other: () => 1,
        work: (value, ctx) => {
          const { iban, n } = value as unknown as { iban: string; n: number }; // as the schema says
          if (n === 1) return { receipt: iban };
          throw (ctx as Context).errors.Declined({ reply: iban }, iban);
        },
      },
      { encryption: old },
    );
    open.push(() => worker.stop());
    await worker.start();
    const visible = "stays-in-clear";
    await client.other.enqueue({ iban: visible } as never);
    await (await client.work.enqueue(pay)).settled();
    await (await client.work.enqueue({ iban: `${canary}-2` } as never)).settled();
    const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect(bytes.includes(visible)).toBe(true);
    for (const run of [canary, Buffer.from(canary).toString("base64").slice(0, 16), canary.slice(0, 9)]) {
      expect(bytes.includes(run), run).toBe(false);
    }
  });
});

describe("a sensitive field", () => {
  const marked: Definition = {
    input: z.object({
      iban: z.string({ error: ({ input: value }) => `bad ${String(value)}` }).refine((text) => text !== "x", {
        error: ({ input: value }) => `bad ${String(value)}`,
      }),
      n: z.number().default(0),
    }),
    output: z.object({ receipt: z.string() }),
    errors: { Declined: z.object({ reply: z.string() }) },
    sensitive: { input: ["iban"], output: ["receipt"], errors: ["Declined.reply"] },
    retry: retries(1),
  };
  const descriptor = describeJobs({ work: marked });

  it("is shown by no operator's verb", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor);
    const log = createLog();
    await startWorker(
      provider,
      descriptor,
      ({ n, iban }, ctx) => {
        if (n === 1) return { receipt: iban };
        throw ctx.errors.Declined({ reply: iban });
      },
      { logger: log },
    );
    const paid = await client.work.enqueue(pay);
    const declined = await client.work.enqueue({ iban: canary } as never);
    expect(await paid.result()).toEqual({ receipt: canary });
    expect(await declined.settled()).toMatchObject({ failure: { data: { reply: canary } } });
    expect(await client.$control.get(paid.id)).toMatchObject({
      payload: '{"iban":"[redacted]","n":1}',
      output: '{"receipt":"[redacted]"}',
    });
    expect((await client.$control.get(declined.id))?.error).toMatchObject({
      name: "Declined",
      data: '{"Declined":{"reply":"[redacted]"}}',
    });
    const { jobs } = await client.$control.list();
    expect(jobs).toHaveLength(2);
    expect(JSON.stringify([jobs, log.lines])).not.toContain(canary);
  });

  it("is not quoted by the error of a refused input, nor by the stored one of a payload that does not fit", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor);
    const log = createLog();
    const refused = await client.work.enqueue({ iban: [canary] } as never).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "JW_INVALID_INPUT",
      message: "The input of work does not fit its schema at iban: [redacted] (invalid_type).",
      details: { issues: [{ path: ["iban"], message: "[redacted] (invalid_type)" }] },
    });
    const ids = ["0193b3c4-7d5e-7000-8000-000000000008", "0193b3c4-7d5e-7000-8000-000000000009"];
    const payloads = [JSON.stringify({ iban: [canary] }), `{"iban":${canary}}`];
    await provider.enqueue(
      ids.map((id, index) => {
        const payload = payloads[index] ?? "";
        return { id, name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3, payload };
      }),
    );
    await startWorker(provider, descriptor, () => ({ receipt: "r" }), { logger: log });
    for (const id of ids) {
      expect(await client.work.handle(id).settled()).toMatchObject({ reason: "invalid-payload" });
      const { payload: _, ...record } = (await provider.get(id)) ?? { payload: "" };
      expect(JSON.stringify(record)).not.toContain(canary.slice(0, 4));
    }
    const failures = log.lines.filter(({ level }) => level === "error");
    const errors = failures.map(({ fields }) => (fields as { readonly err?: Error }).err);
    expect(errors).toHaveLength(2);
    expect(errors.map((error) => String(error?.cause) + String(error?.stack)).join()).not.toContain(canary.slice(0, 4));
  });

  it("hides the whole payload of another version, and of a job that the schema does not have", async () => {
    const { provider } = memory();
    const client = await clientOf(provider, descriptor);
    const payload = JSON.stringify({ account: canary });
    const job = { queue: "work", version: 1, priority: 0, maxCrashes: 3, payload };
    const ids = ["0193b3c4-7d5e-7000-8000-000000000008", "0193b3c4-7d5e-7000-8000-000000000009"] as const;
    await provider.enqueue([
      { ...job, id: ids[0], name: "work", version: 2 },
      { ...job, id: ids[1], name: "unheard" },
    ]);
    for (const id of ids) expect(await client.$control.get(id)).toMatchObject({ payload: '"[redacted]"' });
  });

  it("costs a job that has none neither its payload nor its error texts", async () => {
    const { provider } = memory();
    const plain = describeJobs({ work: { input } });
    const client = await clientOf(provider, plain);
    const { id } = await client.work.enqueue(pay);
    expect(await client.$control.get(id)).toMatchObject({ payload: JSON.stringify({ iban: canary, n: 1 }) });
    await expect(client.work.enqueue({ iban: 1 } as never)).rejects.toMatchObject({
      details: { issues: [{ message: expect.stringMatching(/expected string/) }] },
    });
  });
});
