import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import { JobwrightError, jobStates, type Provider } from "../../contract/index.ts";
import type { ConformanceCase } from "../conformance.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  failure,
  gate,
  first,
  givenClaim,
  givenJob,
  hour,
  idsOf,
  leaseMs,
  recordOf,
  second,
} from "./steps.ts";

function isCode(code: string): (error: unknown) => boolean {
  return (error) => JobwrightError.is(error) && error.code === code;
}

/** Resolves at the next hint for `queue`; `stop` ends the subscription. */
/** Far more than a wake-up takes, so that one that never comes is a failure instead of a suite that hangs. */
const wakeLimitMs = 10_000;

function nextWake(provider: Provider, queue: string): Promise<void> {
  return nextHint(queue, (wake) => provider.notifier?.subscribe([queue], wake));
}

/** The same for ends of jobs. */
function nextEnd(provider: Provider): Promise<void> {
  return nextHint("those who listen to ends", (wake) => provider.notifier?.subscribeEnds(wake));
}

function nextHint(whom: string, subscribe: (wake: () => void) => (() => void) | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = setTimeout(() => reject(new Error(`nobody woke ${whom} within ${wakeLimitMs} ms`)), wakeLimitMs);
    const stop = subscribe(() => {
      clearTimeout(end);
      resolve();
      queueMicrotask(() => stop?.());
    });
  });
}

/** Each makes a job of `mail` ready. */
const readying: Readonly<
  Record<
    string,
    (provider: Provider, context: Parameters<ConformanceCase["run"]>[0]) => Promise<() => Promise<unknown>>
  >
> = {
  enqueue:
    async (provider, { newJob }) =>
    () =>
      provider.enqueue([newJob()]),
  promote: async (provider, { newJob, clock }) => {
    await provider.enqueue([newJob({ delayMs: second })]);
    clock.advance(second);
    return () => provider.promote(1);
  },
  reap: async (provider, { newJob, clock }) => {
    await provider.enqueue([newJob()]);
    await claimOne(provider);
    clock.advance(leaseMs + 1);
    return () => provider.reap(1);
  },
  release: async (provider, { newJob }) => {
    await provider.enqueue([newJob()]);
    const { id, fence } = await claimOne(provider);
    return () => provider.nack([{ id, fence, outcome: "release" }]);
  },
  "a retry without delay": async (provider, { newJob }) => {
    await provider.enqueue([newJob()]);
    const { id, fence } = await claimOne(provider);
    return () => provider.nack([{ id, fence, outcome: "retry", delayMs: 0, error: failure }]);
  },
  requeue: async (provider, { newJob }) => {
    const job = newJob();
    await provider.enqueue([job]);
    await provider.cancel([job.id]);
    return () => provider.requeue([job.id]);
  },
  "an end before a gate": async (provider, { newJob }) => {
    await provider.enqueue([newJob({ gates: [gate()] }), newJob({ gates: [gate()] })]);
    const lease = await claimOne(provider);
    return () => provider.ack([lease]);
  },
  "a change of its time": async (provider, { newJob }) => {
    const job = newJob({ delayMs: hour });
    await provider.enqueue([job]);
    return () => provider.change([{ id: job.id, delayMs: 0 }]);
  },
  "a replacement that is ready at once": async (provider, { newJob }) => {
    const unique = { key: "k", scope: "waiting", onConflict: "replace" } as const;
    await provider.enqueue([newJob({ delayMs: hour, unique })]);
    return () => provider.enqueue([newJob({ unique })]);
  },
  resume: async (provider, { newJob }) => {
    await provider.pause({ queue: "mail" });
    await provider.enqueue([newJob()]);
    return () => provider.resume({ queue: "mail" });
  },
  "resume of its definition": async (provider, { newJob }) => {
    await provider.pause({ name: "mail" });
    await provider.enqueue([newJob()]);
    return () => provider.resume({ name: "mail" });
  },
  "a slot of a schedule": async (provider, { clock, newJob }) => {
    const at = clock.now();
    await provider.putSchedules([{ key: "k", name: "mail", spec: "", nextAt: at }]);
    return () =>
      provider.fireSchedule({ key: "k", spec: "", expectedAt: at, slotAt: at, jobs: [newJob()], nextAt: at + 1 });
  },
};

const notifierCases = Object.entries(readying).map(([what, prepare]): ConformanceCase => ({
  area: "notifier",
  name: `${what} wakes those who listen to the queue`,
  async run(context) {
    const provider = await context.createProvider();
    if (!provider.notifier) return;
    const act = await prepare(provider, context);
    const woken = nextWake(provider, "mail");
    await act();
    await woken;
  },
}));

/** Each ends a job of `mail`. */
const ending: typeof readying = {
  "an ack": async (provider, { newJob }) => {
    await provider.enqueue([newJob()]);
    const job = await claimOne(provider);
    return () => provider.ack([job]);
  },
  "a nack for good": async (provider, { newJob }) => {
    await provider.enqueue([newJob()]);
    const { id, fence } = await claimOne(provider);
    return () =>
      provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error: { name: "Error", message: "no" } }]);
  },
  "a cancel": async (provider, { newJob }) => {
    const job = newJob();
    await provider.enqueue([job]);
    return () => provider.cancel([job.id]);
  },
  "a reap that gives up": async (provider, { newJob, clock }) => {
    await provider.enqueue([newJob({ maxCrashes: 0 })]);
    await claimOne(provider);
    clock.advance(leaseMs + 1);
    return () => provider.reap(1);
  },
};

const endCases = Object.entries(ending).map(([what, prepare]): ConformanceCase => ({
  area: "notifier",
  name: `${what} wakes those who listen to ends`,
  async run(context) {
    const provider = await context.createProvider();
    if (!provider.notifier) return;
    const act = await prepare(provider, context);
    const woken = nextEnd(provider);
    await act();
    await woken;
  },
}));

export const controlCases: readonly ConformanceCase[] = [
  ...notifierCases,
  ...endCases,
  {
    area: "cancel",
    name: "a cancelled waiting job is never claimed, not even when it was due",
    async run(context) {
      const { provider, id } = await givenJob(context, { delayMs: second });
      const ready = context.newJob();
      await provider.enqueue([ready]);
      deepEqual(await provider.cancel([id, ready.id]), ["cancelled", "cancelled"]);
      context.clock.advance(hour);
      equal((await provider.promote(10)).promoted, 0);
      deepEqual(await provider.claim(claimRequest()), []);
      const { state, reason, finishedAt } = await recordOf(provider, ready.id);
      deepEqual([state, reason, finishedAt], ["cancelled", "cancelled", context.clock.now() - hour]);
    },
  },
  {
    area: "cancel",
    name: "a running job learns of it by its heartbeat, again and again",
    async run(context) {
      const { provider, id } = await givenClaim(context);
      deepEqual(await provider.cancel([id, id]), ["requested", "requested"]);
      for (let beat = 0; beat < 2; beat++) {
        equal(first(await provider.extend({ workerId: "w1", leaseMs })).cancelRequested, true);
      }
      equal((await recordOf(provider, id)).cancelRequested, true);
    },
  },
  {
    area: "cancel",
    name: "an ack after a requested cancellation discards the output",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.cancel([id]);
      deepEqual(await provider.ack([{ ...lease, output: "1" }]), ["ok"]);
      const { state, reason, output } = await recordOf(provider, id);
      deepEqual([state, reason, output], ["cancelled", "cancelled", undefined]);
      deepEqual(await provider.cancel([id]), ["alreadyDone"]);
    },
  },
  {
    area: "cancel",
    name: "each id has its own outcome",
    async run(context) {
      const { provider, id } = await givenClaim(context);
      const job = context.newJob();
      await provider.enqueue([job]);
      const unknown = context.newJob().id;
      deepEqual(await provider.cancel([unknown, job.id, id, job.id]), [
        "notFound",
        "cancelled",
        "requested",
        "alreadyDone",
      ]);
    },
  },
  {
    area: "requeue",
    name: "a requeued job starts afresh, but its fence goes on",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.report([{ ...lease, progress: 50 }]);
      await provider.nack([{ id, fence: lease.fence, outcome: "dead", reason: "discarded", error: failure }]);
      context.clock.advance(second);
      deepEqual(await provider.requeue([id, id, context.newJob().id]), ["requeued", "alreadyWaiting", "notFound"]);
      const job = await recordOf(provider, id);
      deepEqual(
        [
          job.state,
          job.attempt,
          job.crashes,
          job.fence,
          job.runAt,
          job.progress,
          job.reason,
          job.error,
          job.finishedAt,
        ],
        ["ready", 0, 0, 1, context.clock.now(), undefined, undefined, undefined, undefined],
      );
      const next = await claimOne(provider);
      deepEqual([next.fence, next.attempt], [2, 1]);
    },
  },
  {
    area: "requeue",
    name: "a requeued success loses its output, a requeued cancellation its request",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([{ ...lease, output: "1" }]);
      await provider.requeue([id]);
      equal((await recordOf(provider, id)).output, undefined);
      const again = await claimOne(provider);
      await provider.cancel([id]);
      await provider.ack([again]);
      await provider.requeue([id]);
      equal((await recordOf(provider, id)).cancelRequested, false);
      deepEqual(await provider.ack([await claimOne(provider)]), ["ok"]);
      await expectState(provider, id, "succeeded");
    },
  },
  {
    area: "pause",
    name: "a paused queue takes jobs in but gives none out, and others go on",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.pause({ queue: "mail" });
      await provider.pause({ queue: "mail" });
      deepEqual(await provider.paused(), { queues: ["mail"], names: [] });
      const [result] = await provider.enqueue([context.newJob({ priority: 1 })]);
      equal(result?.outcome, "enqueued");
      deepEqual(await provider.claim(claimRequest()), []);
      await provider.enqueue([context.newJob({ queue: "other" })]);
      const lanes = [{ queue: "other", limit: 1, handles: [{ name: "mail", maxVersion: 1 }] }];
      equal((await provider.claim(claimRequest({ lanes }))).length, 1);
      await provider.resume({ queue: "mail" });
      await provider.resume({ queue: "mail" });
      deepEqual(await provider.paused(), { queues: [], names: [] });
      equal((await claimOne(provider)).id, id);
    },
  },
  {
    area: "requeue",
    name: "a requeued job waits as long as it is told, each its own time",
    async run(context) {
      const provider = await context.createProvider();
      const ids = idsOf(await provider.enqueue([context.newJob(), context.newJob(), context.newJob()]));
      await provider.cancel(ids);
      const now = context.clock.now();
      deepEqual(await provider.requeue(ids, [hour, 0]), ["requeued", "requeued", "requeued"]);
      const records = await Promise.all(ids.map((id) => recordOf(provider, id)));
      deepEqual(
        records.map(({ state, runAt }) => [state, runAt]),
        [
          ["scheduled", now + hour],
          ["ready", now],
          ["ready", now],
        ],
      );
    },
  },
  {
    area: "change",
    name: "a waiting job is moved to another time and back, and its priority counts at once",
    async run(context) {
      const provider = await context.createProvider();
      const [early, late] = [context.newJob(), context.newJob({ priority: 3 })];
      await provider.enqueue([early, late]);
      const now = context.clock.now();
      deepEqual(
        await provider.change([
          { id: early.id, runAt: now + hour, priority: 9 },
          { id: late.id, priority: -1 },
          { id: context.newJob().id, priority: 1 },
        ]),
        ["changed", "changed", "notFound"],
      );
      const moved = await recordOf(provider, early.id);
      deepEqual([moved.state, moved.runAt, moved.priority], ["scheduled", now + hour, 9]);
      deepEqual(await provider.change([{ id: early.id, delayMs: 0 }]), ["changed"]);
      deepEqual(idsOf(await provider.claim(claimRequest())), [late.id, early.id]);
      deepEqual(await provider.change([{ id: early.id, priority: 0 }]), ["notWaiting"]);
      equal((await recordOf(provider, early.id)).priority, 9);
    },
  },
  {
    area: "change",
    name: "the last of two changes of one job in one call counts",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.change([
        { id, delayMs: hour },
        { id, delayMs: 0, priority: 2 },
      ]);
      const { state, runAt, priority } = await recordOf(provider, id);
      deepEqual({ state, runAt, priority }, { state: "ready", runAt: context.clock.now(), priority: 2 });
    },
  },
  {
    area: "change",
    name: "a changed time keeps attempts, crashes, fence and error",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.nack([{ id, fence: lease.fence, outcome: "retry", delayMs: hour, error: failure }]);
      const before = await recordOf(provider, id);
      await provider.change([{ id, delayMs: 0 }]);
      deepEqual(await recordOf(provider, id), { ...before, state: "ready", runAt: context.clock.now() });
      equal((await claimOne(provider)).attempt, 2);
    },
  },
  {
    area: "pause",
    name: "a paused definition is left out of every claim on all providers, others of its queue go on",
    async run(context) {
      const provider = await context.createProvider();
      const other = await context.createProvider();
      await provider.pause({ name: "mail" });
      const [mail, report] = [context.newJob(), context.newJob({ name: "report" })];
      await other.enqueue([mail, report]);
      const handles = ["mail", "report"].map((name) => ({ name, maxVersion: 1 }));
      const lanes = [{ queue: "mail", limit: 5, handles }];
      deepEqual(idsOf(await other.claim(claimRequest({ lanes }))), [report.id]);
      deepEqual(await other.paused(), { queues: [], names: ["mail"] });
      await other.pause({ queue: "mail" });
      await provider.resume({ name: "mail" });
      deepEqual(idsOf(await other.claim(claimRequest({ lanes }))), []);
      await provider.resume({ queue: "mail" });
      deepEqual(idsOf(await other.claim(claimRequest({ lanes }))), [mail.id]);
    },
  },
  {
    area: "pause",
    name: "running jobs of a paused queue can be settled and extended",
    async run(context) {
      const { provider, lease } = await givenClaim(context);
      await provider.pause({ queue: "mail" });
      equal((await provider.extend({ workerId: "w1", leaseMs })).length, 1);
      deepEqual(await provider.ack([lease]), ["ok"]);
    },
  },
  {
    area: "list",
    name: "pages are newest first, complete and without doubles",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = Array.from({ length: 7 }, () => context.newJob());
      await provider.enqueue(jobs);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await provider.list({ limit: 3, ...(cursor !== undefined && { cursor }) });
        seen.push(...idsOf(page.jobs));
        cursor = page.cursor;
        await provider.enqueue([context.newJob()]);
      } while (cursor !== undefined);
      deepEqual(seen, idsOf(jobs).toReversed());
    },
  },
  {
    area: "list",
    name: "a page that holds everything has no cursor",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const page = await provider.list({ limit: 1 });
      deepEqual([idsOf(page.jobs), page.cursor], [[id], undefined]);
      deepEqual(page.jobs[0], await provider.get(id));
    },
  },
  {
    area: "list",
    name: "a limit that is no integer from 1 to 1,000 is refused",
    async run(context) {
      const { provider } = await givenJob(context);
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY]) {
        await rejects(provider.list({ limit }), { code: "JW_INVALID_OPTION" }, String(limit));
      }
    },
  },
  {
    area: "list",
    name: "states, names and queues are joined by and; an empty list matches nothing",
    async run(context) {
      const { provider, id } = await givenJob(context, { name: "a", queue: "x" });
      await provider.enqueue([context.newJob({ name: "a", queue: "y" }), context.newJob({ name: "b", queue: "x" })]);
      const filter = { states: ["ready", "dead"], names: ["a"], queues: ["x", "z"] } as const;
      deepEqual(idsOf((await provider.list(filter)).jobs), [id]);
      deepEqual(await provider.counts(filter), { x: { ready: 1 } });
      deepEqual((await provider.list({ states: [] })).jobs, []);
    },
  },
  {
    area: "counts",
    name: "every job is counted once, whatever happens to it",
    async run(context) {
      const provider = await context.createProvider();
      deepEqual(await provider.counts(), {});
      const jobs = Array.from({ length: 8 }, (_, index) => context.newJob({ delayMs: index < 2 ? hour : 0 }));
      await provider.enqueue(jobs);
      const [a, b, c] = await provider.claim(claimRequest({ limit: 4 }));
      await provider.ack(a ? [a] : []);
      await provider.nack(
        b ? [{ id: b.id, fence: b.fence, outcome: "dead", reason: "discarded", error: failure }] : [],
      );
      await provider.cancel(c ? [c.id, jobs[7]?.id ?? ""] : []);
      deepEqual(await provider.counts(), {
        mail: { scheduled: 2, ready: 1, running: 2, succeeded: 1, dead: 1, cancelled: 1 },
      });
      const listed = await Promise.all(jobStates.map((state) => provider.list({ states: [state] })));
      equal(listed.flatMap((page) => page.jobs).length, jobs.length);
    },
  },
  {
    area: "wait",
    name: "a final job is there at once, an unknown one is undefined",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([{ ...lease, output: "1" }]);
      deepEqual(await provider.awaitSettled(id), await provider.get(id));
      equal(await provider.awaitSettled(context.newJob().id), undefined);
    },
  },
  {
    area: "wait",
    name: "success, death, cancellation and crash loop all end the wait",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = [0, 1, 2, 3].map((priority) => context.newJob({ priority, maxCrashes: 0 }));
      await provider.enqueue(jobs);
      const waits = Promise.all(jobs.map(({ id }) => provider.awaitSettled(id)));
      await provider.ack([await claimOne(provider)]);
      const { id, fence } = await claimOne(provider);
      await provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error: failure }]);
      await claimOne(provider);
      context.clock.advance(leaseMs + 1);
      await provider.reap(1);
      await provider.cancel(idsOf(jobs));
      deepEqual(
        (await waits).map((record) => record?.state),
        ["succeeded", "dead", "dead", "cancelled"],
      );
    },
  },
  {
    area: "wait",
    name: "a job that is not final in time rejects with JW_WAIT_TIMEOUT and goes on",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await rejects(provider.awaitSettled(id, { timeoutMs: 1 }), isCode("JW_WAIT_TIMEOUT"));
      await expectState(provider, id, "ready");
    },
  },
  {
    area: "wait",
    name: "an aborted signal rejects with its reason, before and during the wait",
    async run(context) {
      const { provider, id } = await givenJob(context);
      const reason = new Error("enough");
      await rejects(provider.awaitSettled(id, { signal: AbortSignal.abort(reason) }), reason);
      const abort = new AbortController();
      const wait = provider.awaitSettled(id, { signal: abort.signal });
      abort.abort(reason);
      await rejects(wait, reason);
    },
  },
  {
    area: "lifecycle",
    name: "the capabilities are those that the suite was told",
    async run(context) {
      const provider = await context.createProvider();
      deepEqual({ ...provider.capabilities }, { ...context.capabilities });
    },
  },
  {
    area: "lifecycle",
    name: "migrate, start and stop may be repeated",
    async run(context) {
      const { provider, id } = await givenJob(context);
      await provider.start();
      const { from, to } = await provider.migrate();
      equal(from, to);
      notEqual(to, 0);
      await expectState(provider, id, "ready");
      await provider.stop();
      await provider.stop();
    },
  },
  {
    area: "lifecycle",
    name: "after stop every call rejects with JW_STOPPED",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.stop();
      const calls: readonly (() => Promise<unknown>)[] = [
        () => provider.start(),
        () => provider.enqueue([context.newJob()]),
        () => provider.claim(claimRequest()),
        () => provider.ack([lease]),
        () => provider.nack([{ id, fence: 1, outcome: "release" }]),
        () => provider.extend({ workerId: "w1", leaseMs }),
        () => provider.report([{ ...lease, progress: 1 }]),
        () => provider.note([{ ...lease, kind: "log", key: "1", text: "" }]),
        () => provider.history(id),
        () => provider.putLimits([{ policy: "p", kind: "concurrency", limit: 1 }]),
        () => provider.promote(1),
        () => provider.reap(1),
        () => provider.prune({ retentionMs: {}, limit: 1 }),
        () => provider.get(id),
        () => provider.list({}),
        () => provider.counts(),
        () => provider.cancel([id]),
        () => provider.requeue([id]),
        () => provider.pause({ queue: "mail" }),
        () => provider.resume({ queue: "mail" }),
        () => provider.change([{ id, priority: 1 }]),
        () => provider.paused(),
        () => provider.awaitSettled(id),
        () => provider.putSchedules([{ key: "k", name: "mail", spec: "", nextAt: 1 }]),
        () => provider.removeSchedules(["k"]),
        () => provider.schedules(),
        () => provider.pauseSchedule("k"),
        () => provider.resumeSchedule("k", 1),
        () => provider.dueSchedules({ names: ["mail"], limit: 1 }),
        () => provider.fireSchedule({ key: "k", spec: "", expectedAt: 1, slotAt: 1, jobs: [], nextAt: 2 }),
      ];
      for (const call of calls) await rejects(call, isCode("JW_STOPPED"));
    },
  },
];
