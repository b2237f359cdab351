import { deepEqual, equal } from "node:assert/strict";
import type { ClaimedJob, Gate, JobState, NewJob, Provider } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  failure,
  first,
  gate,
  givenBlocked,
  hour,
  idsOf,
  leaseMs,
  recordOf,
  second,
} from "./steps.ts";

/** So many jobs with the same gates; returns their ids in insertion order. */
async function enqueueAlike(
  provider: Provider,
  { newJob }: ConformanceContext,
  count: number,
  overrides: Partial<NewJob>,
): Promise<readonly string[]> {
  return idsOf(await provider.enqueue(Array.from({ length: count }, () => newJob(overrides))));
}

async function statesOf(provider: Provider, ids: readonly string[]): Promise<readonly (JobState | undefined)[]> {
  return Promise.all(ids.map(async (id) => (await provider.get(id))?.state));
}

async function claimAll(provider: Provider): Promise<readonly ClaimedJob[]> {
  return provider.claim(claimRequest());
}

const rate = (overrides: Partial<Gate> = {}): Gate =>
  gate({ policy: "mail.rate", key: "mail.rate:ada", kind: "rate", level: 2, windowMs: 10 * second, ...overrides });
const order = (overrides: Partial<Gate> = {}): Gate =>
  gate({ policy: "mail.order", key: "mail.order:ada", kind: "order", level: 0, ...overrides });
const fair = (key: string): Gate => gate({ policy: "mail.fair", key: `mail.fair:${key}`, kind: "fair", limit: 2 });

const endings: Readonly<Record<string, (provider: Provider, lease: ClaimedJob) => Promise<unknown>>> = {
  "an ack": (provider, lease) => provider.ack([lease]),
  "a failure for good": (provider, lease) =>
    provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error: failure }]),
  "a retry later": (provider, lease) => provider.nack([{ ...lease, outcome: "retry", delayMs: hour, error: failure }]),
  "a snooze": (provider, lease) => provider.nack([{ ...lease, outcome: "snooze", delayMs: hour }]),
};

const concurrencyCases: readonly Omit<ConformanceCase, "area">[] = [
  {
    name: "so many jobs of a group as its limit are ready, the others are blocked, and nobody else is",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 4, { gates: [gate({ limit: 2 })] });
      const others = await enqueueAlike(provider, context, 2, { gates: [gate({ limit: 2, key: "mail.limit:bob" })] });
      const plain = await enqueueAlike(provider, context, 2, {});
      deepEqual(await statesOf(provider, ids), ["ready", "ready", "blocked", "blocked"]);
      deepEqual(await statesOf(provider, [...others, ...plain]), ["ready", "ready", "ready", "ready"]);
      equal((await recordOf(provider, ids[3] ?? "")).blockedBy, gate().key);
      equal((await recordOf(provider, first(ids))).blockedBy, undefined);
      deepEqual(await provider.counts(), { mail: { ready: 6, blocked: 2 } });
      deepEqual(idsOf((await provider.list({ states: ["blocked"] })).jobs), [ids[3], ids[2]]);
    },
  },
  {
    name: "an enqueue says where the job waits",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [context.newJob({ gates: [gate()] }), context.newJob({ gates: [gate()] })];
      const runAt = context.clock.now();
      deepEqual(
        (await provider.enqueue(jobs)).map((result) => [result.outcome, result.state, result.runAt]),
        [
          ["enqueued", "ready", runAt],
          ["enqueued", "blocked", runAt],
        ],
      );
      deepEqual(
        (await provider.enqueue(jobs)).map(({ outcome, state }) => [outcome, state]),
        [
          ["duplicate", "ready"],
          ["duplicate", "blocked"],
        ],
      );
    },
  },
  ...Object.entries(endings).map(([what, end]): Omit<ConformanceCase, "area"> => ({
    name: `${what} lets the next job in, in the same step`,
    async run(context) {
      const { provider, id } = await givenBlocked(context);
      await end(provider, await claimOne(provider));
      await expectState(provider, id, "ready");
      equal((await claimOne(provider)).id, id);
    },
  })),
  {
    name: "a settlement that does not say that its lease is gated lets the next job in at the next promotion",
    async run(context) {
      const { provider, id } = await givenBlocked(context);
      const { id: holder, fence } = await claimOne(provider);
      await provider.ack([{ id: holder, fence }]);
      await expectState(provider, id, "blocked");
      deepEqual(await provider.promote(10), { promoted: 0, nextRunAt: undefined });
      await expectState(provider, id, "ready");
    },
  },
  {
    name: "a claim says whether a lease is gated",
    async run(context) {
      const provider = await context.createProvider();
      await provider.enqueue([context.newJob({ gates: [gate()] }), context.newJob()]);
      deepEqual(
        (await claimAll(provider)).map(({ gated }) => gated),
        [true, undefined],
      );
    },
  },
  {
    name: "cancelling a job that is ready or blocked, or moving it away, makes room",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 4, { gates: [gate()] });
      await provider.cancel([ids[1] ?? ""]);
      deepEqual(await statesOf(provider, ids), ["ready", "cancelled", "blocked", "blocked"]);
      await provider.cancel([ids[0] ?? ""]);
      deepEqual(await statesOf(provider, ids), ["cancelled", "cancelled", "ready", "blocked"]);
      await provider.change([{ id: ids[2] ?? "", delayMs: hour }]);
      deepEqual(await statesOf(provider, ids), ["cancelled", "cancelled", "scheduled", "ready"]);
    },
  },
  {
    name: "the best of those that wait goes first",
    async run(context) {
      const { provider, id } = await givenBlocked(context);
      const urgent = context.newJob({ priority: -5, gates: [gate()] });
      await provider.enqueue([urgent]);
      await provider.ack([await claimOne(provider)]);
      deepEqual(await statesOf(provider, [id, urgent.id]), ["blocked", "ready"]);
      await provider.change([{ id, priority: -9 }]);
      await provider.ack([await claimOne(provider)]);
      await expectState(provider, id, "ready");
    },
  },
  {
    name: "a job that is due waits for room, and a retry gets in line again",
    async run(context) {
      const { provider, id, first: holder } = await givenBlocked(context, { delayMs: 0 });
      const late = context.newJob({ delayMs: second, gates: [gate()] });
      equal(first(await provider.enqueue([late])).state, "scheduled");
      const lease = await claimOne(provider);
      await provider.nack([{ ...lease, outcome: "retry", delayMs: second, error: failure }]);
      context.clock.advance(second);
      equal((await provider.promote(10)).promoted, 2);
      deepEqual(await statesOf(provider, [holder, id, late.id]), ["blocked", "ready", "blocked"]);
    },
  },
  {
    name: "a retry without delay gives its place to one that waits longer",
    async run(context) {
      const { provider, id, first: holder } = await givenBlocked(context, { priority: -1 });
      const lease = await claimOne(provider);
      await provider.nack([{ ...lease, outcome: "retry", delayMs: 0, error: failure }]);
      deepEqual(await statesOf(provider, [holder, id]), ["blocked", "ready"]);
    },
  },
  {
    name: "a crash gives the place back, and whoever crashed may still settle",
    async run(context) {
      const { provider, id, first: holder } = await givenBlocked(context, { priority: -1 });
      const lease = await claimOne(provider);
      context.clock.advance(leaseMs + 1);
      deepEqual(await provider.reap(10), { readied: 1, ended: 0 });
      deepEqual(await statesOf(provider, [holder, id]), ["blocked", "ready"]);
      deepEqual(await provider.ack([{ ...lease, output: "late" }]), ["ok"]);
      await expectState(provider, holder, "succeeded");
    },
  },
  {
    name: "no number of crashes leaks a place",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 6, { maxCrashes: 2, gates: [gate({ limit: 2 })] });
      for (let round = 0; round < 9; round++) {
        equal((await claimAll(provider)).length, 2);
        context.clock.advance(leaseMs + 1);
        await provider.reap(10);
      }
      deepEqual(new Set(await statesOf(provider, ids)), new Set(["dead"]));
    },
  },
  {
    name: "at no moment run more than the limit, whoever claims and settles",
    async run(context) {
      const providers = await Promise.all([context.createProvider(), context.createProvider()]);
      const ids = await enqueueAlike(first(providers), context, 40, { gates: [gate({ limit: 3 })] });
      let done = 0;
      for (let round = 0; done < ids.length && round < 100; round++) {
        const claims = await Promise.all(providers.map((each) => each.claim(claimRequest())));
        const leases = claims.flat();
        equal(leases.length <= 3, true, `${leases.length} jobs run`);
        await Promise.all(leases.map((lease, n) => (providers[n % 2] ?? first(providers)).ack([lease])));
        done += leases.length;
      }
      equal(done, ids.length);
    },
  },
  {
    name: "a limit that is set counts for jobs that wait already",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 4, { gates: [gate()] });
      await provider.putLimits([{ policy: gate().policy, kind: "concurrency", limit: 3 }]);
      await provider.promote(10);
      deepEqual(await statesOf(provider, ids), ["ready", "ready", "ready", "blocked"]);
      await provider.putLimits([{ policy: gate().policy, kind: "concurrency", limit: 1 }]);
      const [lease] = await claimAll(provider);
      if (lease) await provider.ack([lease]);
      deepEqual(await statesOf(provider, ids), ["succeeded", "running", "running", "blocked"]);
      equal(first(await provider.enqueue([context.newJob({ gates: [gate({ limit: 9 })] })])).state, "blocked");
    },
  },
  {
    name: "a job passes several gates from inside out, and waits at the first that is closed",
    async run(context) {
      const provider = await context.createProvider();
      const gates = (key: string): readonly Gate[] => [
        gate({ key: `mail.limit:${key}` }),
        gate({ policy: "queue", key: "queue", level: 5, limit: 2 }),
      ];
      const jobs = ["ada", "ada", "bob", "cy", "dot"].map((key) => context.newJob({ gates: gates(key) }));
      await provider.enqueue(jobs);
      const ids = idsOf(jobs);
      deepEqual(await statesOf(provider, ids), ["ready", "blocked", "ready", "blocked", "blocked"]);
      const keys = await Promise.all(ids.map(async (id) => (await recordOf(provider, id)).blockedBy));
      deepEqual(keys, [undefined, "mail.limit:ada", undefined, "queue", "queue"]);
      await provider.ack([await claimOne(provider)]);
      // Ada's second passes her own gate and is then before the others at the queue's.
      deepEqual(await statesOf(provider, ids), ["succeeded", "ready", "ready", "blocked", "blocked"]);
    },
  },
  {
    name: "a duplicate of a blocked job, and a blocked holder of a unique key, are met as any other",
    async run(context) {
      const provider = await context.createProvider();
      const unique = { key: "k", scope: "waiting", onConflict: "replace" } as const;
      await enqueueAlike(provider, context, 1, { gates: [gate()] });
      const holder = context.newJob({ gates: [gate()], unique });
      await provider.enqueue([holder]);
      const [replaced] = await provider.enqueue([
        context.newJob({ payload: "new", priority: -3, gates: [gate()], unique }),
      ]);
      deepEqual([replaced?.id, replaced?.outcome, replaced?.state], [holder.id, "replaced", "blocked"]);
      const [later] = await provider.enqueue([context.newJob({ delayMs: hour, gates: [gate()], unique })]);
      equal(later?.state, "scheduled");
      equal((await recordOf(provider, holder.id)).payload, "{}");
    },
  },
  {
    name: "a requeued job gets in line like a new one",
    async run(context) {
      const { provider, id, first: holder } = await givenBlocked(context);
      await provider.cancel([id]);
      deepEqual(await provider.requeue([id]), ["requeued"]);
      await expectState(provider, id, "blocked");
      await provider.cancel([holder]);
      await expectState(provider, id, "ready");
    },
  },
];

const rateCases: readonly Omit<ConformanceCase, "area">[] = [
  {
    name: "so many jobs start in any window as the limit says, to the millisecond",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 5, { gates: [rate({ limit: 2 })] });
      deepEqual(await statesOf(provider, ids), ["ready", "ready", "blocked", "blocked", "blocked"]);
      await provider.ack([await claimOne(provider)]);
      context.clock.advance(4 * second);
      await provider.ack([await claimOne(provider)]);
      await provider.promote(10);
      deepEqual(await statesOf(provider, ids.slice(2)), ["blocked", "blocked", "blocked"]);
      context.clock.advance(6 * second - 1);
      await provider.promote(10);
      equal((await claimAll(provider)).length, 0);
      context.clock.advance(1);
      await provider.promote(10);
      deepEqual(idsOf(await claimAll(provider)), [ids[2]]);
      context.clock.advance(4 * second);
      await provider.promote(10);
      deepEqual(idsOf(await claimAll(provider)), [ids[3]]);
    },
  },
  {
    name: "jobs that wait for a worker do not start in a bunch afterwards",
    async run(context) {
      const provider = await context.createProvider();
      await enqueueAlike(provider, context, 9, { gates: [rate({ limit: 2 })] });
      for (let round = 0; round < 4; round++) {
        context.clock.advance(10 * second);
        await provider.promote(10);
      }
      equal((await claimAll(provider)).length, 2);
      await provider.promote(10);
      equal((await claimAll(provider)).length, 0);
    },
  },
  {
    name: "a retry is a start as well",
    async run(context) {
      const provider = await context.createProvider();
      await enqueueAlike(provider, context, 1, { gates: [rate()] });
      const lease = await claimOne(provider);
      await provider.nack([{ ...lease, outcome: "retry", delayMs: 0, error: failure }]);
      await expectState(provider, lease.id, "blocked");
      context.clock.advance(10 * second);
      await provider.promote(10);
      await expectState(provider, lease.id, "ready");
    },
  },
  {
    name: "starts are remembered after their jobs are gone",
    async run(context) {
      const provider = await context.createProvider();
      await enqueueAlike(provider, context, 1, { gates: [rate()] });
      await provider.ack([await claimOne(provider)]);
      equal(await provider.prune({ retentionMs: { succeeded: 0 }, limit: 10 }), 1);
      equal(first(await provider.enqueue([context.newJob({ gates: [rate()] })])).state, "blocked");
    },
  },
];

const orderCases: readonly Omit<ConformanceCase, "area">[] = [
  {
    name: "jobs of a key run one after the other in the order of their insertion, whatever their priority and time",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [
        context.newJob({ delayMs: second, gates: [order()] }),
        context.newJob({ priority: -9, gates: [order()] }),
        context.newJob({ gates: [order({ key: "mail.order:bob" })] }),
      ];
      const results = await provider.enqueue(jobs);
      deepEqual(
        results.map(({ state }) => state),
        ["scheduled", "blocked", "ready"],
      );
      context.clock.advance(second);
      await provider.promote(10);
      deepEqual(await statesOf(provider, idsOf(jobs)), ["ready", "blocked", "ready"]);
    },
  },
  {
    name: "a job holds up its successors through retries and crashes until it ends",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 3, { gates: [order()] });
      const lease = await claimOne(provider);
      await provider.nack([{ ...lease, outcome: "retry", delayMs: second, error: failure }]);
      deepEqual(await statesOf(provider, ids), ["scheduled", "blocked", "blocked"]);
      context.clock.advance(second);
      await provider.promote(10);
      await claimOne(provider);
      context.clock.advance(leaseMs + 1);
      await provider.reap(10);
      deepEqual(await statesOf(provider, ids), ["ready", "blocked", "blocked"]);
      await provider.cancel([first(ids)]);
      deepEqual(await statesOf(provider, ids), ["cancelled", "ready", "blocked"]);
      await provider.ack([await claimOne(provider)]);
      deepEqual(await statesOf(provider, ids), ["cancelled", "succeeded", "ready"]);
    },
  },
  {
    name: "a delayed successor waits for its predecessor first and for its time then",
    async run(context) {
      const provider = await context.createProvider();
      const [one, two] = [context.newJob({ gates: [order()] }), context.newJob({ delayMs: hour, gates: [order()] })];
      const results = await provider.enqueue([one, two]);
      equal(results[1]?.state, "blocked");
      equal(results[1]?.runAt, context.clock.now() + hour);
      await provider.ack([await claimOne(provider)]);
      await expectState(provider, two.id, "scheduled");
      const three = context.newJob({ gates: [order()] });
      equal(first(await provider.enqueue([three])).state, "blocked");
    },
  },
  {
    name: "a requeued job waits for the one whose turn it is, and is then before those that came later",
    async run(context) {
      const provider = await context.createProvider();
      const ids = await enqueueAlike(provider, context, 3, { gates: [order()] });
      await provider.cancel([first(ids)]);
      await provider.requeue([first(ids)]);
      deepEqual(await statesOf(provider, ids), ["blocked", "ready", "blocked"]);
      await provider.ack([await claimOne(provider)]);
      deepEqual(await statesOf(provider, ids), ["ready", "succeeded", "blocked"]);
    },
  },
];

const fairCases: readonly Omit<ConformanceCase, "area">[] = [
  {
    name: "groups take turns however many jobs they have",
    async run(context) {
      const provider = await context.createProvider();
      const flood = await enqueueAlike(provider, context, 20, { gates: [fair("ada")] });
      context.clock.advance(second);
      const few = await enqueueAlike(provider, context, 2, { gates: [fair("bob")] });
      const started: string[] = [];
      for (let round = 0; round < 6; round++) {
        context.clock.advance(1);
        started.push((await claimOne(provider)).id);
      }
      deepEqual(started, [flood[0], flood[1], few[0], few[1], flood[2], flood[3]]);
      equal((await recordOf(provider, flood[2] ?? "")).runAt, context.clock.now() - 5);
    },
  },
];

const inArea = (area: string, cases: readonly Omit<ConformanceCase, "area">[]): readonly ConformanceCase[] =>
  cases.map((member) => ({ area, ...member }));

export const gateCases: readonly ConformanceCase[] = [
  ...inArea("concurrency", concurrencyCases),
  ...inArea("rate", rateCases),
  ...inArea("order", orderCases),
  ...inArea("fairness", fairCases),
];
