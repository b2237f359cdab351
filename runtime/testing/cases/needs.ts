import { deepEqual, equal, rejects } from "node:assert/strict";
import { needConditions, prerequisites, type JobState } from "../../contract/index.ts";
import { decisions, type EndKind, type Verdict, verdict } from "../../core/needs.ts";
import type { ConformanceCase } from "../conformance.ts";
import {
  type Case,
  chainOf,
  claimOf,
  enqueueOne,
  kill,
  needing,
  statesOf,
  statusesOf,
  type End,
} from "./needs-steps.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  first,
  givenJob,
  hour,
  idsOf,
  leaseMs,
  recordOf,
  second,
} from "./steps.ts";

/** Ways to end a job that waits, and what they are to those that need it. */
const ends: Readonly<Record<string, readonly [EndKind, End]>> = {
  "is acknowledged": ["succeeded", async (provider, id) => provider.ack([await claimOf(provider, id)])],
  "is completed from outside": ["succeeded", (provider, id) => provider.complete([{ id }])],
  dies: ["failed", kill],
  "is cancelled while it waits": ["failed", (provider, id) => provider.cancel([id])],
  "is cancelled while it runs": [
    "failed",
    async (provider, id) => {
      const lease = await claimOf(provider, id);
      await provider.cancel([id]);
      await provider.ack([lease]);
    },
  ],
  "crashes too often": [
    "failed",
    async (provider, id, { clock }) => {
      for (let crash = 0; crash <= 3; crash++) {
        await claimOf(provider, id);
        clock.advance(leaseMs + 1);
        await provider.reap(10);
      }
    },
  ],
  "is skipped by its worker": [
    "passedOver",
    async (provider, id) => provider.nack([{ ...(await claimOf(provider, id)), outcome: "skip" }]),
  ],
};

const afterVerdict: Readonly<Record<Verdict, JobState>> = {
  wait: "blocked",
  go: "ready",
  prerequisite: "skipped",
  condition: "skipped",
};

const conditionCases = Object.entries(ends).flatMap(([what, [kind, end]]) =>
  needConditions.map((when): Case => {
    const status = decisions[when][kind];
    const found = verdict("all", [status]);
    return {
      name: `a job that needs another one to be ${when} is ${afterVerdict[found]} in the step in which that one ${what}`,
      async run(context) {
        const { provider, id } = await givenJob(context);
        const child = await enqueueOne(provider, context.newJob({ needs: needing([id], when) }));
        await expectState(provider, child, "blocked");
        await end(provider, id, context);
        const record = await recordOf(provider, child);
        equal(record.state, afterVerdict[found]);
        equal(record.reason, found === "go" ? undefined : found);
        equal(record.blockedBy, undefined);
        equal(record.finishedAt, found === "go" ? undefined : context.clock.now());
        deepEqual(await statusesOf(provider, child), [status]);
      },
    };
  }),
);

const lateCases = needConditions.flatMap((when) =>
  Object.entries(ends).map(([what, [kind, end]]): Case => ({
    name: `one that needs it ${when} and comes after it ${what} is decided at once`,
    async run(context) {
      const { provider, id } = await givenJob(context);
      await end(provider, id, context);
      const result = first(await provider.enqueue([context.newJob({ needs: needing([id], when) })]));
      const found = verdict("all", [decisions[when][kind]]);
      deepEqual([result.outcome, result.state], ["enqueued", afterVerdict[found]]);
      equal((await recordOf(provider, result.id)).reason, found === "go" ? undefined : found);
    },
  })),
);

const modeCases: readonly Case[] = [
  {
    name: "a job that needs all of many waits for the last of them",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents)) }));
      const leases = await provider.claim(claimRequest());
      await provider.ack(leases.slice(0, 2));
      equal((await recordOf(provider, child)).blockedBy, prerequisites);
      deepEqual((await statusesOf(provider, child)).toSorted(), ["met", "met", "open"]);
      await provider.ack(leases.slice(2));
      await expectState(provider, child, "ready");
      equal((await claimOne(provider)).id, child);
    },
  },
  {
    name: "a job that needs all of many is skipped with the first that fails; the others go on",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents)) }));
      await kill(provider, parents[1]?.id ?? "", context);
      deepEqual(await statesOf(provider, [...idsOf(parents), child]), ["ready", "dead", "skipped"]);
      await provider.ack(await provider.claim(claimRequest()));
      const record = await recordOf(provider, child);
      deepEqual([record.state, record.reason], ["skipped", "prerequisite"]);
      deepEqual(await statusesOf(provider, child), ["met", "broken"]);
    },
  },
  {
    name: "a job that needs any of many runs with the first, once",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents), "failed", "any") }));
      await kill(provider, first(parents).id, context);
      await expectState(provider, child, "ready");
      await provider.ack([await claimOf(provider, child)]);
      await kill(provider, parents[1]?.id ?? "", context);
      await expectState(provider, child, "succeeded");
    },
  },
  {
    name: "a job that needs any of many is skipped when none is left, for a failure if one of them failed",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const children = await provider.enqueue([
        context.newJob({ needs: needing(idsOf(parents), "succeeded", "any") }),
        context.newJob({ needs: needing(idsOf(parents), "failed", "any") }),
      ]);
      const [byFailure, byCondition] = children.map(({ id }) => id);
      await kill(provider, first(parents).id, context);
      await expectState(provider, byFailure ?? "", "blocked");
      await provider.nack([{ ...(await claimOf(provider, parents[1]?.id ?? "")), outcome: "skip" }]);
      equal((await recordOf(provider, byFailure ?? "")).reason, "prerequisite");
      equal((await recordOf(provider, byCondition ?? "")).state, "ready");
    },
  },
  {
    name: "all of nothing lets a job go, any of nothing skips it",
    async run(context) {
      const provider = await context.createProvider();
      const results = await provider.enqueue([
        context.newJob({ needs: needing([]) }),
        context.newJob({ needs: needing([], "finished", "any") }),
      ]);
      deepEqual(
        results.map(({ state }) => state),
        ["ready", "skipped"],
      );
      equal((await recordOf(provider, results[1]?.id ?? "")).reason, "condition");
    },
  },
  {
    name: "edges that are decided stay decided when the job that is needed is requeued",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const child = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents), "finished") }));
      await kill(provider, first(parents).id, context);
      await provider.requeue([first(parents).id]);
      deepEqual(await statusesOf(provider, child), ["met", "open"]);
      await provider.cancel([parents[1]?.id ?? ""]);
      await expectState(provider, child, "ready");
    },
  },
];

const chainCases: readonly Case[] = [
  {
    name: "a chain runs link by link",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 4);
      const results = await provider.enqueue(chain);
      deepEqual(
        results.map(({ state }) => state),
        ["ready", "blocked", "blocked", "blocked"],
      );
      for (const { id } of chain) {
        const claimed = await provider.claim(claimRequest());
        deepEqual(idsOf(claimed), [id]);
        deepEqual(await provider.ack(claimed), ["ok"]);
      }
      deepEqual(await provider.counts(), { mail: { succeeded: 4 } });
    },
  },
  {
    name: "what follows a job that failed is skipped, down to the last, in one step",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 20);
      await provider.enqueue(chain);
      await kill(provider, first(chain).id, context);
      deepEqual(await provider.counts(), { mail: { dead: 1, skipped: 19 } });
      const last = await recordOf(provider, chain.at(-1)?.id ?? "");
      deepEqual([last.reason, last.attempt, last.fence], ["prerequisite", 0, 0]);
      equal((await provider.awaitSettled(last.id))?.state, "skipped");
    },
  },
  {
    name: "what follows a job that was not to run is passed over for the same reason",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 3);
      await provider.enqueue(chain);
      const join = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(chain), "notFailed") }));
      const onFailure = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(chain), "failed", "any") }));
      await provider.nack([{ ...(await claimOf(provider, first(chain).id)), outcome: "skip" }]);
      deepEqual(await statesOf(provider, idsOf(chain)), ["skipped", "skipped", "skipped"]);
      equal((await recordOf(provider, chain[2]?.id ?? "")).reason, "condition");
      await expectState(provider, join, "ready");
      await expectState(provider, onFailure, "skipped");
    },
  },
  {
    name: "a failure before it counts as its own for what waits for the failure of a link",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 3);
      await provider.enqueue(chain);
      const last = chain[2]?.id ?? "";
      const onFailure = await enqueueOne(provider, context.newJob({ needs: needing([last], "failed") }));
      const onSuccess = await enqueueOne(provider, context.newJob({ needs: needing([last], "notFailed") }));
      await kill(provider, first(chain).id, context);
      await expectState(provider, onFailure, "ready");
      await expectState(provider, onSuccess, "skipped");
    },
  },
  {
    name: "what waits for its needs is in no claim, no promotion and no queue's way",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const child = await enqueueOne(provider, context.newJob({ priority: -5, needs: needing([id]) }));
      context.clock.advance(hour);
      deepEqual(await provider.promote(10), { promoted: 0, nextRunAt: undefined });
      deepEqual(idsOf(await provider.claim(claimRequest())), [id]);
      deepEqual(await provider.counts(), { mail: { running: 1, blocked: 1 } });
      deepEqual(idsOf((await provider.list({ states: ["blocked"] })).jobs), [child]);
    },
  },
  {
    name: "a job that is let go is due from then on, or so long after as it was delayed",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const later = context.clock.now() + hour;
      const jobs = [
        context.newJob({ needs: needing([id]) }),
        context.newJob({ needs: needing([id]), delayMs: second }),
        context.newJob({ needs: needing([id]), runAt: later }),
        context.newJob({ needs: needing([id]), runAt: 1 }),
      ];
      await provider.enqueue(jobs);
      context.clock.advance(second);
      await provider.ack([await claimOf(provider, id)]);
      const now = context.clock.now();
      const records = await Promise.all(jobs.map((job) => recordOf(provider, job.id)));
      deepEqual(
        records.map(({ state, runAt }) => [state, runAt]),
        [
          ["ready", now],
          ["scheduled", now + second],
          ["scheduled", later],
          ["ready", now],
        ],
      );
      context.clock.advance(second);
      equal((await provider.promote(10)).promoted, 1);
    },
  },
  {
    name: "a change of a job that is held counts when it is let go",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const child = await enqueueOne(provider, context.newJob({ needs: needing([id]) }));
      const runAt = context.clock.now() + hour;
      deepEqual(await provider.change([{ id: child, runAt, priority: 3 }]), ["changed"]);
      equal((await recordOf(provider, child)).blockedBy, prerequisites);
      await provider.ack([await claimOf(provider, id)]);
      const { state, runAt: due, priority } = await recordOf(provider, child);
      deepEqual([state, due, priority], ["scheduled", runAt, 3]);
    },
  },
];

const enqueueCases: readonly Case[] = [
  {
    name: "nothing is enqueued if one of the jobs needs one that is not there",
    async run(context) {
      const provider = await context.createProvider();
      const missing = context.newJob();
      const jobs = [context.newJob(), context.newJob({ needs: needing([missing.id]) })];
      await rejects(provider.enqueue(jobs), { code: "JW_NO_PREREQUISITE" });
      deepEqual(await provider.counts(), {});
    },
  },
  {
    name: "a job that stands later in the call is not there yet",
    async run(context) {
      const provider = await context.createProvider();
      const parent = context.newJob();
      await rejects(provider.enqueue([context.newJob({ needs: needing([parent.id]) }), parent]), {
        code: "JW_NO_PREREQUISITE",
      });
      deepEqual(await provider.counts(), {});
    },
  },
  {
    name: "a job with a unique key is not there before the call is over: another one may hold the key",
    async run(context) {
      const provider = await context.createProvider();
      const parent = context.newJob({ unique: { key: "k", scope: "live", onConflict: "ignore" } });
      const child = context.newJob({ needs: needing([parent.id]) });
      await rejects(provider.enqueue([parent, child]), { code: "JW_NO_PREREQUISITE" });
      await provider.enqueue([parent]);
      await provider.enqueue([child]);
      await expectState(provider, child.id, "blocked");
    },
  },
  {
    name: "a call that is made again draws no edge twice",
    async run(context) {
      const provider = await context.createProvider();
      const chain = chainOf(context, 3);
      await provider.enqueue(chain);
      deepEqual(
        (await provider.enqueue(chain)).map(({ outcome, state }) => [outcome, state]),
        [
          ["duplicate", "ready"],
          ["duplicate", "blocked"],
          ["duplicate", "blocked"],
        ],
      );
      deepEqual(await statusesOf(provider, chain[2]?.id ?? ""), ["open"]);
      await provider.ack([await claimOf(provider, first(chain).id)]);
      await expectState(provider, chain[1]?.id ?? "", "ready");
      await provider.enqueue(chain);
      await expectState(provider, chain[1]?.id ?? "", "ready");
    },
  },
  {
    name: "the jobs of a slot may need each other",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = chainOf(context, 2);
      await provider.putSchedules([{ key: "s", name: "mail", spec: "1", nextAt: context.clock.now() }]);
      const at = context.clock.now();
      const firing = { key: "s", spec: "1", expectedAt: at, slotAt: at, jobs, nextAt: undefined };
      equal((await provider.fireSchedule(firing)).outcome, "fired");
      deepEqual(await statesOf(provider, idsOf(jobs)), ["ready", "blocked"]);
    },
  },
];

const readCases: readonly Case[] = [
  {
    name: "what a job needs is told page by page, with what became of it",
    async run(context) {
      const provider = await context.createProvider();
      const parents = [context.newJob(), context.newJob(), context.newJob()];
      await provider.enqueue(parents);
      const id = await enqueueOne(provider, context.newJob({ needs: needing(idsOf(parents), "finished") }));
      const lease = await claimOf(provider, first(parents).id);
      await provider.ack([{ ...lease, output: '"done"' }]);
      const page = await provider.needs({ id, limit: 2 });
      deepEqual(
        page.needs.map(({ status, job }) => [status, job.id, job.output]),
        [
          ["met", parents[0]?.id, '"done"'],
          ["open", parents[1]?.id, undefined],
        ],
      );
      deepEqual(first(page.needs).job, await recordOf(provider, first(parents).id));
      const rest = await provider.needs({
        id,
        limit: 2,
        ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
      });
      deepEqual([idsOf(rest.needs.map(({ job }) => job)), rest.cursor], [[parents[2]?.id], undefined]);
    },
  },
  {
    name: "a job without needs, and one that does not exist, need nothing",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const nothing = { needs: [], cursor: undefined };
      deepEqual(await provider.needs({ id }), nothing);
      deepEqual(await provider.needs({ id: context.newJob().id }), nothing);
    },
  },
  {
    name: "a page of needs has a sensible limit and a cursor of its own",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await rejects(provider.needs({ id, limit: 0 }), { code: "JW_INVALID_OPTION" });
      await rejects(provider.needs({ id, limit: 1_001 }), { code: "JW_INVALID_OPTION" });
      await rejects(provider.needs({ id, cursor: "x" }), { code: "JW_INVALID_OPTION" });
    },
  },
];

export const needsCases: readonly ConformanceCase[] = [
  ...conditionCases,
  ...lateCases,
  ...modeCases,
  ...chainCases,
  ...enqueueCases,
  ...readCases,
].map((one) => ({ ...one, area: "needs" }));
