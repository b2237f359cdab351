import { deepEqual, equal } from "node:assert/strict";
import type { ConformanceCase } from "../conformance.ts";
import { type Case, chainOf, claimOf, enqueueOne, kill, needing, statesOf, statusesOf } from "./needs-steps.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  failure,
  first,
  gate,
  givenBlocked,
  givenClaim,
  givenJob,
  givenLapse,
  hour,
  idsOf,
  pruneAll,
  recordOf,
  second,
} from "./steps.ts";

const fenceCases: readonly Case[] = [
  {
    name: "a settlement that is refused decides nothing",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      const again = await claimOne(provider, { workerId: "w2" });
      deepEqual(await provider.ack([lease]), ["stale"]);
      await expectState(provider, child, "blocked");
      deepEqual(await provider.ack([again]), ["ok"]);
      await expectState(provider, child, "ready");
      const lost = await claimOne(provider);
      deepEqual(await provider.ack([again]), ["alreadyDone"]);
      equal(lost.id, child);
      await expectState(provider, child, "running");
    },
  },
  {
    name: "a settlement that comes twice counts once",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents)) }));
      const leases = await provider.claim(claimRequest());
      await provider.ack(leases.slice(0, 1));
      deepEqual(await provider.ack(leases.slice(0, 1)), ["alreadyDone"]);
      deepEqual(await statusesOf(provider, child), ["met", "open"]);
      deepEqual(await provider.ack(leases), ["alreadyDone", "ok"]);
      equal((await claimOne(provider)).id, child);
    },
  },
  {
    name: "a late settlement of a lapsed lease decides",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      deepEqual(await provider.ack([lease]), ["ok"]);
      await expectState(provider, child, "ready");
    },
  },
  {
    name: "edges are decided in the same step whether or not the settlement says that its lease is gated",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      equal(lease.gated, undefined);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      const plain = await enqueueOne(provider, context.newJob());
      const others = await provider.claim(claimRequest());
      deepEqual(idsOf(others), [plain]);
      deepEqual(await provider.ack([...others, { id, fence: lease.fence }]), ["ok", "ok"]);
      await expectState(provider, child, "ready");
    },
  },
  {
    name: "a claim says that others need the job",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.enqueue([context.newJob({ needs: needing([id]) }), context.newJob()]);
      deepEqual(
        (await provider.claim(claimRequest())).map(({ gated }) => gated),
        [true, undefined],
      );
    },
  },
  {
    name: "a retry, a snooze and a release are no end",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id], "finished") }));
      await provider.nack([{ ...(await claimOne(provider)), outcome: "release" }]);
      await provider.nack([{ ...(await claimOne(provider)), outcome: "snooze", delayMs: 0 }]);
      await provider.nack([{ ...(await claimOne(provider)), outcome: "retry", delayMs: 0, error: failure }]);
      await expectState(provider, child, "blocked");
      deepEqual(await statusesOf(provider, child), ["open"]);
    },
  },
];

const controlCases: readonly Case[] = [
  {
    name: "a job that is skipped by its worker says why, and was no attempt",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      deepEqual(await provider.nack([{ ...lease, outcome: "skip" }]), ["ok"]);
      const { state, reason, attempt } = await recordOf(provider, id);
      deepEqual([state, reason, attempt], ["skipped", "condition", 0]);
    },
  },
  {
    name: "waiting jobs are completed from outside, with their output; others are not",
    async run(context) {
      const { provider, id } = await givenClaim(context);
      const scheduled = await enqueueOne(provider, context.newJob({ delayMs: hour }));
      const ready = await enqueueOne(provider, context.newJob());
      const items = [{ id: scheduled, output: '"here"' }, { id: ready }, { id }, { id: context.newJob().id }];
      deepEqual(await provider.complete(items), ["completed", "completed", "notWaiting", "notFound"]);
      const record = await recordOf(provider, scheduled);
      deepEqual([record.state, record.output], ["succeeded", '"here"']);
      equal((await recordOf(provider, ready)).output, undefined);
      deepEqual(await provider.complete([{ id: scheduled, output: '"again"' }]), ["notWaiting"]);
      equal((await recordOf(provider, scheduled)).output, '"here"');
      deepEqual(await provider.claim(claimRequest()), []);
    },
  },
  {
    name: "a job that waits for its needs can be completed, and they then mean nothing",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      const grandchild = await enqueueOne(provider, context.newJob({ needs: needing([child]) }));
      deepEqual(await provider.complete([{ id: child, output: "1" }]), ["completed"]);
      await expectState(provider, grandchild, "ready");
      await kill(provider, id, context);
      await expectState(provider, child, "succeeded");
      deepEqual(await statusesOf(provider, child), ["broken"]);
    },
  },
  {
    name: "a completion gives back the place at a gate",
    async run(context) {
      const { provider, id, first: holder } = await givenBlocked(context);
      await provider.complete([{ id: holder }]);
      await expectState(provider, id, "ready");
    },
  },
  {
    name: "what was cancelled while it waited for its needs stays so when they end",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      const grandchild = await enqueueOne(provider, context.newJob({ needs: needing([child]) }));
      deepEqual(await provider.cancel([child]), ["cancelled"]);
      await expectState(provider, grandchild, "skipped");
      await provider.ack([await claimOf(provider, id)]);
      await expectState(provider, child, "cancelled");
    },
  },
  {
    name: "a job and what was skipped because of it are requeued in one call, and run in their order",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 3);
      await provider.enqueue(chain);
      await kill(provider, first(chain).id, context);
      deepEqual(await provider.requeue(idsOf(chain)), ["requeued", "requeued", "requeued"]);
      deepEqual(await statesOf(provider, idsOf(chain)), ["ready", "blocked", "blocked"]);
      equal((await recordOf(provider, chain[2]?.id ?? "")).reason, undefined);
      for (const { id } of chain) deepEqual(await provider.ack([await claimOne(provider)]), ["ok"], id);
      deepEqual(await provider.counts(), { mail: { succeeded: 3 } });
    },
  },
  {
    name: "a requeued job whose needs are as they were is skipped again at once",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 2);
      await provider.enqueue(chain);
      await kill(provider, first(chain).id, context);
      const last = chain[1]?.id ?? "";
      deepEqual(await provider.requeue([last]), ["requeued"]);
      const { state, reason } = await recordOf(provider, last);
      deepEqual([state, reason], ["skipped", "prerequisite"]);
    },
  },
  {
    name: "a requeued job waits again for one that was requeued before it",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 2);
      await provider.enqueue(chain);
      for (const _ of chain) await provider.ack([await claimOne(provider)]);
      const last = chain[1]?.id ?? "";
      await provider.requeue([first(chain).id]);
      await expectState(provider, last, "succeeded");
      await provider.requeue([last]);
      deepEqual(await statesOf(provider, idsOf(chain)), ["ready", "blocked"]);
      deepEqual(await statusesOf(provider, last), ["open"]);
    },
  },
  {
    name: "a delay of a requeue counts from then, also for a job that its needs hold",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 2);
      await provider.enqueue(chain);
      await kill(provider, first(chain).id, context);
      const now = context.clock.now();
      await provider.requeue(idsOf(chain), [0, hour]);
      const last = chain[1]?.id ?? "";
      await expectState(provider, last, "blocked");
      await provider.ack([await claimOne(provider)]);
      const { state, runAt } = await recordOf(provider, last);
      deepEqual([state, runAt], ["scheduled", now + hour]);
    },
  },
];

const gateCases: readonly Case[] = [
  {
    name: "a job that its needs hold takes no place at a gate, and waits at its gates when they let it go",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const held = await enqueueOne(provider, context.newJob({ needs: needing([id]), gates: [gate()] }));
      const other = await enqueueOne(provider, context.newJob({ gates: [gate()] }));
      await expectState(provider, other, "ready");
      await provider.ack([await claimOf(provider, id)]);
      equal((await recordOf(provider, held)).blockedBy, gate().key);
      await provider.ack([await claimOf(provider, other)]);
      await expectState(provider, held, "ready");
    },
  },
  {
    name: "a place at a gate that a skipped job leaves is taken by nobody twice",
    async run(context) {
      const provider = await context.createProvider();
      const gated = { gates: [gate()] };
      const [parent, waiting] = [context.newJob(gated), context.newJob(gated)];
      await provider.enqueue([parent, waiting]);
      const child = await enqueueOne(provider, context.newJob({ ...gated, needs: needing([parent.id]) }));
      await kill(provider, parent.id, context);
      deepEqual(await statesOf(provider, [waiting.id, child]), ["ready", "skipped"]);
      equal((await provider.claim(claimRequest())).length, 1);
    },
  },
  {
    name: "a job that is let go takes its turn in the order of its key",
    async run(context) {
      const order = gate({ policy: "mail.order", key: "mail.order:ada", kind: "order", level: 0 });
      const { provider, id } = await givenJob(context);
      const held = await enqueueOne(provider, context.newJob({ needs: needing([id]), gates: [order] }));
      const next = await enqueueOne(provider, context.newJob({ gates: [order] }));
      deepEqual(await statesOf(provider, [held, next]), ["blocked", "ready"]);
      await provider.ack([await claimOf(provider, id)]);
      await expectState(provider, held, "blocked");
      await provider.ack([await claimOf(provider, next)]);
      await expectState(provider, held, "ready");
    },
  },
];

const keptCases: readonly Case[] = [
  {
    name: "a job is kept for as long as one that needs it, and goes after it",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 3);
      await provider.enqueue(chain);
      await provider.ack([await claimOne(provider)]);
      context.clock.advance(1);
      equal(await provider.prune(pruneAll), 0);
      for (const _ of chain.slice(1)) await provider.ack([await claimOne(provider)]);
      context.clock.advance(1);
      let pruned = 0;
      // One after the other: a call deletes what nothing needs any more when it begins.
      for (const _ of chain) pruned += await provider.prune(pruneAll);
      equal(pruned, 3);
      deepEqual(await provider.counts(), {});
    },
  },
  {
    name: "a job that kept others does so no longer when its own retention is over",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 2);
      await provider.enqueue(chain);
      await provider.ack([await claimOne(provider)]);
      await kill(provider, chain[1]?.id ?? "", context);
      context.clock.advance(second);
      const request = { retentionMs: { succeeded: 0, dead: hour }, limit: 10 };
      equal(await provider.prune(request), 0);
      equal((await provider.needs({ id: chain[1]?.id ?? "" })).needs[0]?.job.state, "succeeded");
      context.clock.advance(hour);
      equal(await provider.prune(request), 1);
      equal(await provider.prune(request), 1);
    },
  },
];

/** What becomes of jobs that need each other in every other call. */
export const needsLifeCases: readonly ConformanceCase[] = [
  ...fenceCases,
  ...controlCases,
  ...gateCases,
  ...keptCases,
].map((one) => ({ ...one, area: "needs" }));
