import { deepEqual, equal } from "node:assert/strict";
import type { Lease, Note, Provider } from "../../contract/index.ts";
import type { ConformanceCase } from "../conformance.ts";
import {
  claimOne,
  failure,
  first,
  gate,
  givenClaim,
  givenJob,
  givenLapse,
  idsOf,
  leaseMs,
  pruneAll,
  second,
} from "./steps.ts";

const step = ({ id, fence }: Lease, key: string, text: string): Note => ({ id, fence, kind: "step", key, text });
const log = (lease: Lease, key: string, text: string): Note => ({ ...step(lease, key, text), kind: "log" });

async function failOnce(provider: Provider, delayMs = 0): Promise<Lease> {
  const lease = await claimOne(provider);
  await provider.nack([{ ...lease, outcome: "retry", delayMs, error: failure }]);
  return lease;
}

export const noteCases: readonly ConformanceCase[] = [
  {
    area: "notes",
    name: "steps and log lines stay with the job over its attempts, each under its key once",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      const odd = "ü'\u0000🐎\u2028";
      deepEqual(
        await provider.note([
          step(lease, "fetch", "1"),
          log(lease, "1", "began"),
          step(lease, odd, odd),
          step(lease, "fetch", "2"),
          log(lease, "2", odd),
        ]),
        ["ok", "ok", "ok", "ok", "ok"],
      );
      await provider.nack([{ ...lease, outcome: "retry", delayMs: 0, error: failure }]);
      const again = await claimOne(provider);
      deepEqual(
        await provider.note([step(again, "fetch", "3"), step(again, "store", "4"), log(again, "3", "went on")]),
        ["ok", "ok", "ok"],
      );
      const { steps, logs } = (await provider.history(id)) ?? {};
      deepEqual(steps, [
        { key: "fetch", text: "1" },
        { key: odd, text: odd },
        { key: "store", text: "4" },
      ]);
      deepEqual(logs, [
        { key: "1", text: "began" },
        { key: "2", text: odd },
        { key: "3", text: "went on" },
      ]);
    },
  },
  {
    area: "notes",
    name: "the last cursor of a key counts, in the place of the first",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      const cursor = (key: string, text: string): Note => ({ ...step(lease, key, text), kind: "cursor" });
      await provider.note([
        cursor("rows", "1"),
        cursor("pages", "a"),
        cursor("rows", "2"),
        step(lease, "rows", "other"),
      ]);
      await provider.note([cursor("rows", "3")]);
      deepEqual((await provider.history(id))?.cursors, [
        { key: "rows", text: "3" },
        { key: "pages", text: "a" },
      ]);
    },
  },
  {
    area: "notes",
    name: "a note is fenced like a settlement",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      deepEqual(await provider.note([step(lease, "late", "1")]), ["ok"]);
      const again = await claimOne(provider);
      deepEqual(
        await provider.note([step(lease, "stale", "1"), step({ ...lease, id: context.newJob().id }, "none", "1")]),
        ["stale", "stale"],
      );
      await provider.ack([again]);
      deepEqual(await provider.note([step(again, "over", "1")]), ["alreadyDone"]);
      deepEqual(
        (await provider.history(id))?.steps.map(({ key }) => key),
        ["late"],
      );
      deepEqual(await provider.note([]), []);
    },
  },
  {
    area: "notes",
    name: "a requeue keeps the steps of a job that failed and forgets those of one that succeeded",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.note([
        step(lease, "fetch", "1"),
        { ...step(lease, "rows", "1"), kind: "cursor" },
        log(lease, "1", "line"),
      ]);
      await provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error: failure }]);
      await provider.requeue([id]);
      equal((await provider.history(id))?.steps.length, 1);
      await provider.ack([await claimOne(provider)]);
      await provider.requeue([id]);
      const { steps, cursors, logs } = (await provider.history(id)) ?? {};
      deepEqual([steps?.length, cursors?.length, logs?.length], [0, 0, 1]);
    },
  },
  {
    area: "notes",
    name: "what is beside a job goes with it",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.note([step(lease, "fetch", "1"), log(lease, "1", "line")]);
      await provider.ack([lease]);
      equal(await provider.prune(pruneAll), 1);
      equal(await provider.history(id), undefined);
      await provider.enqueue([context.newJob({ id })]);
      deepEqual(await provider.history(id), { attempts: [], steps: [], cursors: [], logs: [] });
    },
  },
  {
    area: "history",
    name: "every failure and every crash is an attempt of the history, a release, a snooze and a success are none",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const startedAt = context.clock.now();
      const { fence } = await claimOne(provider);
      context.clock.advance(second);
      await provider.nack([{ id, fence, outcome: "retry", delayMs: 0, error: failure }]);
      await provider.nack([{ ...(await claimOne(provider)), outcome: "release" }]);
      await provider.nack([{ ...(await claimOne(provider)), outcome: "snooze", delayMs: 0 }]);
      await claimOne(provider, { workerId: "w2" });
      const crashedAt = context.clock.now();
      context.clock.advance(leaseMs + 1);
      await provider.reap(10);
      await provider.ack([await claimOne(provider)]);
      deepEqual((await provider.history(id))?.attempts, [
        { fence: 1, attempt: 1, startedAt, endedAt: startedAt + second, workerId: "w1", error: failure },
        {
          fence: 4,
          attempt: 2,
          startedAt: crashedAt,
          endedAt: crashedAt + leaseMs + 1,
          workerId: "w2",
          error: undefined,
        },
      ]);
    },
  },
  {
    area: "history",
    name: "a late failure says better than the reaper what became of the attempt",
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      const endedAt = context.clock.now();
      await provider.nack([{ ...lease, outcome: "retry", delayMs: 0, error: failure }]);
      deepEqual((await provider.history(id))?.attempts, [
        { fence: 1, attempt: 1, startedAt: endedAt - leaseMs - 1, endedAt, workerId: "w1", error: failure },
      ]);
    },
  },
  {
    area: "history",
    name: "a late failure counts as the attempt that it was, also when its job waits before a gate meanwhile",
    async run(context) {
      const provider = await context.createProvider();
      const gates = [gate()];
      await provider.enqueue([context.newJob({ gates })]);
      const lease = await claimOne(provider);
      await provider.enqueue([context.newJob({ priority: -1, gates })]);
      context.clock.advance(leaseMs + 1);
      await provider.reap(10);
      equal((await provider.get(lease.id))?.state, "blocked");
      deepEqual(await provider.nack([{ ...lease, outcome: "retry", delayMs: 0, error: failure }]), ["ok"]);
      deepEqual(
        (await provider.history(lease.id))?.attempts.map(({ fence, attempt, error }) => [fence, attempt, error]),
        [[1, 1, failure]],
      );
    },
  },
  {
    area: "history",
    name: "the attempts of the last 25 claims are kept",
    async run(context) {
      const { provider, id } = await givenJob(context);
      for (let n = 0; n < 30; n++) await failOnce(provider);
      const attempts = (await provider.history(id))?.attempts ?? [];
      deepEqual(
        attempts.map(({ fence }) => fence),
        Array.from({ length: 25 }, (_, n) => n + 6),
      );
    },
  },
  {
    area: "tags",
    name: "a list finds the jobs that have all of some tags, page by page",
    async run(context) {
      const provider = await context.createProvider();
      const odd = "ü';🐎";
      const jobs = [["a"], ["a", "b", odd], undefined, ["b"], ["b", "a"]].map((tags) =>
        context.newJob(tags ? { tags } : {}),
      );
      await provider.enqueue(jobs);
      const ids = idsOf(jobs);
      const find = async (...tags: string[]): Promise<readonly string[]> => idsOf((await provider.list({ tags })).jobs);
      deepEqual(await find("a"), [ids[4], ids[1], ids[0]]);
      deepEqual(await find("a", "b"), [ids[4], ids[1]]);
      deepEqual(await find(odd), [ids[1]]);
      deepEqual(await find("A"), []);
      deepEqual(await find(), [...ids].reverse());
      const page = await provider.list({ tags: ["a"], limit: 2 });
      deepEqual(idsOf(page.jobs), [ids[4], ids[1]]);
      const rest = await provider.list({
        tags: ["a"],
        limit: 2,
        ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
      });
      deepEqual([idsOf(rest.jobs), rest.cursor], [[ids[0]], undefined]);
      await provider.cancel([first(ids)]);
      deepEqual(idsOf((await provider.list({ tags: ["a"], states: ["ready"] })).jobs), [ids[4], ids[1]]);
      await provider.prune(pruneAll);
      deepEqual(await find("a"), [ids[4], ids[1]]);
    },
  },
];
