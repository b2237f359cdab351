import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobState, Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Client, clientOf, describeJobs } from "../worker/fixture.ts";

const providers: Record<string, () => Provider> = {
  memory: () => createMemoryProvider(),
  sqlite: () => sqlite(":memory:"),
};

describe.each(Object.entries(providers))("verbs over many jobs, on %s", (_name, open) => {
  let provider: Provider;
  let client: Client;

  beforeEach(async () => {
    provider = open();
    client = await clientOf(provider, describeJobs({ work: {}, other: { queue: "slow" } }));
  });
  afterEach(() => provider.stop());

  /** More than two pages of the list. */
  const many = 1_100;

  async function makeDead(count: number): Promise<void> {
    await client.work.enqueueMany(Array.from({ length: count }, (_, n) => ({ n })));
    const lanes = [{ queue: "work", limit: count, handles: [{ name: "work", maxVersion: 1 }] }];
    const leases = await provider.claim({ claimId: "1", workerId: "w", leaseMs: 60_000, lanes });
    const error = { name: "Error", message: "no" };
    await provider.nack(
      leases.map(({ id, fence }) => ({ id, fence, outcome: "dead", reason: "discarded", error }) as const),
    );
  }

  const count = async (state: JobState): Promise<number> => (await client.$control.counts())["work"]?.[state] ?? 0;

  it("requeueAll runs dead jobs again, and no others", async () => {
    await makeDead(many);
    await client.other.enqueue({ n: 1 });
    const cancelled = await client.work.enqueue({ n: 1 });
    await cancelled.cancel();
    expect(await client.$control.requeueAll({ names: ["work"] })).toEqual({
      matched: many,
      outcomes: { requeued: many },
    });
    expect([await count("ready"), await count("dead"), await count("cancelled")]).toEqual([many, 0, 1]);
  });

  it("cancelAll ends what waits, and asks what runs", async () => {
    await client.work.enqueueMany(Array.from({ length: many }, (_, n) => ({ n })));
    await client.work.enqueue({ n: 1 }, { delay: "1h" });
    const lanes = [{ queue: "work", limit: 2, handles: [{ name: "work", maxVersion: 1 }] }];
    await provider.claim({ claimId: "1", workerId: "w", leaseMs: 60_000, lanes });
    expect(await client.$control.cancelAll({ queues: ["work"] })).toEqual({
      matched: many + 1,
      outcomes: { cancelled: many - 1, requested: 2 },
    });
    expect([await count("cancelled"), await count("running")]).toEqual([many - 1, 2]);
  });

  it("only count with dryRun, and stop at the limit", async () => {
    await makeDead(10);
    const states = ["dead"] as const;
    expect(await client.$control.requeueAll({ states, dryRun: true })).toEqual({ matched: 10, outcomes: {} });
    expect(await count("dead")).toBe(10);
    expect(await client.$control.requeueAll({ states, limit: 3 })).toEqual({ matched: 3, outcomes: { requeued: 3 } });
    expect(await count("dead")).toBe(7);
  });

  it("find nothing to do in an empty store", async () => {
    expect(await client.$control.cancelAll({ names: ["work"] })).toEqual({ matched: 0, outcomes: {} });
  });

  it.each([
    ["an empty filter", {}, "every job would be meant"],
    ["a filter of empty lists", { states: [], names: [] }, "every job would be meant"],
    ["a state that cannot be meant", { states: ["running"] as const }, "running cannot be meant"],
    ["a limit of nothing", { names: ["work"], limit: 0 }, "limit is 0"],
  ])("refuse %s", async (_what, filter, message) => {
    await expect(client.$control.requeueAll(filter)).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining(message),
    });
  });
});
