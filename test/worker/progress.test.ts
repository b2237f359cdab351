import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../../runtime/codegen/v1.ts";
import type { Note, Provider } from "../../runtime/contract/index.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { progressKey } from "../../runtime/core/progress.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Client, createLog, createSignal, type Definition, describeJobs, retries, workerOf } from "./fixture.ts";

const encryption = { keys: { a: createEncryptionKey() }, current: "a" };
const progress = z.object({ rows: z.number().int(), phase: z.enum(["reading", "writing"]).default("reading") });

/** `ctx.progress` as the handler of a job with such a schema has it. */
type Report = (value: unknown) => void;

async function setUp(work: (report: Report, attempt: number) => unknown, definition: Definition = {}) {
  const memory = createMemoryProvider({ clock: createFakeClock() });
  const written: Note[] = [];
  const provider: Provider = {
    ...memory,
    note(notes) {
      written.push(...notes);
      return memory.note(notes);
    },
  };
  const descriptor = describeJobs({ work: { progress, retry: retries(2), ...definition } });
  const client = await createClient<Client>(descriptor, { provider, encryption });
  const logger = createLog();
  const handler = definition.batch
    ? (items: readonly { readonly progress: Report; readonly attempt: number }[]) => {
        for (const item of items) work(item.progress, item.attempt);
      }
    : (_: unknown, ctx: { readonly progress: Report; readonly attempt: number }) => work(ctx.progress, ctx.attempt);
  const handlers = { work: handler as never }; // typed by the generated code
  const worker = await workerOf(provider, descriptor, handlers, { logger, encryption });
  return { provider, client, worker, logger, written };
}

async function run(work: (report: Report, attempt: number) => unknown, definition: Definition = {}) {
  const scene = await setUp(work, definition);
  await using _running = scene.worker;
  await scene.worker.start();
  const handle = await scene.client.work.enqueue({ n: 1 });
  const end = await handle.settled();
  return { ...scene, handle, end };
}

describe("typed progress", () => {
  it("is nothing, then what the handler reported last, while it runs and after it", async () => {
    const go = createSignal();
    const { client, worker } = await setUp(async (report) => {
      report({ rows: 1 });
      await go.promise;
      report({ rows: 2, phase: "writing" });
    });
    await using _running = worker;
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.progress()).toBeUndefined();
    await worker.start();
    await expect.poll(() => handle.progress(), { interval: 1 }).toEqual({ rows: 1, phase: "reading" });
    go.fire();
    await handle.result();
    expect(await client.work.handle(handle.id).progress()).toEqual({ rows: 2, phase: "writing" });
  });

  it("writes only the last of the values that are gathered", async () => {
    const { handle, written } = await run((report) => {
      for (let rows = 1; rows <= 1_000; rows++) report({ rows });
    });
    expect(written).toHaveLength(1);
    expect(written).toMatchObject([{ kind: "cursor", key: progressKey, text: '{"rows":1000}' }]);
    expect(await handle.progress()).toEqual({ rows: 1_000, phase: "reading" });
  });

  it("is what it was when it was reported, whatever becomes of the object", async () => {
    const { handle } = await run((report) => {
      const state = { rows: 5 };
      report(state);
      state.rows = -0.5;
    });
    expect(await handle.progress()).toEqual({ rows: 5, phase: "reading" });
  });

  it("never fails the attempt: what does not fit is logged once and not stored", async () => {
    const { handle, end, logger } = await run((report) => {
      report({ rows: 7 });
      for (const value of [{ rows: 0.5 }, undefined, 50, { rows: 1n }]) report(value);
    });
    expect(end.status).toBe("succeeded");
    expect(await handle.progress()).toEqual({ rows: 7, phase: "reading" });
    const refusals = logger.lines.filter(({ message }) => message.startsWith("a progress was not stored"));
    expect(refusals).toMatchObject([
      { level: "warn", fields: { job: "work", jobId: handle.id, attempt: 1, err: { code: "JW_INVALID_OUTPUT" } } },
    ]);
    expect(refusals[0]?.fields).toHaveProperty(
      "err.message",
      expect.stringContaining("work reported does not fit its schema at rows"),
    );
  });

  it("is too large from 256 KiB on, and does not fail the attempt by that either", async () => {
    const { handle, end, logger } = await run((report) => report("x".repeat(256 * 1024)), { progress: z.string() });
    expect([end.status, await handle.progress()]).toEqual(["succeeded", undefined]);
    expect(logger.lines).toMatchObject([{}, { fields: { err: { code: "JW_PAYLOAD_TOO_LARGE" } } }]);
  });

  it("stays with the steps of a job: over its attempts, not over a success that is run again", async () => {
    const { provider, handle } = await run((report, attempt) => {
      if (attempt === 2) return;
      report({ rows: 3 });
      throw new Error("no");
    });
    expect(await handle.progress()).toEqual({ rows: 3, phase: "reading" });
    await provider.requeue([handle.id]);
    expect(await handle.progress()).toBeUndefined();
  });

  it("leaves the number of the record alone, and a job without a schema has nothing but that", async () => {
    const typed = await run((report) => report({ rows: 1 }));
    expect((await typed.provider.get(typed.handle.id))?.progress).toBeUndefined();
    const plain = await run((report) => report(42.4), { progress: undefined as never });
    expect((await plain.provider.get(plain.handle.id))?.progress).toBe(42);
    expect(await plain.handle.progress()).toBe(42);
    expect(plain.written).toEqual([]);
  });

  it("belongs to each job of a batch", async () => {
    let next = 1;
    const { client, worker } = await setUp((report) => report({ rows: next++ }), { batch: { size: 10, waitMs: 0 } });
    await using _running = worker;
    const handles = await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await worker.start();
    await Promise.all(handles.map((handle) => handle.result()));
    const seen = await Promise.all(handles.map((handle) => handle.progress()));
    expect(seen).toEqual([1, 2].map((rows) => ({ rows, phase: "reading" })));
  });

  it("is encrypted with its job, and its refusals say nothing of it", async () => {
    const { client, handle, written, logger } = await run(
      (report) => {
        report({ rows: 4711 });
        report({ rows: "canary" });
      },
      { encrypted: true },
    );
    expect(written.map(({ text }) => text.slice(0, 9))).toEqual(["enc1:a:j:"]);
    expect(await handle.progress()).toEqual({ rows: 4711, phase: "reading" });
    expect((await client.$control.history(handle.id))?.progress).toBe('"[encrypted]"');
    expect(JSON.stringify(logger.lines)).toContain("JW_INVALID_OUTPUT");
    expect(JSON.stringify(logger.lines)).not.toContain("canary");
  });

  it("is shown to operators without what is sensitive", async () => {
    const { client, handle, logger } = await run(
      (report) => {
        report({ iban: "DE89" });
        report({ iban: Object("canary") as unknown });
      },
      { progress: z.object({ iban: z.string() }), sensitive: { progress: ["iban"] } },
    );
    expect(await client.$control.history(handle.id)).toMatchObject({
      progress: '{"iban":"[redacted]"}',
      iterations: [],
    });
    expect(await handle.progress()).toEqual({ iban: "DE89" });
    expect(logger.lines[1]?.fields).toHaveProperty("err.message", expect.stringContaining("[redacted]"));
  });

  it("is undefined to a build that cannot read it", async () => {
    const { provider, handle } = await run((report) => report({ rows: 1 }));
    const reader = async (definition: Definition): Promise<Client> =>
      createClient<Client>(describeJobs({ work: definition }), { provider });
    const other = await reader({ progress: z.object({ bytes: z.number() }) });
    expect(await other.work.handle(handle.id).progress()).toBeUndefined();
    const sealed = await run((report) => report({ rows: 1 }), { encrypted: true });
    const keyless = await createClient<Client>(describeJobs({ work: { progress, encrypted: true } }), sealed);
    expect(await keyless.work.handle(sealed.handle.id).progress()).toBeUndefined();
  });

  it("is not there for a job that nobody knows", async () => {
    const { client } = await setUp(() => {});
    const handle = client.work.handle("0196f000-0000-7000-8000-00000000dead");
    await expect(handle.progress()).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  it("has a name that no step and no iteration takes", async () => {
    const memory = createMemoryProvider({ clock: createFakeClock() });
    const descriptor = describeJobs({ work: { retry: retries(1) } });
    const client = await createClient<Client>(descriptor, { provider: memory });
    await using worker = await workerOf(memory, descriptor, {
      work: (_input, ctx) =>
        ctx.iterate(
          progressKey,
          () => [1],
          () => {},
          { cursor: (row) => row },
        ),
    });
    await worker.start();
    const end = await (await client.work.enqueue({ n: 1 })).settled();
    expect(end).toMatchObject({ status: "dead", error: { message: expect.stringContaining(progressKey) } });
  });
});
