import { deepEqual, equal } from "node:assert/strict";
import { JobwrightError } from "../../contract/index.ts";
import type { ConformanceCase } from "../conformance.ts";
import { claimOne, claimRequest, expectState, givenClaim, givenJob, hour, idsOf, recordOf, second } from "./steps.ts";

const area = "enqueue";

/** Text that careless stores cut, escape or rewrite. */
const payloads: Readonly<Record<string, string>> = {
  "an empty text": "",
  "NUL characters": '"a\u0000b\u0000"',
  "line separators": "\u2028\u2029\r\n",
  "separators of records, fields and lists": '\u001E\u001F,{}NULL"\\\t\u001E',
  "emoji and combining marks": "🐎👩‍👩‍👧 e\u0301",
  "text that looks like SQL": `'); drop table jobs; -- "%_\\ $1 ?1 :a`,
  "JSON whose numbers and keys must not be rewritten": '{"b":1.0,"a":12345678901234567890, "b":2 }',
  "256 KiB": "x€".repeat(64 * 1024),
};

const payloadCases = Object.entries(payloads).map(([what, text]): ConformanceCase => ({
  area: "opaque text",
  name: `${what} comes back unchanged as payload, output and error message`,
  async run(context) {
    const { provider, id, lease } = await givenClaim(context, { payload: text });
    equal(lease.payload, text);
    await provider.nack([
      { id, fence: lease.fence, outcome: "retry", delayMs: 0, error: { name: "E", message: text } },
    ]);
    equal((await recordOf(provider, id)).error?.message, text);
    const { fence } = await claimOne(provider);
    await provider.ack([{ id, fence, output: text }]);
    const { payload, output } = await recordOf(provider, id);
    deepEqual({ payload, output }, { payload: text, output: text });
  },
}));

export const enqueueCases: readonly ConformanceCase[] = [
  ...payloadCases,
  {
    area: "opaque text",
    name: "texts of one call are kept apart, whatever is in them",
    async run(context) {
      const provider = await context.createProvider();
      const odd = ["1", "", "\u001E", "", "\u001F", "\u001F\u001E", ",", "NULL", "{}", '"', "\\", "\u001E"];
      const texts = [...odd, "x".repeat(3_000), "2", "ü".repeat(1_500), '\u001E,"'.repeat(1_000), "3"];
      const jobs = texts.map((payload) => context.newJob({ payload }));
      await provider.enqueue(jobs);
      const leases = await provider.claim(claimRequest({ limit: texts.length }));
      deepEqual(
        leases.map(({ payload }) => payload),
        texts,
      );
      // A job without an output stands between those that have one.
      const outputs = texts.map((text, n) => (n % 3 === 1 ? {} : { output: text }));
      await provider.ack(leases.map(({ id, fence }, n) => ({ id, fence, ...outputs[n] })));
      const records = await Promise.all(jobs.map(({ id }) => recordOf(provider, id)));
      deepEqual(
        records.map(({ output }) => (output === undefined ? {} : { output })),
        outputs,
      );
    },
  },
  {
    area: "opaque text",
    name: "a lone surrogate is kept or refused, never altered",
    async run(context) {
      const provider = await context.createProvider();
      const job = context.newJob({ payload: '"\ud800"' });
      const accepted = await provider.enqueue([job]).catch((error: unknown) => {
        equal(JobwrightError.is(error), true);
        return [];
      });
      const record = await provider.get(job.id);
      equal(record?.payload, accepted.length === 0 ? undefined : job.payload);
    },
  },
  {
    area: "opaque text",
    name: "names, queues and workers may be any text",
    async run(context) {
      const odd = "constructor'\"; --ü🐎";
      const { provider, id } = await givenJob(context, { name: odd, queue: odd });
      const lanes = [{ queue: odd, limit: 1, handles: [{ name: odd, maxVersion: 1 }] }];
      equal((await claimOne(provider, { lanes, workerId: odd })).id, id);
      deepEqual(idsOf(await provider.extend({ workerId: odd, leaseMs: second })), [id]);
      equal((await provider.counts())[odd]?.running, 1);
    },
  },
  {
    area,
    name: "a new job is ready, uncounted and unclaimed",
    async run(context) {
      const provider = await context.createProvider();
      const job = context.newJob({ priority: -5, version: 7, payload: "[1]" });
      const now = context.clock.now();
      deepEqual(await provider.enqueue([job]), [{ id: job.id, outcome: "enqueued", state: "ready", runAt: now }]);
      deepEqual(await provider.get(job.id), {
        id: job.id,
        name: "mail",
        queue: "mail",
        version: 7,
        state: "ready",
        priority: -5,
        attempt: 0,
        crashes: 0,
        fence: 0,
        runAt: now,
        enqueuedAt: now,
        startedAt: undefined,
        finishedAt: undefined,
        workerId: undefined,
        leaseUntil: undefined,
        cancelRequested: false,
        progress: undefined,
        blockedBy: undefined,
        reason: undefined,
        payload: "[1]",
        output: undefined,
        error: undefined,
      });
    },
  },
  {
    area,
    name: "delayMs counts from the provider's clock",
    async run(context) {
      const provider = await context.createProvider();
      const [result] = await provider.enqueue([context.newJob({ delayMs: 1 })]);
      deepEqual([result?.state, result?.runAt], ["scheduled", context.clock.now() + 1]);
    },
  },
  {
    area,
    name: "runAt wins over delayMs, and a past one is ready",
    async run(context) {
      const provider = await context.createProvider();
      const now = context.clock.now();
      const jobs = [-1, 0, 1].map((shift) => context.newJob({ runAt: now + shift, delayMs: hour }));
      const results = await provider.enqueue(jobs);
      deepEqual(
        results.map(({ state }) => state),
        ["ready", "ready", "scheduled"],
      );
    },
  },
  {
    area,
    name: "the same id again is a duplicate, and the first content stays",
    async run(context) {
      const { provider, id } = await givenJob(context, { payload: "1" });
      const runAt = context.clock.now();
      context.clock.advance(second);
      const again = context.newJob({ id, payload: "2", queue: "other", delayMs: hour });
      deepEqual(await provider.enqueue([again]), [{ id, outcome: "duplicate", state: "ready", runAt }]);
      const { payload, queue } = await recordOf(provider, id);
      deepEqual([payload, queue], ["1", "mail"]);
    },
  },
  {
    area,
    name: "a duplicate inside one call is enqueued once",
    async run(context) {
      const provider = await context.createProvider();
      const job = context.newJob();
      const results = await provider.enqueue([job, context.newJob(), { ...job, payload: "2" }]);
      deepEqual(
        results.map(({ outcome }) => outcome),
        ["enqueued", "enqueued", "duplicate"],
      );
      equal((await provider.claim(claimRequest())).length, 2);
    },
  },
  {
    area,
    name: "a duplicate of a finished job does not run it again",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([lease]);
      const [result] = await provider.enqueue([context.newJob({ id })]);
      deepEqual([result?.outcome, result?.state], ["duplicate", "succeeded"]);
      await expectState(provider, id, "succeeded");
    },
  },
  {
    area,
    name: "1,000 jobs in one call keep their order, also among duplicates",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = Array.from({ length: 1_000 }, () => context.newJob());
      await provider.enqueue(jobs.filter((_, index) => index % 10 === 0));
      const results = await provider.enqueue(jobs);
      deepEqual(idsOf(results), idsOf(jobs));
      equal(results.filter(({ outcome }) => outcome === "duplicate").length, 100);
      const claimed = await provider.claim(claimRequest());
      equal(new Set(idsOf(claimed)).size, 1_000);
      const settled = await provider.ack(claimed);
      equal(settled.filter((settlement) => settlement === "ok").length, 1_000);
    },
  },
  {
    area,
    name: "empty lists do nothing",
    async run(context) {
      const { provider, id } = await givenJob(context);
      deepEqual(await provider.enqueue([]), []);
      deepEqual(await provider.claim(claimRequest({ lanes: [] })), []);
      for (const call of [provider.ack, provider.nack, provider.report, provider.cancel, provider.requeue]) {
        deepEqual(await call([]), []);
      }
      await expectState(provider, id, "ready");
    },
  },
];
