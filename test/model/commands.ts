import fc from "fast-check";
import { expect } from "vitest";
import type { ClaimRequest, Lease, NewJob, Provider, Rejection } from "../../runtime/contract/index.ts";
import type { FakeClock } from "../../runtime/testing/index.ts";

/**
 * The model is the memory provider: both sides get the same calls under one clock, and after every command everything
 * that the contract lets one see is compared.
 */
export interface Model {
  readonly provider: Provider;
  readonly clock: FakeClock;
  /** Every lease ever given out, so that stale handles are used as well. */
  readonly leases: Lease[];
  claims: number;
}

/** `lostReply`: the real side is called once more, as a caller does whose reply was lost. */
type Step = (provider: Provider, model: Model) => Promise<unknown>;

class ProviderCommand implements fc.AsyncCommand<Model, Provider> {
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

  async run(model: Model, real: Provider): Promise<void> {
    const step = this.#prepare(model);
    const expected = await step(model.provider, model);
    const actual = await step(real, model);
    expect(actual).toEqual(expected);
    if (this.#lostReply) await step(real, model);
    expect(await projection(real)).toEqual(await projection(model.provider));
  }

  toString(): string {
    return this.#lostReply ? `${this.#name} twice` : this.#name;
  }
}

/** Everything that can be seen, without the opaque cursor. */
async function projection(provider: Provider): Promise<unknown> {
  const { jobs } = await provider.list({ limit: 1_000 });
  return { jobs, counts: await provider.counts(), paused: await provider.paused() };
}

const queues = ["a", "b"] as const;
const error = { name: "Error", message: "planned" };
const ids = fc.array(fc.nat(7).map(jobId), { maxLength: 3 });
const delays = fc.constantFrom(0, 1, 50, 200);

function jobId(n: number): string {
  return `00000000-0000-7000-8000-00000000000${n}`;
}

const newJobs: fc.Arbitrary<readonly NewJob[]> = fc.array(
  fc.record({
    id: fc.nat(7).map(jobId),
    name: fc.constantFrom("mail", "report"),
    queue: fc.constantFrom(...queues),
    version: fc.integer({ min: 1, max: 2 }),
    priority: fc.integer({ min: -1, max: 1 }),
    delayMs: delays,
    maxCrashes: fc.nat(2),
    payload: fc.string(),
  }),
  { maxLength: 4 },
);

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
);

/** Points into the leases given out so far, the newest first. */
const picks = fc.array(fc.nat(5), { minLength: 1, maxLength: 3 });

function leaseAt(model: Model, pick: number): Lease {
  return model.leases.at(-1 - (pick % Math.max(1, model.leases.length))) ?? { id: jobId(0), fence: 0 };
}

const workers = fc.constantFrom("w1", "w2");
const leaseMs = fc.constantFrom(20, 100);
const lostReply = fc.boolean();

function command<T>(
  name: string,
  input: fc.Arbitrary<T>,
  prepare: (input: T, model: Model) => Step,
): fc.Arbitrary<fc.AsyncCommand<Model, Provider>> {
  return fc
    .tuple(input, lostReply)
    .map(
      ([value, lost]) => new ProviderCommand(`${name}(${fc.stringify(value)})`, lost, (model) => prepare(value, model)),
    );
}

const enqueue = command("enqueue", newJobs, (jobs) => (provider) => provider.enqueue(jobs));

const claim = command("claim", fc.record({ workerId: workers, leaseMs, lanes }), (request, model) => {
  const claimId = `claim-${++model.claims}`;
  return async (provider) => {
    const claimed = await provider.claim({ ...request, claimId });
    if (provider === model.provider) model.leases.push(...claimed.map(({ id, fence }) => ({ id, fence })));
    return claimed;
  };
});

export const commands: fc.Arbitrary<fc.AsyncCommand<Model, Provider>>[] = [
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
  command("extend", fc.record({ workerId: workers, leaseMs }), (request) => (provider) => provider.extend(request)),
  command("promote", fc.constant(1_000), (limit) => (provider) => provider.promote(limit)),
  command("reap", fc.constant(1_000), (limit) => (provider) => provider.reap(limit)),
  command("prune", fc.constantFrom(0, 50, 500), (ms) => (provider) => {
    return provider.prune({ retentionMs: { succeeded: ms, dead: 2 * ms, cancelled: ms }, limit: 1_000 });
  }),
  command("cancel", ids, (picked) => (provider) => provider.cancel(picked)),
  command("requeue", ids, (picked) => (provider) => provider.requeue(picked)),
  command("pause", fc.constantFrom(...queues), (queue) => (provider) => provider.pause(queue)),
  command("resume", fc.constantFrom(...queues), (queue) => (provider) => provider.resume(queue)),
  command("advance", fc.constantFrom(1, 19, 20, 21, 50, 101, 1_000), (ms, { clock }) => {
    // Once per command, whoever is asked: both sides share the clock.
    clock.advance(ms);
    return () => Promise.resolve();
  }),
];
