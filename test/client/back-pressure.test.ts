import { expect, it } from "vitest";
import { createFakeClock, createMemoryProvider, faultInjecting } from "../../runtime/testing/index.ts";
import { clientOf, describeJobs } from "../worker/fixture.ts";

async function setUp(maxWaiting: number) {
  const provider = faultInjecting(createMemoryProvider({ clock: createFakeClock() }), []);
  return { provider, client: await clientOf(provider, describeJobs({ work: { maxWaiting }, other: {} })) };
}

it("counts once a second, so that callers do not pay for each job", async () => {
  const { client } = await setUp(2);
  await client.work.enqueueMany([{ n: 1 }, { n: 2 }]);
  await expect(client.work.enqueue({ n: 3 })).resolves.toMatchObject({ outcome: "enqueued" });
});

it("refuses when as many jobs of the definition wait as are allowed, and tells how many", async () => {
  const { provider } = await setUp(2);
  const first = await clientOf(provider, describeJobs({ work: { maxWaiting: 2 }, other: {} }));
  await first.work.enqueueMany([{ n: 1 }, { n: 2 }]);
  await first.other.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
  // A client of its own has not counted yet.
  const second = await clientOf(provider, describeJobs({ work: { maxWaiting: 2 }, other: {} }));
  await expect(second.work.enqueue({ n: 3 })).rejects.toMatchObject({
    code: "JW_QUEUE_FULL",
    retryable: true,
    details: { waiting: 2, maxWaiting: 2 },
  });
  await expect(second.work.enqueueMany([{ n: 3 }])).rejects.toMatchObject({ code: "JW_QUEUE_FULL" });
  expect((await provider.list({ names: ["work"] })).jobs).toHaveLength(2);
});

it("forgets a count that failed", async () => {
  const { provider } = await setUp(5);
  const failing = faultInjecting(provider, [{ call: "counts", fault: "fail-before" }]);
  const client = await clientOf(failing, describeJobs({ work: { maxWaiting: 5 } }));
  await expect(client.work.enqueue({ n: 1 })).rejects.toMatchObject({ code: "JW_STORE_UNAVAILABLE" });
  await expect(client.work.enqueue({ n: 1 })).resolves.toMatchObject({ outcome: "enqueued" });
});
