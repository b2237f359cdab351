import { deepEqual, equal } from "node:assert/strict";
import type { ClaimedJob, EnqueueResult, NewJob, Provider, UniqueKey } from "../../contract/index.ts";
import { uniqueScopes } from "../../contract/index.ts";
import { holdsKey } from "../../core/unique.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  failure,
  first,
  hour,
  idsOf,
  pruneAll,
  recordOf,
  second,
} from "./steps.ts";

const area = "unique";

function uniqueKey(overrides: Partial<UniqueKey> = {}): UniqueKey {
  return { key: "mail:ada", scope: "live", onConflict: "ignore", ...overrides };
}

async function enqueueOne(provider: Provider, job: NewJob): Promise<EnqueueResult> {
  return first(await provider.enqueue([job]));
}

/** What the key of a job in this situation is worth, scope by scope. */
const lives: Readonly<
  Record<string, (provider: Provider, context: ConformanceContext, id: string) => Promise<unknown>>
> = {
  "that is ready": async () => {},
  "that runs": (provider) => claimOne(provider),
  "that waits for a retry": async (provider) => {
    const { id, fence } = await claimOne(provider);
    return provider.nack([{ id, fence, outcome: "retry", delayMs: hour, error: failure }]);
  },
  "that succeeded": async (provider) => provider.ack([await claimOne(provider)]),
  "that is dead": async (provider) => {
    const { id, fence } = await claimOne(provider);
    return provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error: failure }]);
  },
  "that was cancelled": (provider, _context, id) => provider.cancel([id]),
  "that was cancelled and requeued": async (provider, _context, id) => {
    await provider.cancel([id]);
    return provider.requeue([id]);
  },
};

const lifeCases = uniqueScopes.flatMap((scope) =>
  Object.entries(lives).map(([what, live]): ConformanceCase => ({
    area,
    name: `a job ${what} holds its key, or not, as the scope ${scope} says`,
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope });
      const holder = await enqueueOne(provider, context.newJob({ unique }));
      await live(provider, context, holder.id);
      const { state, fence, runAt } = await recordOf(provider, holder.id);
      const another = context.newJob({ unique });
      const held = holdsKey({ state, fence, scope, heldUntil: undefined }, context.clock.now());
      deepEqual(
        await enqueueOne(provider, another),
        held
          ? { id: holder.id, outcome: "deduplicated", state, runAt }
          : { id: another.id, outcome: "enqueued", state: "ready", runAt: context.clock.now() },
      );
      equal((await provider.get(another.id)) === undefined, held);
    },
  })),
);

async function claimNamed(provider: Provider, id: string): Promise<ClaimedJob> {
  const job = (await provider.claim(claimRequest())).find((claimed) => claimed.id === id);
  if (!job) throw new Error(`the claim did not return ${id}`);
  return job;
}

export const uniqueCases: readonly ConformanceCase[] = [
  ...lifeCases,
  {
    area,
    name: "other keys and jobs without a key are not in the way",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [uniqueKey(), uniqueKey({ key: "mail:bob" }), undefined, undefined].map((unique) =>
        context.newJob(unique ? { unique } : {}),
      );
      const results = await provider.enqueue(jobs);
      deepEqual(
        results.map(({ outcome }) => outcome),
        ["enqueued", "enqueued", "enqueued", "enqueued"],
      );
    },
  },
  {
    area,
    name: "keys differ in every character, however long and odd they are",
    async run(context) {
      const provider = await context.createProvider();
      const long = "é".repeat(250);
      const keys = ["a", "A", "a ", " a", "ä", "a\u0308", "%", "_", "'; --", "🐎", `${long}1`, `${long}2`];
      const results = await provider.enqueue(keys.map((key) => context.newJob({ unique: uniqueKey({ key }) })));
      equal(results.filter(({ outcome }) => outcome === "enqueued").length, keys.length);
      const again = await provider.enqueue(keys.map((key) => context.newJob({ unique: uniqueKey({ key }) })));
      deepEqual(idsOf(again), idsOf(results));
    },
  },
  {
    area,
    name: "the same id again is a duplicate, whatever the key says",
    async run(context) {
      const provider = await context.createProvider();
      const job = context.newJob({ unique: uniqueKey() });
      const { runAt } = await enqueueOne(provider, job);
      deepEqual(await enqueueOne(provider, job), { id: job.id, outcome: "duplicate", state: "ready", runAt });
      const other = context.newJob({ unique: uniqueKey({ key: "mail:bob" }) });
      await provider.enqueue([other]);
      equal((await enqueueOne(provider, { ...other, unique: uniqueKey() })).outcome, "duplicate");
    },
  },
  {
    area,
    name: "in one call the first job takes the key and the others meet it",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [
        context.newJob({ payload: "1", unique: uniqueKey() }),
        context.newJob(),
        context.newJob({ payload: "2", unique: uniqueKey() }),
        context.newJob({ payload: "3", unique: uniqueKey({ onConflict: "replace" }), delayMs: hour }),
        context.newJob({ payload: "4", unique: uniqueKey({ onConflict: "extend" }), delayMs: 2 * hour }),
      ];
      const results = await provider.enqueue(jobs);
      deepEqual(
        results.map(({ outcome }) => outcome),
        ["enqueued", "enqueued", "deduplicated", "replaced", "extended"],
      );
      const { payload, runAt, state } = await recordOf(provider, first(jobs).id);
      deepEqual({ payload, runAt, state }, { payload: "3", runAt: context.clock.now() + 2 * hour, state: "scheduled" });
      equal((await provider.list({})).jobs.length, 2);
    },
  },
  {
    area,
    name: "1,000 jobs with one key at once are one job",
    async run(context) {
      const providers = await Promise.all([context.createProvider(), context.createProvider()]);
      const jobs = Array.from({ length: 1_000 }, () => context.newJob({ unique: uniqueKey() }));
      const results = await Promise.all(
        jobs.map((job, index) => enqueueOne(providers[index % 2] ?? first(providers), job)),
      );
      equal(results.filter(({ outcome }) => outcome === "enqueued").length, 1);
      equal(new Set(idsOf(results)).size, 1);
      equal((await first(providers).list({})).jobs.length, 1);
    },
  },
  {
    area,
    name: "1,000 jobs with 10 keys in bulks at once are ten jobs",
    async run(context) {
      const providers = await Promise.all([context.createProvider(), context.createProvider()]);
      const bulks = Array.from({ length: 10 }, (_, bulk) =>
        Array.from({ length: 100 }, (__, n) => {
          // Some bulks name the keys the other way round: whoever takes locks must not wait for each other.
          const key = bulk % 2 === 0 ? n % 10 : 9 - (n % 10);
          return context.newJob({ unique: uniqueKey({ key: `mail:${key}` }) });
        }),
      );
      const results = await Promise.all(
        bulks.map((jobs, index) => (providers[index % 2] ?? first(providers)).enqueue(jobs)),
      );
      equal(results.flat().filter(({ outcome }) => outcome === "enqueued").length, 10);
      equal((await first(providers).list({})).jobs.length, 10);
    },
  },
  {
    area,
    name: "a window ends to the millisecond, whatever became of the holder",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope: "any", forMs: 10 * second });
      const holder = await enqueueOne(provider, context.newJob({ unique }));
      await provider.ack([await claimOne(provider)]);
      context.clock.advance(10 * second - 1);
      deepEqual(await enqueueOne(provider, context.newJob({ unique })), {
        id: holder.id,
        outcome: "deduplicated",
        state: "succeeded",
        runAt: holder.runAt,
      });
      context.clock.advance(1);
      equal((await enqueueOne(provider, context.newJob({ unique }))).outcome, "enqueued");
    },
  },
  {
    area,
    name: "a window may end before its holder does",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ forMs: second });
      await provider.enqueue([context.newJob({ unique })]);
      context.clock.advance(second);
      equal((await enqueueOne(provider, context.newJob({ unique }))).outcome, "enqueued");
      equal((await provider.claim(claimRequest())).length, 2);
    },
  },
  {
    area,
    name: "replace gives a waiting holder the new payload, version, priority and time",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ onConflict: "replace" });
      const holder = await enqueueOne(provider, context.newJob({ payload: "old", unique }));
      const enqueuedAt = context.clock.now();
      context.clock.advance(second);
      const job = context.newJob({ payload: "new".repeat(300), version: 2, priority: -7, delayMs: hour, unique });
      const runAt = context.clock.now() + hour;
      deepEqual(await enqueueOne(provider, job), { id: holder.id, outcome: "replaced", state: "scheduled", runAt });
      const record = await recordOf(provider, holder.id);
      deepEqual(
        [record.payload, record.version, record.priority, record.runAt, record.enqueuedAt],
        ["new".repeat(300), 2, -7, runAt, enqueuedAt],
      );
      context.clock.advance(second);
      equal((await enqueueOne(provider, context.newJob({ payload: "newest", unique }))).state, "ready");
      const claimed = await claimOne(provider);
      deepEqual([claimed.id, claimed.payload, claimed.version], [holder.id, "newest", 1]);
      equal((await provider.counts())["mail"]?.scheduled, undefined);
    },
  },
  {
    area,
    name: "a replaced job is claimed in the order of its new priority",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ onConflict: "replace" });
      const [late, early] = [context.newJob({ unique }), context.newJob()];
      await provider.enqueue([late, early]);
      await provider.enqueue([context.newJob({ priority: 5, unique })]);
      deepEqual(idsOf(await provider.claim(claimRequest())), [early.id, late.id]);
    },
  },
  {
    area,
    name: "extend moves the time and nothing else, at most to the longest wait",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope: "waiting", onConflict: "extend", maxWaitMs: 8 * second });
      const job = context.newJob({ payload: "first", delayMs: 5 * second, unique });
      const { id, runAt } = await enqueueOne(provider, job);
      context.clock.advance(2 * second);
      const later = context.newJob({ payload: "second", priority: 3, delayMs: 5 * second, unique });
      deepEqual(await enqueueOne(provider, later), {
        id,
        outcome: "extended",
        state: "scheduled",
        runAt: runAt + 2 * second,
      });
      context.clock.advance(2 * second);
      equal((await enqueueOne(provider, later)).runAt, runAt + 3 * second);
      const { payload, priority } = await recordOf(provider, id);
      deepEqual([payload, priority], ["first", 0]);
    },
  },
  {
    area,
    name: "replace and extend leave a holder alone that was claimed or has ended",
    async run(context) {
      const provider = await context.createProvider();
      const holder = await enqueueOne(provider, context.newJob({ unique: uniqueKey({ scope: "any" }) }));
      const { fence } = await claimOne(provider);
      await provider.nack([{ id: holder.id, fence, outcome: "retry", delayMs: hour, error: failure }]);
      const before = await recordOf(provider, holder.id);
      for (const onConflict of ["replace", "extend"] as const) {
        const job = context.newJob({ payload: "new", unique: uniqueKey({ onConflict }) });
        equal((await enqueueOne(provider, job)).outcome, "deduplicated");
      }
      deepEqual(await recordOf(provider, holder.id), before);
      await provider.cancel([holder.id]);
      const late = context.newJob({ payload: "new", unique: uniqueKey({ onConflict: "replace" }) });
      equal((await enqueueOne(provider, late)).outcome, "deduplicated");
    },
  },
  {
    area,
    name: "a requeued job takes its key again, unless another one holds it",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey();
      const old = await enqueueOne(provider, context.newJob({ unique }));
      await provider.cancel([old.id]);
      const young = await enqueueOne(provider, context.newJob({ unique }));
      deepEqual(await provider.requeue([old.id]), ["deduplicated"]);
      await expectState(provider, old.id, "cancelled");
      await provider.cancel([young.id]);
      deepEqual(await provider.requeue([old.id, young.id]), ["requeued", "deduplicated"]);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, old.id);
    },
  },
  {
    area,
    name: "a requeued job that was claimed once, and whose key counts while it waits, runs beside the holder",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope: "waiting" });
      const old = await enqueueOne(provider, context.newJob({ unique }));
      await provider.ack([await claimOne(provider)]);
      const young = await enqueueOne(provider, context.newJob({ unique }));
      deepEqual(await provider.requeue([old.id]), ["requeued"]);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, young.id);
    },
  },
  {
    area,
    name: "the last settlement frees the key in the same step",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey();
      for (let round = 0; round < 3; round++) {
        const { id, outcome } = await enqueueOne(provider, context.newJob({ unique }));
        equal(outcome, "enqueued");
        const { fence } = await claimNamed(provider, id);
        await provider.ack([{ id, fence }]);
      }
    },
  },
  {
    area,
    name: "a lapsed holder still holds its key, also after its late settlement failed it",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey();
      const holder = await enqueueOne(provider, context.newJob({ unique }));
      const { fence } = await claimOne(provider);
      context.clock.advance(hour);
      await provider.reap(10);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, holder.id);
      await provider.nack([{ id: holder.id, fence, outcome: "retry", delayMs: 0, error: failure }]);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, holder.id);
    },
  },
  {
    area,
    name: "a pruned holder holds no key",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope: "any" });
      const { id } = await enqueueOne(provider, context.newJob({ unique }));
      await provider.cancel([id]);
      equal(await provider.prune(pruneAll), 1);
      equal((await enqueueOne(provider, context.newJob({ unique }))).outcome, "enqueued");
    },
  },
  {
    area,
    name: "pruning a former holder leaves the key with its holder",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey();
      const old = await enqueueOne(provider, context.newJob({ unique }));
      await provider.cancel([old.id]);
      const young = await enqueueOne(provider, context.newJob({ unique }));
      equal(await provider.prune(pruneAll), 1);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, young.id);
    },
  },
  {
    area,
    name: "a job whose key is held for a time stays until that is over",
    async run(context) {
      const provider = await context.createProvider();
      const unique = uniqueKey({ scope: "any", forMs: hour });
      const { id } = await enqueueOne(provider, context.newJob({ unique }));
      const plain = context.newJob();
      await provider.enqueue([plain]);
      await provider.cancel([id, plain.id]);
      equal(await provider.prune(pruneAll), 1);
      context.clock.advance(hour - 1);
      equal(await provider.prune(pruneAll), 0);
      equal((await enqueueOne(provider, context.newJob({ unique }))).id, id);
      context.clock.advance(1);
      equal(await provider.prune(pruneAll), 1);
    },
  },
];
