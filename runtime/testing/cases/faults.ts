import { deepEqual, equal } from "node:assert/strict";
import type { Provider, Settlement } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  expectUnchanged,
  failure,
  givenClaim,
  givenJob,
  hour,
  idsOf,
  leaseMs,
  pruneAll,
  recordOf,
} from "./steps.ts";

/** A call whose reply was lost is made again, unchanged: twice must be as good as once. */

interface Repeatable {
  readonly call: (
    provider: Provider,
    context: ConformanceContext,
    id: string,
    fence: number,
  ) => Promise<readonly unknown[]>;
  /** What the second call may say. */
  readonly again: Settlement | string;
}

const settlements: Readonly<Record<string, Repeatable>> = {
  ack: { call: (provider, _context, id, fence) => provider.ack([{ id, fence, output: "1" }]), again: "alreadyDone" },
  "nack-retry": {
    call: (provider, _context, id, fence) =>
      provider.nack([{ id, fence, outcome: "retry", delayMs: 5, error: failure }]),
    again: "alreadyDone",
  },
  "nack-retry without delay": {
    call: (provider, _context, id, fence) =>
      provider.nack([{ id, fence, outcome: "retry", delayMs: 0, error: failure }]),
    again: "alreadyDone",
  },
  "nack-dead": {
    call: (provider, _context, id, fence) =>
      provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error: failure }]),
    again: "alreadyDone",
  },
  "nack-snooze": {
    call: (provider, _context, id, fence) => provider.nack([{ id, fence, outcome: "snooze", delayMs: 5 }]),
    again: "alreadyDone",
  },
  "nack-release": {
    call: (provider, _context, id, fence) => provider.nack([{ id, fence, outcome: "release" }]),
    again: "alreadyDone",
  },
  report: { call: (provider, _context, id, fence) => provider.report([{ id, fence, progress: 7 }]), again: "ok" },
  cancel: { call: (provider, _context, id) => provider.cancel([id]), again: "requested" },
};

const lostReplies = Object.entries(settlements).map(([what, { call, again }]): ConformanceCase => ({
  area: "lost reply",
  name: `${what} made twice is as good as once`,
  async run(context) {
    const { provider, id, lease } = await givenClaim(context);
    await call(provider, context, id, lease.fence);
    await expectUnchanged(provider, id, async () => {
      deepEqual(await call(provider, context, id, lease.fence), [again]);
    });
  },
}));

/** Where a process may die: after so many of the steps enqueue, claim, ack. */
const crashPoints = [
  { after: "enqueue", steps: 1 },
  { after: "claim", steps: 2 },
  { after: "ack", steps: 3 },
] as const;

const crashes = crashPoints.map(({ after, steps }): ConformanceCase => ({
  area: "crash",
  name: `a process that vanishes after ${after} loses nothing, and the next one finishes the job`,
  needs: ({ durable }) => durable,
  async run(context) {
    const job = context.newJob({ payload: "[4]" });
    const dying = await context.createProvider();
    await dying.enqueue([job]);
    if (steps > 1) {
      const lease = await claimOne(dying);
      if (steps > 2) await dying.ack([lease]);
    }
    // Not stopped: a process that dies flushes nothing.
    await finishAfterCrash(context, job.id);
    const provider = await context.createProvider();
    const { state, payload, attempt } = await recordOf(provider, job.id);
    deepEqual([state, payload, attempt], ["succeeded", "[4]", 1]);
  },
}));

/** A newcomer on the same store: waits for the lease to end, reaps, claims, acks. */
async function finishAfterCrash({ createProvider, clock }: ConformanceContext, id: string): Promise<void> {
  const provider = await createProvider();
  clock.advance(leaseMs + 1);
  await provider.reap(10);
  const claimed = await provider.claim(claimRequest({ workerId: "w2" }));
  const settled = await provider.ack(claimed);
  equal(
    settled.every((settlement) => settlement === "ok"),
    true,
  );
  await expectState(provider, id, "succeeded");
}

export const faultCases: readonly ConformanceCase[] = [
  ...lostReplies,
  ...crashes,
  {
    area: "lost reply",
    name: "a claim repeated with its id gives the same leases and takes nothing new",
    async run(context) {
      const { provider } = await givenJob(context);
      await provider.enqueue([context.newJob(), context.newJob()]);
      const request = claimRequest({ limit: 2 });
      const claimed = await provider.claim(request);
      context.clock.advance(10);
      const repeated = await provider.claim(request);
      deepEqual(repeated, claimed);
      equal((await provider.counts())["mail"]?.ready, 1);
      equal((await recordOf(provider, claimed[0]?.id ?? "")).attempt, 1);
    },
  },
  {
    area: "lost reply",
    name: "a repeated claim gives only what still runs under it",
    async run(context) {
      const { provider } = await givenJob(context);
      await provider.enqueue([context.newJob()]);
      const request = claimRequest();
      const [settled, running] = await provider.claim(request);
      await provider.ack(settled ? [settled] : []);
      deepEqual(await provider.claim(request), [running]);
    },
  },
  {
    area: "lost reply",
    name: "a claim id belongs to its worker",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const request = claimRequest();
      deepEqual(idsOf(await provider.claim(request)), [id]);
      deepEqual(await provider.claim({ ...request, workerId: "w2" }), []);
    },
  },
  {
    area: "lost reply",
    name: "enqueue made twice is one job, also after it was claimed",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [context.newJob(), context.newJob({ delayMs: hour })];
      const results = await provider.enqueue(jobs);
      const repeated = await provider.enqueue(jobs);
      deepEqual(
        repeated,
        results.map((result) => ({ ...result, outcome: "duplicate" })),
      );
      await claimOne(provider);
      deepEqual(
        (await provider.enqueue(jobs)).map(({ state }) => state),
        ["running", "scheduled"],
      );
      equal((await provider.list({})).jobs.length, 2);
    },
  },
  {
    area: "lost reply",
    name: "extend, promote, reap, prune, requeue and pause made twice are as good as once",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const lease = await claimOne(provider);
      const heartbeat = { workerId: "w1", leaseMs };
      deepEqual(await provider.extend(heartbeat), await provider.extend(heartbeat));
      context.clock.advance(leaseMs + 1);
      await provider.reap(10);
      await expectUnchanged(provider, id, () => provider.reap(10));
      await provider.ack([lease]);
      await provider.requeue([id]);
      await expectUnchanged(provider, id, () => provider.requeue([id]));
      await provider.cancel([id]);
      deepEqual([await provider.prune(pruneAll), await provider.prune(pruneAll)], [1, 0]);
    },
  },
  {
    area: "several instances",
    name: "what one instance accepted, another one sees and settles",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const other = await context.createProvider();
      const lease = await claimOne(other, { workerId: "w2" });
      equal((await recordOf(provider, id)).workerId, "w2");
      deepEqual(await provider.cancel([id]), ["requested"]);
      equal((await other.extend({ workerId: "w2", leaseMs }))[0]?.cancelRequested, true);
      deepEqual(await other.ack([lease]), ["ok"]);
      await expectState(provider, id, "cancelled");
      await provider.pause({ queue: "mail" });
      deepEqual(await other.paused(), { queues: ["mail"], names: [] });
    },
  },
  {
    area: "several instances",
    name: "stopping one instance leaves the others alone",
    async run(context) {
      const { provider } = await givenJob(context);
      const other = await context.createProvider();
      await provider.stop();
      equal((await other.claim(claimRequest())).length, 1);
    },
  },
];
