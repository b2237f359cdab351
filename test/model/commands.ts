import fc from "fast-check";
import { expect } from "vitest";
import {
  type ClaimRequest,
  type FinishedRequest,
  isFinalState,
  JobwrightError,
  type JobRecord,
  type Lease,
  type Gate,
  gateKinds,
  type JobChange,
  type ListRequest,
  needConditions,
  type NeedsRequest,
  type NewJob,
  noteKinds,
  type PauseTarget,
  type Provider,
  type PruneRequest,
  type Rejection,
  type UniqueKey,
  uniqueScopes,
} from "../../runtime/contract/index.ts";
import type { FakeClock } from "../../runtime/testing/index.ts";

/**
 * The model is the memory provider: all sides get the same calls under one clock, and after every command everything that
 * the contract lets one see is compared. With one real side this proves that side; with several it is a differential test:
 * every answer and every record of every provider is the same, also the answers that no model gives, those to a call that
 * is made again.
 */
export interface Model {
  readonly provider: Provider;
  readonly clock: FakeClock;
  /** Every lease ever given out, so that stale handles are used as well. */
  readonly leases: Lease[];
  claims: number;
}

/** Providers under test, by name. */
export type Reals = Readonly<Record<string, Provider>>;

/** `lostReply`: the real sides are called once more, as a caller does whose reply was lost. */
type Step = (provider: Provider, model: Model) => Promise<unknown>;

class ProviderCommand implements fc.AsyncCommand<Model, Reals> {
  readonly #name: string;
  readonly #lostReply: boolean;
  readonly #prepare: (model: Model) => Step;

  constructor(name: string, lostReply: boolean, prepare: (model: Model) => Step) {
    this.#name = name;
    this.#lostReply = lostReply;
    this.#prepare = prepare;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, reals: Reals): Promise<void> {
    const step = this.#prepare(model);
    const answer = await step(model.provider, model);
    expectAll(await ofEach(reals, (real) => step(real, model)), answer);
    if (this.#lostReply) {
      // What a requeue left skipped, because it came before what it needs, is requeued by the next one: by the model's as well.
      if (this.#name.startsWith("requeue") && (await hasSkipped(model.provider))) await step(model.provider, model);
      const again = await ofEach(reals, (real) => step(real, model));
      expectAll(again, Object.values(again)[0]);
    }
    expectAll(await ofEach(reals, projection), await projection(model.provider));
  }

  toString(): string {
    return this.#lostReply ? `${this.#name} twice` : this.#name;
  }
}

async function hasSkipped(provider: Provider): Promise<boolean> {
  return Object.values(await provider.counts()).some(({ skipped = 0 }) => skipped > 0);
}

/** At once: they share nothing but the clock, which stands still meanwhile. */
async function ofEach(reals: Reals, ask: (real: Provider) => Promise<unknown>): Promise<Record<string, unknown>> {
  const answers = Object.entries(reals).map(async ([name, real]) => [name, await ask(real)] as const);
  return Object.fromEntries(await Promise.all(answers));
}

function expectAll(answers: Readonly<Record<string, unknown>>, expected: unknown): void {
  for (const [name, answer] of Object.entries(answers)) expect(answer, name).toEqual(expected);
}

/** Everything that can be seen, without the opaque cursor. */
async function projection(provider: Provider): Promise<unknown> {
  const { jobs } = await provider.list({ limit: 1_000 });
  const { schedules } = await provider.schedules();
  return { jobs, counts: await provider.counts(), paused: await provider.paused(), schedules };
}

const queues = ["a", "b"] as const;
const error = { name: "Error", message: "planned" };
const ids = fc.array(fc.nat(7).map(jobId), { maxLength: 3 });
const delays = fc.constantFrom(0, 1, 50, 200);

function jobId(n: number): string {
  return `00000000-0000-7000-8000-00000000000${n}`;
}

/** Few keys, so that they are fought over. */
const uniqueKeys: fc.Arbitrary<UniqueKey> = fc.record(
  {
    key: fc.constantFrom("k1", "k2"),
    scope: fc.constantFrom(...uniqueScopes),
    forMs: fc.constantFrom(20, 100),
    onConflict: fc.constantFrom("ignore", "replace", "extend"),
    maxWaitMs: fc.constantFrom(10, 200),
  },
  { requiredKeys: ["key", "scope", "onConflict"] },
);

/** Two groups at each level of the first four, and few places. */
const gates: fc.Arbitrary<readonly Gate[]> = fc
  .subarray(["order", "concurrency", "rate", "fair"] as const, { minLength: 1 })
  .chain((kinds) =>
    fc.tuple(
      ...kinds.map((kind) =>
        fc.constantFrom("x", "y").map((group): Gate => {
          const level = gateKinds.indexOf(kind);
          const limit = kind === "order" ? 1 : 2;
          return {
            policy: kind,
            key: `${kind}:${group}`,
            kind,
            level,
            limit,
            ...(kind === "rate" ? { windowMs: 60 } : {}),
          };
        }),
      ),
    ),
  );

const needLists = fc.uniqueArray(fc.record({ id: fc.nat(7).map(jobId), when: fc.constantFrom(...needConditions) }), {
  maxLength: 3,
  selector: ({ id }) => id,
});

/** Jobs with edges, which have no unique key. Circles may come of it: then both sides wait for ever. */
const edges: fc.Arbitrary<Pick<NewJob, "needs" | "neededBy">> = fc.oneof(
  fc.record({ needs: fc.record({ of: needLists, mode: fc.constantFrom("all", "any") }) }),
  fc.record({ neededBy: needLists }),
);

const plainJob: fc.Arbitrary<NewJob> = fc.record(
  {
    id: fc.nat(7).map(jobId),
    name: fc.constantFrom("mail", "report"),
    queue: fc.constantFrom(...queues),
    version: fc.integer({ min: 1, max: 2 }),
    priority: fc.integer({ min: -1, max: 1 }),
    delayMs: delays,
    maxCrashes: fc.nat(2),
    payload: fc.string(),
    unique: uniqueKeys,
    gates,
    tags: fc.subarray(["t1", "t2"], { minLength: 1 }),
  },
  { requiredKeys: ["id", "name", "queue", "version", "priority", "delayMs", "maxCrashes", "payload"] },
);

const newJob: fc.Arbitrary<NewJob> = fc.oneof(
  { weight: 2, arbitrary: plainJob },
  {
    weight: 1,
    arbitrary: fc.tuple(plainJob, edges).map(([{ unique: _unique, ...job }, drawn]) => ({ ...job, ...drawn })),
  },
);

/** Ids of their own: one id with and without a key in a call means two things when the call is made again. */
const newJobs = fc.uniqueArray(newJob, { maxLength: 4, selector: ({ id }) => id });

const changes: fc.Arbitrary<readonly JobChange[]> = fc.array(
  fc.record(
    { id: fc.nat(7).map(jobId), delayMs: delays, priority: fc.integer({ min: -1, max: 1 }) },
    { requiredKeys: ["id"] },
  ),
  { minLength: 1, maxLength: 3 },
);

const scheduleKeys = fc.constantFrom("daily", "hourly");

/** A slot near the clock of the moment, so that firings hit and miss. */
function slotAt({ clock }: Model, steps: number): number {
  return Math.floor(clock.now() / 50 + steps) * 50;
}

/** The first, which takes everything, twice: sequences without claims prove little. */
const handles: ClaimRequest["lanes"][number]["handles"][] = [
  [
    { name: "mail", maxVersion: 2 },
    { name: "report", maxVersion: 2 },
  ],
  [
    { name: "mail", maxVersion: 2 },
    { name: "report", maxVersion: 2 },
  ],
  [
    { name: "report", maxVersion: 1 },
    { name: "mail", maxVersion: 2 },
  ],
  [{ name: "mail", maxVersion: 1 }],
  [],
];

const lanes: fc.Arbitrary<ClaimRequest["lanes"]> = fc.array(
  fc.record({
    queue: fc.constantFrom(...queues),
    limit: fc.nat(3),
    handles: fc.constantFrom(...handles),
  }),
  { minLength: 1, maxLength: 3 },
);

const endings = fc.oneof(
  fc.record({ outcome: fc.constant("retry" as const), delayMs: delays, error: fc.constant(error) }),
  fc.record({
    outcome: fc.constant("dead" as const),
    reason: fc.constant("discarded" as const),
    error: fc.constant(error),
  }),
  fc.record({ outcome: fc.constant("snooze" as const), delayMs: delays }),
  fc.record({ outcome: fc.constant("release" as const) }),
  fc.record({ outcome: fc.constant("skip" as const) }),
);

/** Points into the leases given out so far, the newest first. */
const picks = fc.array(fc.nat(5), { minLength: 1, maxLength: 3 });

function leaseOf({ id, fence, gated }: Lease): Lease {
  return gated ? { id, fence, gated } : { id, fence };
}

function leaseAt(model: Model, pick: number): Lease {
  return model.leases.at(-1 - (pick % Math.max(1, model.leases.length))) ?? { id: jobId(0), fence: 0 };
}

const tags = fc.subarray(["t1", "t2"]);

const filters = fc.record(
  {
    states: fc.subarray(
      ["scheduled", "ready", "blocked", "running", "succeeded", "dead", "cancelled", "skipped"] as const,
      {
        minLength: 1,
      },
    ),
    names: fc.subarray(["mail", "report"] as const, { minLength: 1 }),
    queues: fc.subarray([...queues], { minLength: 1 }),
  },
  { requiredKeys: [] },
);

const targets: fc.Arbitrary<PauseTarget> = fc.constantFrom(...queues.map((queue) => ({ queue })), { name: "mail" });

/** Page by page; a cursor is opaque, so only what the pages hold is compared. */
async function pages(provider: Provider, request: ListRequest): Promise<readonly (readonly JobRecord[])[]> {
  const page = await provider.list(request);
  return page.cursor === undefined
    ? [page.jobs]
    : [page.jobs, ...(await pages(provider, { ...request, cursor: page.cursor }))];
}

/** All pages of what a job needs. */
async function needsOf(provider: Provider, request: NeedsRequest): Promise<readonly unknown[]> {
  const { needs, cursor } = await provider.needs(request);
  return cursor === undefined ? needs : [...needs, ...(await needsOf(provider, { ...request, cursor }))];
}

/** Call by call until nothing is left to prune: what the others need goes with a later call than they do. */
async function prunings(provider: Provider, retentionMs: PruneRequest["retentionMs"]): Promise<readonly number[]> {
  const pruned = await provider.prune({ retentionMs, limit: 1_000 });
  return pruned === 0 ? [0] : [pruned, ...(await prunings(provider, retentionMs))];
}

async function finishedSince(provider: Provider, request: FinishedRequest): Promise<readonly unknown[]> {
  const { now, jobs, cursor } = await provider.finished(request);
  return cursor === undefined ? [now, jobs] : [now, jobs, await finishedSince(provider, { ...request, cursor })];
}

/** What a call says, or the code of its refusal. */
async function answerOf<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (error) {
    if (JobwrightError.is(error) && !error.retryable) return error.code;
    throw error;
  }
}

/** Of jobs that have ended, or do not exist, there is nothing to wait for. Others would make it a matter of real time. */
async function settledNow(provider: Provider, model: Model, id: string): Promise<unknown> {
  const record = await model.provider.get(id);
  if (record && !isFinalState(record.state)) return "not yet";
  return provider.awaitSettled(id, { timeoutMs: 10_000 });
}

const workers = fc.constantFrom("w1", "w2");
const leaseMs = fc.constantFrom(20, 100);
const lostReply = fc.boolean();

function command<T>(
  name: string,
  input: fc.Arbitrary<T>,
  prepare: (input: T, model: Model) => Step,
): fc.Arbitrary<fc.AsyncCommand<Model, Reals>> {
  return fc
    .tuple(input, lostReply)
    .map(
      ([value, lost]) => new ProviderCommand(`${name}(${fc.stringify(value)})`, lost, (model) => prepare(value, model)),
    );
}

const enqueue = command("enqueue", newJobs, (jobs) => (provider) => answerOf(provider.enqueue(jobs)));

const claim = command("claim", fc.record({ workerId: workers, leaseMs, lanes }), (request, model) => {
  const claimId = `claim-${++model.claims}`;
  return async (provider) => {
    const claimed = await provider.claim({ ...request, claimId });
    if (provider === model.provider) model.leases.push(...claimed.map(leaseOf));
    return claimed;
  };
});

export const commands: fc.Arbitrary<fc.AsyncCommand<Model, Reals>>[] = [
  // Twice, so that most sequences have jobs and leases to fight over.
  enqueue,
  enqueue,
  claim,
  claim,
  command("ack", fc.tuple(picks, fc.option(fc.string(), { nil: undefined })), ([picked, output], model) => {
    const leases = picked.map((pick) => leaseAt(model, pick));
    const completions = leases.map((lease) => (output === undefined ? lease : { ...lease, output }));
    return (provider) => provider.ack(completions);
  }),
  command("nack", fc.tuple(picks, endings), ([picked, ending], model) => {
    const rejections = picked.map((pick): Rejection => ({ ...leaseAt(model, pick), ...ending }));
    return (provider) => provider.nack(rejections);
  }),
  command("report", fc.tuple(picks, fc.nat(100)), ([picked, progress], model) => {
    const reports = picked.map((pick) => ({ ...leaseAt(model, pick), progress }));
    return (provider) => provider.report(reports);
  }),
  command("note", fc.tuple(picks, fc.constantFrom(...noteKinds), fc.nat(2)), ([picked, kind, key], model) => {
    const notes = picked.map((pick) => ({
      ...leaseAt(model, pick),
      kind,
      key: `k${key}`,
      text: `text ${model.claims}`,
    }));
    return (provider) => provider.note(notes);
  }),
  command("history", ids, (picked) => (provider) => Promise.all(picked.map((id) => provider.history(id)))),
  command(
    "putLimits",
    fc.tuple(fc.constantFrom("concurrency", "rate", "fair"), fc.integer({ min: 1, max: 3 })),
    (set) => {
      const [kind, limit] = set;
      const limits = [{ policy: kind, kind, limit, ...(kind === "rate" ? { windowMs: 60 } : {}) }];
      return (provider) => provider.putLimits(limits);
    },
  ),
  command("extend", fc.record({ workerId: workers, leaseMs }), (request) => (provider) => provider.extend(request)),
  command("promote", fc.constant(1_000), (limit) => (provider) => provider.promote(limit)),
  command("reap", fc.constant(1_000), (limit) => (provider) => provider.reap(limit)),
  command("prune", fc.constantFrom(0, 50, 500), (ms) => (provider) => {
    return prunings(provider, { succeeded: ms, dead: 2 * ms, cancelled: ms, skipped: ms });
  }),
  command("needs", fc.tuple(fc.nat(7).map(jobId), fc.integer({ min: 1, max: 2 })), ([id, limit]) => (provider) => {
    return needsOf(provider, { id, limit });
  }),
  command("finished", fc.tuple(delays, fc.integer({ min: 1, max: 3 })), ([ago, limit], { clock }) => {
    const since = clock.now() - ago;
    return (provider) => finishedSince(provider, { since, limit });
  }),
  command("complete", fc.tuple(ids, fc.option(fc.string(), { nil: undefined })), ([picked, output]) => (provider) => {
    return provider.complete(picked.map((id) => (output === undefined ? { id } : { id, output })));
  }),
  command("cancel", ids, (picked) => (provider) => provider.cancel(picked)),
  command("requeue", fc.tuple(ids, fc.array(delays, { maxLength: 3 })), ([picked, delaysMs]) => (provider) => {
    return provider.requeue(picked, delaysMs);
  }),
  command("change", changes, (picked) => (provider) => provider.change(picked)),
  command("pause", targets, (target) => (provider) => provider.pause(target)),
  command("resume", targets, (target) => (provider) => provider.resume(target)),
  command("putSchedules", fc.tuple(scheduleKeys, fc.constantFrom("1", "2"), fc.nat(3)), ([key, spec, steps], model) => {
    const schedule = { key, name: key === "daily" ? "mail" : "report", spec, nextAt: slotAt(model, steps) };
    return (provider) => provider.putSchedules([schedule]);
  }),
  command("removeSchedules", scheduleKeys, (key) => (provider) => provider.removeSchedules([key, "none"])),
  command("pauseSchedule", scheduleKeys, (key) => (provider) => provider.pauseSchedule(key)),
  command("resumeSchedule", fc.tuple(scheduleKeys, fc.nat(3)), ([key, steps], model) => {
    const nextAt = slotAt(model, steps);
    return (provider) => provider.resumeSchedule(key, nextAt);
  }),
  command("dueSchedules", fc.subarray(["mail", "report"]), (names) => (provider) => {
    return provider.dueSchedules({ names, limit: 1 });
  }),
  command("fireSchedule", fc.tuple(scheduleKeys, fc.constantFrom("1", "2"), newJobs, fc.nat(2)), (fired, model) => {
    const [key, spec, jobs, steps] = fired;
    const expectedAt = slotAt(model, 0);
    const nextAt = steps === 0 ? undefined : slotAt(model, steps);
    const firing = { key, spec, expectedAt, slotAt: expectedAt, jobs, nextAt };
    return (provider) => answerOf(provider.fireSchedule(firing));
  }),
  command("get", ids, (picked) => (provider) => Promise.all(picked.map((id) => provider.get(id)))),
  command("list", fc.tuple(filters, fc.integer({ min: 1, max: 3 }), tags), ([filter, limit, sought]) => (provider) => {
    return pages(provider, { ...filter, limit, ...(sought.length > 0 ? { tags: sought } : {}) });
  }),
  command("counts", filters, (filter) => (provider) => provider.counts(filter)),
  command("awaitSettled", fc.nat(7).map(jobId), (id) => (provider, model) => settledNow(provider, model, id)),
  command("advance", fc.constantFrom(1, 19, 20, 21, 50, 101, 1_000), (ms, { clock }) => {
    // Once per command, whoever is asked: both sides share the clock.
    clock.advance(ms);
    return () => Promise.resolve();
  }),
];
