import { describe, expect, it } from "vitest";
import { createFakeClock, createMemoryProvider, faultInjecting } from "../../../runtime/testing/index.ts";
import { createJobFactory } from "../../../runtime/testing/new-job.ts";

function setUp(plan: Parameters<typeof faultInjecting>[1]) {
  const clock = createFakeClock();
  return { provider: faultInjecting(createMemoryProvider({ clock }), plan), job: createJobFactory(clock)() };
}

const unavailable = { code: "JW_STORE_UNAVAILABLE", retryable: true };

describe("faultInjecting", () => {
  it("drops the reply of a call that the store has made", async () => {
    const { provider, job } = setUp([{ call: "enqueue", fault: "drop-reply" }]);
    await expect(provider.enqueue([job])).rejects.toMatchObject(unavailable);
    expect(await provider.enqueue([job])).toMatchObject([{ outcome: "duplicate" }]);
  });

  it("fails before the store sees the call, in the planned order", async () => {
    const { provider, job } = setUp([
      { call: "enqueue", fault: "pass" },
      { call: "enqueue", fault: "fail-before" },
    ]);
    await provider.enqueue([]);
    await expect(provider.enqueue([job])).rejects.toMatchObject(unavailable);
    expect(await provider.get(job.id)).toBeUndefined();
    expect(provider.remaining()).toEqual([]);
  });

  it("holds a call until its signal", async () => {
    let release: () => void = () => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    const { provider, job } = setUp([{ call: "enqueue", fault: "hold", until }]);
    const enqueued = provider.enqueue([job]);
    expect(await provider.get(job.id)).toBeUndefined();
    release();
    expect(await enqueued).toMatchObject([{ outcome: "enqueued" }]);
  });
});
