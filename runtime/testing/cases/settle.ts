import { deepEqual, equal } from "node:assert/strict";
import { endReasons } from "../../contract/index.ts";
import type { ConformanceCase } from "../conformance.ts";
import {
  claimOne,
  expectState,
  expectUnchanged,
  failure,
  givenClaim,
  givenJob,
  givenLapse,
  hour,
  idsOf,
  leaseMs,
  recordOf,
  second,
} from "./steps.ts";

const area = "settlement";

export const settleCases: readonly ConformanceCase[] = [
  {
    area,
    name: "results stand in the order of the items, each with its own outcome",
    async run(context) {
      const { provider, lease } = await givenClaim(context);
      await provider.enqueue([context.newJob(), context.newJob()]);
      const ended = await claimOne(provider);
      const open = await claimOne(provider);
      await provider.ack([ended]);
      const unknown = { id: context.newJob().id, fence: 1 };
      const items = [ended, unknown, { ...lease, fence: 9 }, open, lease, lease];
      deepEqual(await provider.ack(items), ["alreadyDone", "stale", "stale", "ok", "ok", "alreadyDone"]);
    },
  },
  {
    area,
    name: "the same rejection twice in one call is counted once",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      const rejection = { id, fence: lease.fence, outcome: "snooze", delayMs: second } as const;
      deepEqual(await provider.nack([rejection, rejection]), ["ok", "alreadyDone"]);
      equal((await recordOf(provider, id)).attempt, 0);
    },
  },
  {
    area,
    name: "an output is stored, its absence too",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.enqueue([context.newJob()]);
      const silent = await claimOne(provider);
      await provider.ack([
        { ...lease, output: "null" },
        { id: silent.id, fence: silent.fence },
      ]);
      equal((await recordOf(provider, id)).output, "null");
      equal((await recordOf(provider, silent.id)).output, undefined);
    },
  },
  {
    area,
    name: "an error is kept while the job is retried and gone when it succeeds",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      const error = { ...failure, stack: "at a\nat b", code: "E_CLOSED" };
      await provider.nack([{ id, fence: lease.fence, outcome: "retry", delayMs: 0, error }]);
      deepEqual((await recordOf(provider, id)).error, error);
      const next = await claimOne(provider);
      deepEqual((await recordOf(provider, id)).error, error);
      await provider.ack([next]);
      equal((await recordOf(provider, id)).error, undefined);
    },
  },
  {
    area,
    name: "a retry without delay is ready at once, with one it waits for its time",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.advance(second);
      await provider.nack([{ id, fence: lease.fence, outcome: "retry", delayMs: 0, error: failure }]);
      const now = context.clock.now();
      const ready = await recordOf(provider, id);
      deepEqual([ready.state, ready.runAt, ready.attempt], ["ready", now, 1]);
      const { fence } = await claimOne(provider);
      await provider.nack([{ id, fence, outcome: "retry", delayMs: hour, error: failure }]);
      const waiting = await recordOf(provider, id);
      deepEqual([waiting.state, waiting.runAt, waiting.attempt], ["scheduled", now + hour, 2]);
    },
  },
  {
    area,
    name: "a snooze without delay is ready at once and uncounted",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.nack([{ id, fence: lease.fence, outcome: "snooze", delayMs: 0 }]);
      const { state, attempt } = await recordOf(provider, id);
      deepEqual([state, attempt], ["ready", 0]);
    },
  },
  {
    area,
    name: "a released job keeps its place",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.advance(second);
      await provider.enqueue([context.newJob()]);
      await provider.nack([{ id, fence: lease.fence, outcome: "release" }]);
      equal((await recordOf(provider, id)).runAt, lease.runAt);
      equal((await claimOne(provider)).id, id);
    },
  },
  {
    area,
    name: "a dead job keeps its reason, error and payload",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context, { payload: "[3]" });
      await provider.nack([{ id, fence: lease.fence, outcome: "dead", reason: "invalid-payload", error: failure }]);
      const { state, reason, error, payload, finishedAt } = await recordOf(provider, id);
      deepEqual(
        [state, reason, error, payload, finishedAt],
        ["dead", "invalid-payload", failure, "[3]", context.clock.now()],
      );
    },
  },
  {
    area,
    name: "every reason for which a job can end is kept",
    async run(context) {
      for (const reason of endReasons) {
        const { provider, id, lease } = await givenClaim(context);
        await provider.nack([{ id, fence: lease.fence, outcome: "dead", reason, error: failure }]);
        deepEqual((await recordOf(provider, id)).reason, reason);
      }
    },
  },
  {
    area,
    name: "a lease that ended stays ended when the job waits again",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      const rejection = { id, fence: lease.fence, outcome: "retry", delayMs: 0, error: failure } as const;
      await provider.nack([rejection]);
      await expectUnchanged(provider, id, async () => {
        deepEqual(await provider.ack([lease]), ["alreadyDone"]);
        deepEqual(await provider.nack([rejection]), ["alreadyDone"]);
        deepEqual(await provider.report([{ ...lease, progress: 1 }]), ["alreadyDone"]);
      });
    },
  },
  {
    area: "late settlement",
    name: "expiry alone refuses nothing",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.advance(10 * leaseMs);
      deepEqual(await provider.ack([lease]), ["ok"]);
      await expectState(provider, id, "succeeded");
    },
  },
  {
    area: "late settlement",
    name: "an ack after the reaper is accepted once and takes the crash back",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      const reaped = await recordOf(provider, id);
      deepEqual([reaped.attempt, reaped.crashes], [0, 1]);
      deepEqual(await provider.ack([lease, lease]), ["ok", "alreadyDone"]);
      const { state, attempt, crashes } = await recordOf(provider, id);
      deepEqual([state, attempt, crashes], ["succeeded", 1, 0]);
    },
  },
  {
    area: "late settlement",
    name: "a job ended as a crash loop refuses the late ack",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context, { maxCrashes: 0 });
      deepEqual(await provider.ack([lease]), ["alreadyDone"]);
      const { state, reason } = await recordOf(provider, id);
      deepEqual([state, reason], ["dead", "crash-loop"]);
    },
  },
  {
    area: "late settlement",
    name: "a cancelled lapse refuses the late ack",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      deepEqual(await provider.cancel([id]), ["cancelled"]);
      deepEqual(await provider.ack([lease]), ["alreadyDone"]);
      await expectState(provider, id, "cancelled");
    },
  },
  {
    area: "late settlement",
    name: "a requeued job refuses the settlement of its former lease",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([lease]);
      await provider.requeue([id]);
      await expectUnchanged(provider, id, async () => deepEqual(await provider.ack([lease]), ["alreadyDone"]));
    },
  },
  {
    area: "progress",
    name: "a report is shown while the job runs and cleared by the next claim",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      deepEqual(
        await provider.report([
          { ...lease, progress: 40 },
          { ...lease, progress: 55 },
        ]),
        ["ok", "ok"],
      );
      equal((await recordOf(provider, id)).progress, 55);
      await provider.nack([{ id, fence: lease.fence, outcome: "release" }]);
      await claimOne(provider);
      equal((await recordOf(provider, id)).progress, undefined);
    },
  },
  {
    area: "progress",
    name: "a report does not move the lease",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      context.clock.advance(second);
      await provider.report([{ ...lease, progress: 1 }]);
      equal((await recordOf(provider, id)).leaseUntil, lease.leaseUntil);
    },
  },
  {
    area: "heartbeat",
    name: "extend moves every lease of its worker, in insertion order, and no other",
    async run(context) {
      const { provider, id } = await givenJob(context, { priority: 1 });
      await provider.enqueue([context.newJob({ priority: -1 })]);
      const urgent = await claimOne(provider);
      await claimOne(provider);
      await provider.enqueue([context.newJob()]);
      const foreign = await claimOne(provider, { workerId: "w2" });
      context.clock.advance(second);
      const held = await provider.extend({ workerId: "w1", leaseMs });
      const leaseUntil = context.clock.now() + leaseMs;
      deepEqual(held, [
        { id, fence: 1, leaseUntil, cancelRequested: false },
        { id: urgent.id, fence: 1, leaseUntil, cancelRequested: false },
      ]);
      equal((await recordOf(provider, id)).leaseUntil, leaseUntil);
      equal((await recordOf(provider, foreign.id)).leaseUntil, foreign.leaseUntil);
    },
  },
  {
    area: "heartbeat",
    name: "extend revives a lease that expired but was not reaped",
    async run(context) {
      const { provider, id } = await givenClaim(context);
      context.clock.advance(leaseMs + 1);
      deepEqual(idsOf(await provider.extend({ workerId: "w1", leaseMs })), [id]);
      deepEqual(await provider.reap(10), { readied: 0, ended: 0 });
    },
  },
  {
    area: "heartbeat",
    name: "what is settled or taken by another worker is no longer in the list",
    async run(context) {
      const { provider } = await givenLapse(context);
      await claimOne(provider, { workerId: "w2" });
      await provider.enqueue([context.newJob()]);
      await provider.ack([await claimOne(provider)]);
      deepEqual(await provider.extend({ workerId: "w1", leaseMs }), []);
    },
  },
];
