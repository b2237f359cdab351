import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Provider } from "../../runtime/contract/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { Discard, Snooze } from "../../runtime/worker/outcomes.ts";
import type { JobContext, Middleware, RunContext, Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import { type Client, clientOf, type Definition, describeJobs, type Handler, retries, workerOf } from "./fixture.ts";

describe("around a handler", () => {
  let provider: Provider;
  let client: Client;
  let worker: Worker | undefined;

  beforeEach(() => {
    provider = createMemoryProvider();
    worker = undefined;
  });

  afterEach(async () => {
    await worker?.stop();
    await provider.stop();
  });

  /** Runs `count` jobs `work` to their ends, and gives their records. */
  async function run(
    definition: Definition,
    handler: Handler,
    options: Partial<WorkerOptions<object>>,
    count = 1,
  ): Promise<readonly unknown[]> {
    const descriptor = describeJobs({ work: { output: z.number(), retry: retries(1), ...definition } });
    client = await clientOf(provider, descriptor);
    worker = await workerOf(provider, descriptor, { work: handler }, options);
    const handles = await client.work.enqueueMany(Array.from({ length: count }, (_, n) => ({ n })));
    await worker.start();
    await worker.idle();
    return Promise.all(handles.map(({ id }) => provider.get(id)));
  }

  const noted =
    (notes: string[], name: string): Middleware =>
    async (_ctx, next) => {
      notes.push(`${name} begins`);
      const result = await next();
      notes.push(`${name} ends with ${String(result)}`);
      return result;
    };

  it("middleware runs in order, the first one outermost, and sees the result", async () => {
    const notes: string[] = [];
    const handler: Handler = () => {
      notes.push("handler");
      return 7;
    };
    const [job] = await run({}, handler, { middleware: [noted(notes, "outer"), noted(notes, "inner")] });
    expect(notes).toEqual(["outer begins", "inner begins", "handler", "inner ends with 7", "outer ends with 7"]);
    expect(job).toMatchObject({ state: "succeeded", output: "7" });
  });

  it("middleware sees the job's own context", async () => {
    const seen: RunContext[] = [];
    const contexts: JobContext[] = [];
    const middleware: Middleware = (ctx, next) => {
      seen.push(ctx);
      return next();
    };
    await run({}, (_, ctx) => contexts.push(ctx), { middleware: [middleware] });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBe(contexts[0]);
  });

  it("middleware may give another result, or one of its own without the handler", async () => {
    let runs = 0;
    const handler: Handler = () => ++runs;
    expect(await run({}, handler, { middleware: [async (_, next) => Number(await next()) * 10] })).toMatchObject([
      { output: "10" },
    ]);
    await worker?.stop();
    expect(await run({}, handler, { middleware: [async () => 5] })).toMatchObject([{ output: "5" }]);
    expect(runs).toBe(1);
  });

  it("a result that middleware forgets to return is missing", async () => {
    const forgetful: Middleware = async (_ctx, next) => void (await next());
    expect(await run({}, () => 1, { middleware: [forgetful] })).toMatchObject([
      { state: "dead", error: { code: "JW_INVALID_OUTPUT" } },
    ]);
  });

  it.each([
    [
      "throws",
      (): never => {
        throw new RangeError("no");
      },
    ],
    ["rejects", (): Promise<never> => Promise.reject(new RangeError("no"))],
  ])("middleware sees the error of a handler that %s, and may replace it", async (_what, handler) => {
    const seen: unknown[] = [];
    const middleware: Middleware = async (_ctx, next) => {
      try {
        return await next();
      } catch (error) {
        seen.push(error);
        throw new Discard("replaced");
      }
    };
    expect(await run({ retry: retries(5) }, handler, { middleware: [middleware] })).toMatchObject([
      { state: "dead", reason: "discarded", attempt: 1, error: { message: "replaced" } },
    ]);
    expect(seen).toMatchObject([{ name: "RangeError" }]);
  });

  it("middleware that throws fails the attempt as the handler would", async () => {
    const middleware: Middleware = () => {
      throw new Snooze("1h");
    };
    expect(await run({}, () => 1, { middleware: [middleware] })).toMatchObject([{ state: "scheduled", attempt: 0 }]);
  });

  it("middleware runs once around a batch, and sees its items", async () => {
    const runs: unknown[] = [];
    const middleware: Middleware = (ctx, next) => {
      runs.push("items" in ctx ? ctx.items.map(({ input }) => input) : ctx.id);
      return next();
    };
    const batch = { size: 10, waitMs: 0 };
    const handler = ((items: readonly unknown[]) =>
      items.map((_, n) => ({ outcome: "succeeded", output: n }))) as unknown as Handler; // the fixture's type knows no batches
    const jobs = await run({ batch }, handler, { middleware: [middleware] }, 2);
    expect(runs).toEqual([[{ n: 0 }, { n: 1 }]]);
    expect(jobs).toMatchObject([{ output: "0" }, { output: "1" }]);
  });

  it("middleware does not see jobs that are never begun", async () => {
    let runs = 0;
    const descriptor = describeJobs({ work: {} });
    worker = await workerOf(provider, descriptor, { work: () => 1 }, { middleware: [async () => ++runs] });
    await provider.start();
    const id = "0196f000-0000-7000-8000-000000000001";
    const plain = { name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 3 };
    await provider.enqueue([{ ...plain, id, payload: "not json" }]);
    await worker.start();
    await worker.idle();
    expect(await provider.get(id)).toMatchObject({ state: "dead", reason: "invalid-payload" });
    expect(runs).toBe(0);
  });

  /** What the context of a handler has, whatever its type says. */
  const fieldsOf = (ctx: object): Readonly<Record<string, unknown>> => ({ ...ctx });

  it("context adds fields that middleware and the handler see, made anew for every run", async () => {
    let runs = 0;
    const seen: unknown[] = [];
    const middleware: Middleware = (ctx, next) => {
      seen.push(fieldsOf(ctx)["run"]);
      return next();
    };
    const handler: Handler = (_, ctx) => {
      seen.push(fieldsOf(ctx)["run"], ctx.attempt, ctx.signal.aborted);
      return 1;
    };
    const context = async (): Promise<object> => ({ run: ++runs });
    await run({}, handler, { context, middleware: [middleware], concurrency: 1 }, 2);
    expect(seen).toEqual([1, 1, 1, false, 2, 2, 1, false]);
  });

  it("context reads the job that its fields are for", async () => {
    const seen: unknown[] = [];
    const context = (ctx: RunContext): object => ({ whose: "items" in ctx ? "" : ctx.id });
    const jobs = await run({}, (_, ctx) => seen.push(fieldsOf(ctx)["whose"]), { context }, 2);
    expect(new Set(seen)).toEqual(new Set(jobs.map((job) => (job as { id: string }).id))); // records
  });

  it("context that throws fails the attempt, and the handler does not run", async () => {
    let runs = 0;
    const context = (): never => {
      throw new Error("no database");
    };
    expect(await run({}, () => ++runs, { context })).toMatchObject([
      { state: "dead", attempt: 1, error: { message: "no database" } },
    ]);
    expect(runs).toBe(0);
  });

  it.each([
    ["a field that every context has", { signal: 1 }, "a field signal"],
    ["no object", 7, "returned 7"],
    ["nothing", undefined, "returned undefined"],
  ])("context that returns %s fails the attempt, and says so", async (_what, fields, message) => {
    expect(await run({}, () => 1, { context: () => fields })).toMatchObject([
      { state: "dead", error: { code: "JW_INVALID_OPTION", message: expect.stringContaining(message) } },
    ]);
  });

  it.each([
    ["middleware", "log"],
    ["middleware", ["log"]],
    ["context", { db: 1 }],
  ])("a worker whose %s is %j is refused", async (option, value) => {
    const options = { [option]: value } as unknown as Partial<WorkerOptions<object>>; // as plain JavaScript may pass it
    await expect(workerOf(provider, describeJobs({ work: {} }), { work: () => 1 }, options)).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining(option),
    });
  });
});
