import { expect, it } from "vitest";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import { clientOf, createSignal, describeJobs, workerOf } from "./fixture.ts";

const jobs = 2_500;
const slots = 20;

it.each([
  ["300 unless the store says otherwise", undefined, 300],
  ["as many as the store says", 700, 700],
])("claims short jobs ahead of its slots: %s", async (_how, claimAhead, ahead) => {
  const provider = createMemoryProvider();
  const asked: number[] = [];
  const watched: Provider = {
    ...provider,
    ...(claimAhead === undefined ? {} : { claimAhead }),
    claim(request) {
      asked.push(...request.lanes.map(({ limit }) => limit));
      return provider.claim(request);
    },
  };
  const descriptor = describeJobs({ work: {} });
  const client = await clientOf(provider, descriptor);
  await client.work.enqueueMany(Array.from({ length: jobs }, (_, n) => ({ n })));
  const done = createSignal();
  let handled = 0;
  const handler = (): void => {
    if (++handled === jobs) done.fire();
  };
  const worker = await workerOf(watched, descriptor, { work: handler }, { queues: { work: slots } });
  await worker.start();
  await done.promise;
  await worker.stop();
  await provider.stop();
  // How short the jobs are is not known yet.
  expect(asked[0]).toBe(slots);
  expect(Math.max(...asked)).toBe(slots + ahead);
});
