import { expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { clientOf, createSignal, describeJobs, workerOf } from "./fixture.ts";

const suspects = 400;
const others = 100;
const slots = 2;
const lanes = [{ queue: "work", limit: suspects, handles: [{ name: "work", maxVersion: 1 }] }];

/** Counts what the worker has claimed and not given back. */
function watch(provider: Provider): { readonly watched: Provider; readonly held: () => number } {
  let held = 0;
  const watched: Provider = {
    ...provider,
    async claim(request) {
      const jobs = await provider.claim(request);
      held += jobs.length;
      return jobs;
    },
    nack(rejections) {
      held -= rejections.length;
      return provider.nack(rejections);
    },
  };
  return { watched, held: () => held };
}

it("claims nothing ahead while it meets jobs with which a worker vanished", async () => {
  const clock = createFakeClock();
  const provider = createMemoryProvider({ clock });
  const descriptor = describeJobs({ work: {} });
  const client = await clientOf(provider, descriptor);
  const enqueue = (from: number, count: number): Promise<unknown> =>
    client.work.enqueueMany(Array.from({ length: count }, (_, n) => ({ n: from + n })));

  await enqueue(0, suspects);
  await provider.claim({ claimId: "1", workerId: "gone", leaseMs: 1_000, lanes });
  await enqueue(suspects, others);

  const warm = createSignal();
  const done = createSignal();
  const { watched, held } = watch(provider);
  let started = 0;
  const waiting: number[] = [];
  const handler = ({ n }: { n: number }): void => {
    started++;
    if (n < suspects) waiting.push(held() - started);
    if (started === others) warm.fire();
    if (waiting.length === suspects) done.fire();
  };
  const worker = await workerOf(
    watched,
    descriptor,
    { work: handler },
    { queues: { work: slots }, maintenance: false, poll: "10ms" },
  );
  await worker.start();
  // By now it knows that the jobs are short.
  await warm.promise;
  clock.advance(1_001);
  await provider.reap(suspects);
  await done.promise;
  await worker.stop();
  await provider.stop();

  expect(Math.max(...waiting)).toBeLessThan(slots);
});
