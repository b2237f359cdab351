import { afterEach, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import type { Worker } from "../../runtime/worker/types.ts";
import { clientOf, createSignal, describeJobs, workerOf } from "./fixture.ts";

const jobs = 400;
const jobMs = 0.5;
/** A turn is up after 10 ms, when one more job ends; the event loop may go round after two turns. */
const mostInTurn = 2 * (10 / jobMs + 1);

let worker: Worker | undefined;
let provider: Provider | undefined;

afterEach(async () => {
  await worker?.stop();
  await provider?.stop();
});

function work(): void {
  const endsAt = performance.now() + jobMs;
  while (performance.now() < endsAt);
}

it.each<[how: string, handlerOf: (body: () => void) => () => unknown]>([
  ["return at once", (body) => body],
  ["wait for nothing but promises that are kept", (body) => () => Promise.resolve().then(body)],
])("lets the event loop go round while many jobs %s", async (_how, handlerOf) => {
  provider = createMemoryProvider();
  const descriptor = describeJobs({ work: {} });
  const client = await clientOf(provider, descriptor);
  await client.work.enqueueMany(Array.from({ length: jobs }, (_, n) => ({ n })));
  const done = createSignal();
  let handled = 0;
  let inTurn = 0;
  let most = 0;
  const goRound = (): void => {
    inTurn = 0;
    if (handled < jobs) setImmediate(goRound);
  };
  goRound();
  const handler = handlerOf(() => {
    work();
    most = Math.max(most, ++inTurn);
    if (++handled === jobs) done.fire();
  });
  worker = await workerOf(provider, descriptor, { work: handler }, { queues: { work: 1 } });
  await worker.start();
  await done.promise;
  expect(most).toBeLessThanOrEqual(mostInTurn);
});

it("lets every queue have its turn while all of them have much to do", async () => {
  provider = createMemoryProvider();
  const descriptor = describeJobs({ work: {}, other: { queue: "other" } });
  const client = await clientOf(provider, descriptor);
  const inputs = Array.from({ length: jobs }, (_, n) => ({ n }));
  await client.work.enqueueMany(inputs);
  await client.other.enqueueMany(inputs);
  const done = createSignal();
  const left = { work: jobs, other: jobs };
  let previous: keyof typeof left | undefined;
  let inRow = 0;
  let most = 0;
  const handlerOf = (name: keyof typeof left, rival: keyof typeof left) => () => {
    work();
    inRow = previous === name ? inRow + 1 : 1;
    previous = name;
    if (left[rival] > 0) most = Math.max(most, inRow);
    left[name]--;
    if (left.work + left.other === 0) done.fire();
  };
  const handlers = { work: handlerOf("work", "other"), other: handlerOf("other", "work") };
  worker = await workerOf(provider, descriptor, handlers, { queues: { work: 1, other: 1 } });
  await worker.start();
  await done.promise;
  expect(most).toBeLessThanOrEqual(mostInTurn);
});
