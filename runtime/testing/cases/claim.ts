import { deepEqual, equal } from "node:assert/strict";
import type { ClaimedJob, NewJob, Provider } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import { claimOne, claimRequest, expectOnce, givenClaim, givenJob, idsOf, leaseMs, recordOf, second } from "./steps.ts";

const area = "claim";

function lane(queue: string, limit = 10, maxVersion = 1) {
  return { queue, limit, handles: [{ name: "mail", maxVersion }] };
}

async function enqueueAll(provider: Provider, jobs: readonly NewJob[]): Promise<readonly string[]> {
  await provider.enqueue(jobs);
  return idsOf(jobs);
}

/** Claims, three at a time and interleaved with everybody else, until nothing is left. */
async function drain(provider: Provider, workerId: string): Promise<readonly string[]> {
  const taken: string[] = [];
  for (;;) {
    const batch = await provider.claim(claimRequest({ workerId, limit: 3 }));
    if (batch.length === 0) return taken;
    taken.push(...idsOf(batch));
    await provider.ack(batch);
  }
}

function contention(claimers: number): ConformanceCase {
  return {
    area: "contention",
    name: `${claimers} claimers on connections of their own take every job, none of them twice`,
    async run(context) {
      const providers = await openMany(context, claimers);
      const jobs = Array.from({ length: 120 }, () => context.newJob());
      const ids = await enqueueAll(providers[0] ?? (await context.createProvider()), jobs);
      const taken = await Promise.all(providers.map((provider, index) => drain(provider, `w${index}`)));
      expectOnce(taken.flat(), ids);
    },
  };
}

async function openMany(context: ConformanceContext, count: number): Promise<readonly Provider[]> {
  const providers: Provider[] = [];
  for (let index = 0; index < count; index++) providers.push(await context.createProvider());
  return providers;
}

export const claimCases: readonly ConformanceCase[] = [
  contention(2),
  contention(8),
  {
    area: "contention",
    name: "one lease settled by eight callers at once is accepted once",
    async run(context) {
      const { lease } = await givenClaim(context);
      const providers = await openMany(context, 8);
      const settlements = await Promise.all(providers.map((provider) => provider.ack([lease])));
      equal(settlements.flat().filter((settlement) => settlement === "ok").length, 1);
    },
  },
  {
    area: "contention",
    name: "one id enqueued by eight callers at once is one job",
    async run(context) {
      const providers = await openMany(context, 8);
      const job = context.newJob();
      const results = await Promise.all(providers.map((provider) => provider.enqueue([job])));
      equal(results.flat().filter(({ outcome }) => outcome === "enqueued").length, 1);
      equal((await providers[0]?.claim(claimRequest()))?.length, 1);
    },
  },
  {
    area,
    name: "a lease says everything that a worker needs",
    async run(context) {
      const start = context.clock.now();
      const { provider, id } = await givenJob(context, { priority: 3, payload: "[2]" });
      context.clock.advance(second);
      const expected: ClaimedJob = {
        id,
        fence: 1,
        name: "mail",
        queue: "mail",
        version: 1,
        priority: 3,
        attempt: 1,
        crashes: 0,
        runAt: start,
        enqueuedAt: start,
        leaseUntil: start + second + leaseMs,
        payload: "[2]",
      };
      deepEqual(await claimOne(provider), expected);
      const { startedAt, workerId, leaseUntil } = await recordOf(provider, id);
      deepEqual([startedAt, workerId, leaseUntil], [start + second, "w1", expected.leaseUntil]);
    },
  },
  {
    area,
    name: "jobs are offered by priority, then runAt, then insertion",
    async run(context) {
      const provider = await context.createProvider();
      const now = context.clock.now();
      const [late, early, urgent, lateToo, last] = await enqueueAll(provider, [
        context.newJob({ runAt: now + 2 }),
        context.newJob({ runAt: now + 1 }),
        context.newJob({ runAt: now + 3, priority: -1 }),
        context.newJob({ runAt: now + 2 }),
        context.newJob({ priority: 1 }),
      ]);
      context.clock.advance(3);
      await provider.promote(10);
      const order: string[] = [];
      for (let n = 0; n < 5; n++) order.push((await claimOne(provider)).id);
      deepEqual(order, [urgent, early, late, lateToo, last]);
    },
  },
  {
    area,
    name: "one claim gives its jobs in the order in which they are offered",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [5, -3, 0, 5, -3].map((priority) => context.newJob({ priority }));
      const ids = await enqueueAll(provider, jobs);
      deepEqual(
        idsOf(await provider.claim(claimRequest())),
        [1, 4, 2, 0, 3].map((index) => ids[index]),
      );
    },
  },
  {
    area,
    name: "lanes have their own limits and come in their order",
    async run(context) {
      const provider = await context.createProvider();
      const queues = ["a", "b", "a", "b", "c"];
      const [a, b1, , b2] = await enqueueAll(
        provider,
        queues.map((queue) => context.newJob({ queue })),
      );
      const lanes = [lane("b"), lane("a", 1), lane("c", 0)];
      deepEqual(idsOf(await provider.claim(claimRequest({ lanes }))), [b1, b2, a]);
    },
  },
  {
    area,
    name: "a job whose name the worker does not handle stays untouched",
    async run(context) {
      const { provider, id } = await givenJob(context, { name: "unknown" });
      deepEqual(await provider.claim(claimRequest()), []);
      deepEqual(await provider.claim(claimRequest({ lanes: [{ queue: "mail", limit: 1, handles: [] }] })), []);
      equal((await recordOf(provider, id)).fence, 0);
    },
  },
  {
    area,
    name: "a job of a newer version waits for a newer worker, and does not block older ones",
    async run(context) {
      const provider = await context.createProvider();
      const versions = [2, 1].map((version) => context.newJob({ version }));
      const [newer, older] = await enqueueAll(provider, versions);
      deepEqual(idsOf(await provider.claim(claimRequest({ lanes: [lane("mail")] }))), [older]);
      deepEqual(idsOf(await provider.claim(claimRequest({ lanes: [lane("mail", 1, 2)] }))), [newer]);
    },
  },
  {
    area,
    name: "the version limit belongs to its own name",
    async run(context) {
      const provider = await context.createProvider();
      await provider.enqueue([context.newJob({ name: "a", version: 2 }), context.newJob({ name: "b", version: 2 })]);
      const handles = [
        { name: "a", maxVersion: 1 },
        { name: "b", maxVersion: 2 },
      ];
      const claimed = await provider.claim(claimRequest({ lanes: [{ queue: "mail", limit: 10, handles }] }));
      deepEqual(
        claimed.map(({ name }) => name),
        ["b"],
      );
    },
  },
  {
    area,
    name: "the fence grows at every claim and the attempt only with counted ones",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.nack([{ id, fence: lease.fence, outcome: "release" }]);
      const released = await claimOne(provider);
      deepEqual([released.fence, released.attempt], [2, 1]);
      const error = { name: "E", message: "m" };
      await provider.nack([{ id, fence: 2, outcome: "retry", delayMs: 0, error }]);
      const retried = await claimOne(provider);
      deepEqual([retried.fence, retried.attempt], [3, 2]);
    },
  },
];
