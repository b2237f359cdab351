import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewJob } from "../../../runtime/contract/index.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";

let provider: SqliteProvider;

beforeEach(async () => {
  provider = sqlite(":memory:");
  await provider.start();
});

afterEach(() => provider.stop());

const id = "0196f000-0000-7000-8000-000000000001";

function jobIn(queue: string, given: Partial<NewJob> = {}): NewJob {
  return { id, name: "work", queue, version: 1, priority: 0, maxCrashes: 1, payload: "1", ...given };
}

async function claimOne(queue: string): Promise<{ id: string; fence: number }> {
  const lanes = [{ queue, limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
  const [job] = await provider.claim({ claimId: "1", workerId: "w", leaseMs: 60_000, lanes });
  if (!job) throw new TypeError("nothing to claim");
  return job;
}

describe("the SQLite provider", () => {
  it.each(["garbage", "", "-1", "1e3", "NaN", "1 or 1=1", " 1"])("refuses the cursor %j", async (cursor) => {
    await provider.enqueue([jobIn("work")]);
    await expect(provider.list({ cursor })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining("cursor"),
    });
  });

  it.each(["__proto__", "constructor", "toString", "a'b\"c", "名前"])("counts a queue called %s", async (queue) => {
    await provider.enqueue([jobIn(queue)]);
    expect(Object.entries(await provider.counts())).toEqual([[queue, { ready: 1 }]]);
    await claimOne(queue);
    expect(Object.entries(await provider.counts())).toEqual([[queue, { running: 1 }]]);
  });

  it.each(["retry", "dead"] as const)(
    "settles with %s an attempt whose error has half a surrogate pair",
    async (outcome) => {
      await provider.enqueue([jobIn("work")]);
      const { fence } = await claimOne("work");
      const error = { name: "\udfff", message: "cut \ud83d", stack: "\ud800\u0000" };
      const rejection = outcome === "retry" ? { outcome, delayMs: 0 } : { outcome, reason: "discarded" as const };
      expect(await provider.nack([{ id, fence, error, ...rejection }])).toEqual(["ok"]);
      expect((await provider.get(id))?.error).toEqual(error);
    },
  );

  it("keeps any well-formed payload as it is", async () => {
    const payload = JSON.stringify({ text: "\u0000 \ud800 😀 ' \" \\ \u2028" });
    await provider.enqueue([jobIn("work", { payload })]);
    expect((await provider.get(id))?.payload).toBe(payload);
  });

  it("refuses a payload that UTF-8 cannot hold, and stores nothing of its call", async () => {
    const other = jobIn("work", { id: id.replace(/1$/, "2") });
    await expect(provider.enqueue([other, jobIn("work", { payload: "\ud800" })])).rejects.toMatchObject({
      code: "JW_INVALID_INPUT",
    });
    expect(await provider.counts()).toEqual({});
  });
});
