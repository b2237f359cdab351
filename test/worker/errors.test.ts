import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { RetryAfter } from "../../runtime/worker/outcomes.ts";
import type { DeclaredErrors, JobContext, Worker } from "../../runtime/worker/types.ts";
import { type Client, clientOf, type Definition, describeJobs, type Numbered, retries, workerOf } from "./fixture.ts";

const providers = {
  memory: (clock: FakeClock): Provider => createMemoryProvider({ clock }),
  sqlite: (clock: FakeClock): Provider => sqlite({ path: ":memory:", clock }),
};

const errors = { Bounced: z.object({ address: z.string(), copies: z.int().default(1) }), Closed: z.object({}) };
type Context = JobContext & DeclaredErrors<{ Bounced: { address: string; copies?: number }; Closed: object }>;

describe.each(Object.entries(providers))("errors of a handler, on %s", (_name, open) => {
  let clock: FakeClock;
  let provider: Provider;
  let worker: Worker | undefined;

  beforeEach(() => {
    clock = createFakeClock();
    provider = open(clock);
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await provider.stop();
  });

  async function setUp(
    definition: Definition,
    handler: (input: Numbered, context: Context) => unknown,
  ): Promise<Client> {
    const descriptor = describeJobs({ work: definition });
    const client = await clientOf(provider, descriptor);
    // A generated handler type says which errors there are.
    worker = await workerOf(provider, descriptor, { work: (input, context) => handler(input, context as Context) });
    await worker.start();
    return client;
  }

  it("that the schema declares reach the caller with their data", async () => {
    const client = await setUp({ errors, retry: retries(1) }, (_input, ctx) => {
      throw ctx.errors.Bounced({ address: "ada@example.com" }, "no such mailbox");
    });
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toEqual({
      status: "dead",
      reason: "attempts-exhausted",
      failure: { name: "Bounced", data: { address: "ada@example.com", copies: 1 } },
      error: expect.objectContaining({ name: "Bounced", message: "no such mailbox" }),
    });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD", cause: { name: "Bounced" } });
  });

  it("with data that do not fit are replaced by an error that says so", async () => {
    const client = await setUp({ errors, retry: retries(1), discardOn: ["Bounced"] }, (_input, ctx) => {
      throw ctx.errors.Bounced({ address: 1 as unknown as string }); // what the compiler would refuse
    });
    const settled = await (await client.work.enqueue({ n: 1 })).settled();
    expect(settled).toMatchObject({ status: "dead", reason: "attempts-exhausted", failure: undefined });
    expect(settled).toMatchObject({ error: { message: expect.stringContaining("The error Bounced of work") } });
  });

  it.each(["no JSON", "null", '{"Bounced":{"address":1}}', '{"Closed":{}}'])(
    "with stored data that do not fit are no failure: %s",
    async (data) => {
      const client = await clientOf(provider, describeJobs({ work: { errors } }));
      const handle = await client.work.enqueue({ n: 1 });
      const lanes = [{ queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
      const [lease] = await provider.claim({ claimId: "1", workerId: "w", leaseMs: 60_000, lanes });
      if (!lease) throw new TypeError("nothing to claim");
      const { id, fence } = lease;
      const error = { name: "Bounced", message: "gone", data };
      await provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error }]);
      expect(await handle.settled()).toMatchObject({ status: "dead", failure: undefined, error: { message: "gone" } });
    },
  );

  it("that are not declared are no failure, but an error", async () => {
    const client = await setUp({ errors, retry: retries(1) }, () => {
      throw new RangeError("too far");
    });
    expect(await (await client.work.enqueue({ n: 1 })).settled()).toMatchObject({
      status: "dead",
      failure: undefined,
      error: { name: "RangeError", message: "too far" },
    });
  });

  it("leave a job that succeeds in the end without a failure", async () => {
    const client = await setUp({ errors, output: z.string() }, (_input, ctx) => {
      if (ctx.attempt === 1) throw ctx.errors.Closed({});
      return "done";
    });
    expect(await (await client.work.enqueue({ n: 1 })).settled()).toEqual({ status: "succeeded", output: "done" });
  });

  const byName = Object.assign(new Error("no"), { name: "CardDeclined" });
  const byCode = Object.assign(new Error("no"), { code: "ERR_INVALID_URL" });
  it.each([
    ["a declared error", undefined],
    ["the name of an error", byName],
    ["the code of an error", byCode],
  ])("end the job at once if discardOn has %s", async (_what, error) => {
    const discardOn = ["Closed", "CardDeclined", "ERR_INVALID_URL"];
    const client = await setUp({ errors, discardOn, retry: retries(5) }, (_input, ctx) => {
      throw error ?? ctx.errors.Closed({});
    });
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toMatchObject({ status: "dead", reason: "discarded" });
    expect(await provider.get(handle.id)).toMatchObject({ attempt: 1 });
  });

  it("are retried if discardOn has others", async () => {
    const client = await setUp({ discardOn: ["CardDeclined"], retry: retries(2) }, () => {
      throw byCode;
    });
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toMatchObject({ reason: "attempts-exhausted" });
  });

  it("end the job at once unless retryOn has them", async () => {
    const client = await setUp({ retryOn: ["ERR_INVALID_URL"], retry: retries(5) }, (_input, { attempt }) => {
      throw attempt === 1 ? byCode : byName;
    });
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toMatchObject({ reason: "discarded", error: { name: "CardDeclined" } });
    expect(await provider.get(handle.id)).toMatchObject({ attempt: 2 });
  });

  it("are retried whatever the lists say if the handler asks for it", async () => {
    const client = await setUp({ discardOn: ["RetryAfter"], retry: retries(2) }, () => {
      throw new RetryAfter(0);
    });
    const handle = await client.work.enqueue({ n: 1 });
    expect(await handle.settled()).toMatchObject({ reason: "attempts-exhausted" });
  });

  it("are final when the next attempt would come after the retry deadline", async () => {
    const retry = { ...retries(100, 40_000), forMs: 100_000 };
    const client = await setUp({ retry }, () => {
      throw new Error("not yet");
    });
    const handle = await client.work.enqueue({ n: 1 });
    for (let attempt = 1; attempt < 3; attempt++) {
      await expect.poll(async () => (await provider.get(handle.id))?.state, { interval: 1 }).toBe("scheduled");
      clock.advance(40_000);
      await provider.promote(10);
    }
    expect(await handle.settled()).toMatchObject({ status: "dead", reason: "retry-deadline" });
    expect(await provider.get(handle.id)).toMatchObject({ attempt: 3 });
  });

  it("may be something that cannot even be looked at", async () => {
    const hostile = new Proxy(new Error("never read"), {
      has: () => {
        throw new Error("hostile");
      },
      get: () => {
        throw new Error("hostile");
      },
      getPrototypeOf: () => {
        throw new Error("hostile");
      },
    });
    const client = await setUp({ errors, discardOn: ["Closed"], retry: retries(2) }, () => {
      throw hostile;
    });
    expect(await (await client.work.enqueue({ n: 1 })).settled()).toMatchObject({ reason: "attempts-exhausted" });
  });

  it("include that nobody had begun the job in time", async () => {
    let runs = 0;
    const descriptor = describeJobs({ work: { expireAfterMs: 60_000 } });
    const client = await clientOf(provider, descriptor);
    const [late, delayed] = [
      await client.work.enqueue({ n: 1 }),
      await client.work.enqueue({ n: 2 }, { delay: "30s" }),
    ];
    clock.advance(60_001);
    await provider.promote(10);
    worker = await workerOf(provider, descriptor, { work: () => void runs++ });
    await worker.start();
    expect(await late.settled()).toMatchObject({ status: "dead", reason: "expired", error: { name: "Expired" } });
    expect(await delayed.settled()).toMatchObject({ status: "succeeded" });
    expect(runs).toBe(1);
  });

  it("do not include that a later attempt came late", async () => {
    const client = await setUp({ expireAfterMs: 1_000, retry: retries(2, 500) }, (_input, { attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    const handle = await client.work.enqueue({ n: 1 });
    await expect.poll(async () => (await provider.get(handle.id))?.state, { interval: 1 }).toBe("scheduled");
    clock.advance(60_000);
    await provider.promote(10);
    expect(await handle.settled()).toMatchObject({ status: "succeeded" });
  });

  it("tell that a job was cancelled", async () => {
    const client = await clientOf(provider, describeJobs({ work: {} }));
    const handle = await client.work.enqueue({ n: 1 });
    await handle.cancel();
    expect(await handle.settled()).toEqual({ status: "cancelled", reason: "cancelled" });
  });
});
