import { deepEqual, equal } from "node:assert/strict";
import type { PruneRequest } from "../../contract/index.ts";
import type { ConformanceCase } from "../conformance.ts";
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
  second,
  stateOf,
} from "./steps.ts";

/** Every comparison with the clock, one millisecond before and after its edge. */

const retention: PruneRequest = { retentionMs: { succeeded: hour }, limit: 10 };

export const timeCases: readonly ConformanceCase[] = [
  {
    area: "promote",
    name: "a job is promoted at its runAt and not 1 ms before",
    async run(context) {
      const { provider, id } = await givenJob(context, { delayMs: hour });
      const runAt = context.clock.now() + hour;
      context.clock.advance(hour - 1);
      deepEqual(await provider.promote(10), { promoted: 0, nextRunAt: runAt });
      await expectState(provider, id, "scheduled");
      context.clock.advance(1);
      deepEqual(await provider.promote(10), { promoted: 1, nextRunAt: undefined });
      await expectState(provider, id, "ready");
    },
  },
  {
    area: "promote",
    name: "a claim takes nothing that was not promoted",
    async run(context) {
      const { provider } = await givenJob(context, { delayMs: second });
      context.clock.advance(hour);
      deepEqual(await provider.claim(claimRequest()), []);
    },
  },
  {
    area: "promote",
    name: "the limit takes the longest overdue first and says when the next is due",
    async run(context) {
      const provider = await context.createProvider();
      const start = context.clock.now();
      const jobs = [3, 1, 2, 2].map((delayMs) => context.newJob({ delayMs }));
      await provider.enqueue(jobs);
      context.clock.advance(hour);
      deepEqual(await provider.promote(2), { promoted: 2, nextRunAt: start + 2 });
      const states = await Promise.all(jobs.map(({ id }) => stateOf(provider, id)));
      deepEqual(states, ["scheduled", "ready", "ready", "scheduled"]);
      equal((await provider.promote(0)).promoted, 0);
    },
  },
  {
    area: "promote",
    name: "promoting does not change runAt",
    async run(context) {
      const { provider, id } = await givenJob(context, { delayMs: second });
      const { runAt } = await recordOf(provider, id);
      context.clock.advance(hour);
      await provider.promote(1);
      equal((await recordOf(provider, id)).runAt, runAt);
    },
  },
  {
    area: "reap",
    name: "a lease is reaped 1 ms after its end and not at it",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.set(lease.leaseUntil);
      deepEqual(await provider.reap(10), { readied: 0, ended: 0 });
      context.clock.advance(1);
      deepEqual(await provider.reap(10), { readied: 1, ended: 0 });
      await expectState(provider, id, "ready");
    },
  },
  {
    area: "reap",
    name: "an extended lease is reaped after its new end only",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.set(lease.leaseUntil);
      await provider.extend({ workerId: "w1", leaseMs });
      context.clock.advance(leaseMs);
      deepEqual(await provider.reap(10), { readied: 0, ended: 0 });
      await expectState(provider, id, "running");
      context.clock.advance(1);
      deepEqual(await provider.reap(10), { readied: 1, ended: 0 });
    },
  },
  {
    area: "reap",
    name: "a job is dead after more than maxCrashes crashes, and not before",
    async run(context) {
      const { provider, id } = await givenJob(context, { maxCrashes: 2 });
      for (const crash of [1, 2, 3]) {
        equal((await claimOne(provider)).attempt, 1);
        context.clock.advance(leaseMs + 1);
        const outcome = crash > 2 ? { readied: 0, ended: 1 } : { readied: 1, ended: 0 };
        deepEqual(await provider.reap(10), outcome);
      }
      const { state, reason, crashes, attempt } = await recordOf(provider, id);
      deepEqual([state, reason, crashes, attempt], ["dead", "crash-loop", 3, 0]);
    },
  },
  {
    area: "reap",
    name: "the limit bounds one call, and the next goes on",
    async run(context) {
      const provider = await context.createProvider();
      await provider.enqueue([context.newJob(), context.newJob(), context.newJob()]);
      await provider.claim(claimRequest());
      context.clock.advance(leaseMs + 1);
      deepEqual(await provider.reap(2), { readied: 2, ended: 0 });
      deepEqual(await provider.reap(2), { readied: 1, ended: 0 });
      deepEqual(await provider.reap(2), { readied: 0, ended: 0 });
    },
  },
  {
    area: "prune",
    name: "a job is deleted when its retention is over and not 1 ms before",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([{ ...lease, output: "1" }]);
      context.clock.advance(hour - 1);
      equal(await provider.prune(retention), 0);
      context.clock.advance(1);
      equal(await provider.prune(retention), 1);
      equal(await provider.get(id), undefined);
      equal(await provider.prune(retention), 0);
    },
  },
  {
    area: "prune",
    name: "a state without a retention is kept",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.cancel([id]);
      context.clock.advance(hour * 1_000);
      equal(await provider.prune(retention), 0);
      await expectState(provider, id, "cancelled");
    },
  },
  {
    area: "prune",
    name: "live jobs are never touched, however old",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [context.newJob({ delayMs: hour }), context.newJob({ priority: 1 }), context.newJob()];
      await provider.enqueue(jobs);
      await claimOne(provider);
      context.clock.advance(hour * 100_000);
      equal(await provider.prune(pruneAll), 0);
      const states = await Promise.all(jobs.map(({ id }) => stateOf(provider, id)));
      deepEqual(states, ["scheduled", "ready", "running"]);
    },
  },
  {
    area: "prune",
    name: "a requeued job is live again",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.cancel([id]);
      await provider.requeue([id]);
      context.clock.advance(hour);
      equal(await provider.prune(pruneAll), 0);
      await expectState(provider, id, "ready");
    },
  },
  {
    area: "prune",
    name: "the limit bounds one call over all states",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = Array.from({ length: 5 }, () => context.newJob());
      await provider.enqueue(jobs);
      await provider.cancel(idsOf(jobs.slice(0, 3)));
      await provider.ack(await provider.claim(claimRequest()));
      equal(await provider.prune({ ...pruneAll, limit: 4 }), 4);
      equal(await provider.prune({ ...pruneAll, limit: 4 }), 1);
    },
  },
  {
    area: "prune",
    name: "an id is free again, and its new job has nothing of the old one",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.nack([{ id, fence: lease.fence, outcome: "dead", reason: "discarded", error: failure }]);
      await provider.prune(pruneAll);
      const [result] = await provider.enqueue([context.newJob({ id, payload: "2" })]);
      equal(result?.outcome, "enqueued");
      const { error, output, payload, fence } = await recordOf(provider, id);
      deepEqual([error, output, payload, fence], [undefined, undefined, "2", 0]);
    },
  },
  {
    area: "clock",
    name: "a clock that jumps back starts nothing early and loses nothing",
    async run(context) {
      const { provider, id } = await givenJob(context, { delayMs: second });
      const start = context.clock.now();
      context.clock.set(start - hour);
      equal((await provider.promote(10)).promoted, 0);
      await expectUnchanged(provider, id, () => provider.reap(10));
      context.clock.set(start + second);
      equal((await provider.promote(10)).promoted, 1);
    },
  },
];
