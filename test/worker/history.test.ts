import { describe, expect, it } from "vitest";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { clientOf, describeJobs, type Handler, retries, workerOf } from "./fixture.ts";

async function setUp(handler: Handler, keepLogs?: number) {
  const clock = createFakeClock();
  const provider = createMemoryProvider({ clock });
  const descriptor = describeJobs({ work: { retry: retries(3), ...(keepLogs === undefined ? {} : { keepLogs }) } });
  const client = await clientOf(provider, descriptor);
  const worker = await workerOf(provider, descriptor, { work: handler });
  return { clock, provider, client, worker };
}

describe("the history of a job", () => {
  it("has every attempt that failed, with its error", async () => {
    const { clock, client, worker } = await setUp((_input, ctx) => {
      if (ctx.attempt < 3) throw new RangeError(`attempt ${ctx.attempt}`);
    });
    await using _running = worker;
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await handle.result();
    const { attempts, logs } = await handle.history();
    const at = new Date(clock.now());
    expect(attempts).toMatchObject([
      { attempt: 1, startedAt: at, endedAt: at, workerId: worker.id },
      { attempt: 2, startedAt: at, endedAt: at, workerId: worker.id },
    ]);
    expect(attempts.map(({ error }) => [error?.name, error?.message])).toEqual([
      ["RangeError", "attempt 1"],
      ["RangeError", "attempt 2"],
    ]);
    expect(logs).toEqual([]);
  });

  it("has the lines that the handler logged, in their order, over all attempts and up to the limit of each", async () => {
    const { client, worker } = await setUp((_input, { log, attempt }) => {
      log.info(`begin ${attempt}`, { field: 1n });
      log.warn("x".repeat(5_000));
      log.error("third");
      log.error("fourth");
      if (attempt === 1) throw new Error("again");
    }, 2);
    await using _running = worker;
    await worker.start();
    const handle = await client.work.enqueue({ n: 1 });
    await handle.result();
    const { logs } = await handle.history();
    expect(logs.map(({ level, message, attempt }) => [attempt, level, message.slice(0, 30)])).toEqual([
      [1, "info", "begin 1"],
      [1, "warn", "x".repeat(30)],
      [1, "error", "Further lines are not kept."],
      [2, "info", "begin 2"],
      [2, "warn", "x".repeat(30)],
      [2, "error", "Further lines are not kept."],
    ]);
    expect(logs[1]?.message).toHaveLength(4_000);
    expect(logs[0]?.at).toBeInstanceOf(Date);
  });

  it("does not exist for a job that does not", async () => {
    const { client } = await setUp(() => {});
    const nobody = client.work.handle("0196f000-0000-7000-8000-000000000001");
    await expect(nobody.history()).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });
});
