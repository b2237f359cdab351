import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Need, NeedCondition, NewJob } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import { type Case, claimOf, enqueueOne, kill, needing, statusesOf } from "./needs-steps.ts";
import { claimRequest, expectState, first, givenBlocked, givenJob, hour, idsOf } from "./steps.ts";

/** A job that waits for a first member; more may be added. */
async function givenBatch(context: ConformanceContext, when: NeedCondition = "succeeded") {
  const { provider, id: seal } = await givenJob(context, { delayMs: hour });
  const batch = await enqueueOne(provider, context.newJob({ needs: needing([seal], when) }));
  const member = (overrides: Partial<NewJob> = {}, condition = when): NewJob =>
    context.newJob({ neededBy: [{ id: batch, when: condition } satisfies Need], ...overrides });
  return { provider, seal, batch, member };
}

const cases: readonly Case[] = [
  {
    name: "a job that is held waits for those that are added as well, in the order in which they came",
    async run(context) {
      const { provider, seal, batch, member } = await givenBatch(context);
      const members = [member(), member({}, "finished"), member()];
      await provider.enqueue(members.slice(0, 2));
      await provider.complete([{ id: seal }]);
      await provider.enqueue(members.slice(2));
      const { needs } = await provider.needs({ id: batch });
      deepEqual(
        needs.map(({ job, when, status }) => [job.id, when, status]),
        [
          [seal, "succeeded", "met"],
          [members[0]?.id, "succeeded", "open"],
          [members[1]?.id, "finished", "open"],
          [members[2]?.id, "succeeded", "open"],
        ],
      );
      const leases = await provider.claim(claimRequest());
      await provider.ack(leases.slice(0, 2));
      await expectState(provider, batch, "blocked");
      await provider.ack(leases.slice(2));
      await expectState(provider, batch, "ready");
    },
  },
  {
    name: "nothing is added to what waits no longer, and nothing of that call is enqueued; what was added stays added",
    async run(context) {
      const { provider, seal, batch, member } = await givenBatch(context);
      const added = member();
      await provider.enqueue([added]);
      await provider.complete([{ id: seal }, { id: added.id }]);
      await expectState(provider, batch, "ready");
      await rejects(provider.enqueue([context.newJob(), member()]), { code: "JW_BATCH_CLOSED" });
      equal(first(await provider.enqueue([added])).outcome, "duplicate");
      deepEqual(await provider.counts(), { mail: { ready: 1, succeeded: 2 } });
    },
  },
  {
    name: "nothing is added to a job that does not exist, that needs nothing, or that waits at a gate",
    async run(context) {
      const { provider, id: blocked } = await givenBlocked(context);
      const plain = await enqueueOne(provider, context.newJob());
      for (const id of [context.newJob().id, plain, blocked]) {
        const job = context.newJob({ neededBy: [{ id, when: "finished" }] });
        await rejects(provider.enqueue([job]), { code: "JW_BATCH_CLOSED" });
        equal(await provider.get(job.id), undefined);
      }
    },
  },
  {
    name: "a batch that was cancelled, or skipped, takes no more",
    async run(context) {
      const { provider, batch, member } = await givenBatch(context);
      await provider.cancel([batch]);
      await rejects(provider.enqueue([member()]), { code: "JW_BATCH_CLOSED" });
    },
  },
  {
    name: "a member that fails skips a batch that needs its success, and not one that needs its end",
    async run(context) {
      const strict = await givenBatch(context);
      const lost = strict.member();
      await strict.provider.enqueue([lost]);
      await kill(strict.provider, lost.id, context);
      await expectState(strict.provider, strict.batch, "skipped");
      const lenient = await givenBatch(context, "finished");
      const failed = lenient.member();
      await lenient.provider.enqueue([failed]);
      await kill(lenient.provider, failed.id, context);
      await expectState(lenient.provider, lenient.batch, "blocked");
      await lenient.provider.complete([{ id: lenient.seal }]);
      await expectState(lenient.provider, lenient.batch, "ready");
    },
  },
  {
    name: "a member may be needed by several, of which one waits for it when another waits no longer",
    async run(context) {
      const { provider, seal, batch } = await givenBatch(context);
      const end = await enqueueOne(provider, context.newJob({ needs: needing([seal, batch], "finished") }));
      const neededBy = [
        { id: batch, when: "succeeded" },
        { id: end, when: "finished" },
      ] as const;
      const members = [context.newJob({ neededBy }), context.newJob({ neededBy }), context.newJob({ neededBy })];
      await provider.enqueue(members);
      await provider.complete([{ id: seal }]);
      const [lost, ...others] = idsOf(members);
      await kill(provider, lost ?? "", context);
      await expectState(provider, batch, "skipped");
      deepEqual(await statusesOf(provider, end), ["met", "met", "met", "open", "open"]);
      for (const id of others) {
        await expectState(provider, end, "blocked");
        await provider.ack([await claimOf(provider, id)]);
      }
      await expectState(provider, end, "ready");
      await rejects(provider.enqueue([context.newJob({ neededBy })]), { code: "JW_BATCH_CLOSED" });
    },
  },
  {
    name: "members may need each other",
    async run(context) {
      const { provider, seal, batch, member } = await givenBatch(context);
      const chain = [context.newJob(), context.newJob()];
      await provider.enqueue([
        first(chain),
        { ...member(), id: chain[1]?.id ?? "", needs: needing([first(chain).id]) },
      ]);
      await provider.complete([{ id: seal }]);
      for (const { id } of chain) {
        await expectState(provider, batch, "blocked");
        await provider.ack([await claimOf(provider, id)]);
      }
      await expectState(provider, batch, "ready");
    },
  },
  {
    name: "of two hundred members that end at once through several providers the follow-up runs once, after the last",
    async run(context) {
      const size = 200;
      const provider = await context.createProvider();
      const others = [await context.createProvider(), await context.createProvider()];
      const members = Array.from({ length: size }, () => context.newJob());
      await provider.enqueue(members);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(members)) }));
      const leases = await provider.claim(claimRequest());
      equal(leases.length, size);
      const calls = Array.from({ length: size / 10 }, (_, call) => leases.slice(call * 10, call * 10 + 10));
      const all = [provider, ...others];
      const settled = await Promise.all(
        calls.map(async (call, index) => await (all[index % all.length] ?? provider).ack(call)),
      );
      deepEqual(new Set(settled.flat()), new Set(["ok"]));
      await expectState(provider, child, "ready");
      const claims = await Promise.all(all.map((one) => one.claim(claimRequest({ workerId: "w2" }))));
      deepEqual(idsOf(claims.flat()), [child]);
    },
  },
];

export const batchCases: readonly ConformanceCase[] = cases.map((one) => ({ ...one, area: "batches" }));
