import { deepEqual, equal } from "node:assert/strict";
import { isFinalState, type JobRecord, type JobState, type Lease, type Provider } from "../../contract/index.ts";
import {
  type Answer,
  type Operation,
  operations,
  type Situation,
  situations,
  type Transition,
  transitions,
} from "../../core/transitions.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import {
  claimOne,
  claimRequest,
  expectState,
  failure,
  first,
  givenBlocked,
  givenClaim,
  givenJob,
  givenLapse,
  hour,
  idsOf,
  pruneAll,
  recordOf,
} from "./steps.ts";

/** Every situation that this contract can reach × every operation, generated from the table. */

interface Scene {
  readonly provider: Provider;
  readonly id: string;
}

type MakeScene = (context: ConformanceContext, maxCrashes: number) => Promise<Scene>;

const scenes: Readonly<Record<Situation, MakeScene>> = {
  scheduled: (context, maxCrashes) => givenJob(context, { maxCrashes, delayMs: hour }),
  ready: (context, maxCrashes) => givenJob(context, { maxCrashes }),
  lapsed: (context, maxCrashes) => givenLapse(context, { maxCrashes: maxCrashes + 1 }),
  blocked: (context, maxCrashes) => givenBlocked(context, { maxCrashes }),
  running: (context, maxCrashes) => givenClaim(context, { maxCrashes }),
  cancelling: (context, maxCrashes) =>
    after(givenClaim(context, { maxCrashes }), ({ provider, id }) => provider.cancel([id])),
  succeeded: (context, maxCrashes) =>
    after(givenClaim(context, { maxCrashes }), ({ provider, lease }) => provider.ack([{ ...lease, output: "1" }])),
  dead: (context, maxCrashes) =>
    after(givenClaim(context, { maxCrashes }), ({ provider, lease: { id, fence } }) =>
      provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error: failure }]),
    ),
  cancelled: (context, maxCrashes) =>
    after(givenJob(context, { maxCrashes }), ({ provider, id }) => provider.cancel([id])),
  skipped: (context, maxCrashes) =>
    after(givenClaim(context, { maxCrashes }), ({ provider, lease: { id, fence } }) =>
      provider.nack([{ id, fence, outcome: "skip" }]),
    ),
};

/** As `blocked`, by what it needs instead of by a gate. */
const givenHeldJob: MakeScene = async (context, maxCrashes) => {
  const { provider, id: parent } = await givenJob(context, { queue: "elsewhere", delayMs: 10 * hour });
  const needs = { of: [{ id: parent, when: "succeeded" }], mode: "all" } as const;
  const [held] = await provider.enqueue([context.newJob({ maxCrashes, needs })]);
  if (held?.state !== "blocked") throw new Error("the job is not held");
  return { provider, id: held.id };
};

async function after<S extends Scene>(scene: Promise<S>, step: (scene: S) => Promise<unknown>): Promise<S> {
  const given = await scene;
  await step(given);
  return given;
}

const retryDelayMs = 1_000;

type Perform = (provider: Provider, lease: Lease, context: ConformanceContext) => Promise<Answer>;

/** Those that somebody calls for; what edges do to a job has cases of its own. */
type Called = Exclude<Operation, "skip">;

const performers: Readonly<Record<Called, Perform>> = {
  claim: async (provider, { id }) =>
    applied(idsOf(await provider.claim(claimRequest({ workerId: "w2" }))).includes(id)),
  ack: async (provider, lease) => first(await provider.ack([{ ...lease, output: '"late"' }])),
  "nack-retry": async (provider, lease) =>
    first(await provider.nack([{ ...lease, outcome: "retry", delayMs: retryDelayMs, error: failure }])),
  "nack-dead": async (provider, lease) =>
    first(await provider.nack([{ ...lease, outcome: "dead", reason: "attempts-exhausted", error: failure }])),
  "nack-snooze": async (provider, lease) =>
    first(await provider.nack([{ ...lease, outcome: "snooze", delayMs: retryDelayMs }])),
  "nack-release": async (provider, lease) => first(await provider.nack([{ ...lease, outcome: "release" }])),
  "nack-skip": async (provider, lease) => first(await provider.nack([{ ...lease, outcome: "skip" }])),
  extend: async (provider, { id }) =>
    applied(idsOf(await provider.extend({ workerId: "w1", leaseMs: 2 * hour })).includes(id)),
  report: async (provider, lease) => first(await provider.report([{ ...lease, progress: 40 }])),
  promote: async (provider, _lease, { clock }) => {
    clock.advance(2 * hour);
    return applied((await provider.promote(10)).promoted === 1);
  },
  reap: reapAfterLease,
  "reap-crash-loop": reapAfterLease,
  prune: async (provider) => applied((await provider.prune(pruneAll)) === 1),
  cancel: async (provider, { id }) => first(await provider.cancel([id])),
  requeue: async (provider, { id }) => first(await provider.requeue([id], [retryDelayMs])),
  change: async (provider, { id }) => first(await provider.change([{ id, delayMs: retryDelayMs }])),
  complete: async (provider, { id }) => first(await provider.complete([{ id, output: "1" }])),
};

async function reapAfterLease(provider: Provider, _lease: Lease, { clock }: ConformanceContext): Promise<Answer> {
  clock.advance(2 * hour);
  const { readied, ended } = await provider.reap(10);
  return applied(readied + ended === 1);
}

function applied(happened: boolean): Answer {
  return happened ? "applied" : "untouched";
}

/** Whether the answer says that nothing happened at all. */
const nothing: ReadonlySet<Answer> = new Set<Answer>([
  "untouched",
  "stale",
  "alreadyDone",
  "alreadyWaiting",
  "notWaiting",
  "notFound",
]);

function expected(
  before: JobRecord,
  transition: Transition,
  waiting: JobState,
): Pick<JobRecord, "attempt" | "crashes" | "fence" | "state" | "reason"> {
  const { attempt, to, reason } = transition;
  const state = to === undefined || to === "gone" ? before.state : to === "waiting" ? waiting : to;
  return {
    state,
    attempt: attempt === "reset" ? 0 : before.attempt + (attempt ?? 0),
    crashes: attempt === "reset" ? 0 : before.crashes + (transition.crashes ?? 0),
    fence: before.fence + (transition.fence ?? 0),
    reason: attempt === "reset" ? undefined : reason === "given" ? "attempts-exhausted" : (reason ?? before.reason),
  };
}

interface Cell {
  readonly situation: Situation;
  readonly operation: Called;
  readonly makeScene: MakeScene;
  /** The state of a job that waits and has a delay. */
  readonly waiting: JobState;
}

async function runCell(context: ConformanceContext, cell: Cell): Promise<void> {
  const { situation, operation, makeScene, waiting } = cell;
  const transition = transitions[situation][operation];
  const scene = await makeScene(context, operation === "reap-crash-loop" ? 0 : 3);
  const before = await recordOf(scene.provider, scene.id);
  equal(await performers[operation](scene.provider, { id: scene.id, fence: before.fence }, context), transition.answer);
  const record = await scene.provider.get(scene.id);
  if (transition.to === "gone") return equal(record, undefined);
  if (nothing.has(transition.answer)) return deepEqual(record, before);
  deepEqual({ ...before, ...expected(before, transition, waiting) }, { ...before, ...pickExpected(record) });
  expectTimes(record, context);
}

function pickExpected(record: JobRecord | undefined): Partial<JobRecord> {
  if (!record) throw new Error("the job is gone");
  const { attempt, crashes, fence, state, reason } = record;
  return { attempt, crashes, fence, state, reason };
}

/** What belongs to a state is there, and nothing else. */
function expectTimes(record: JobRecord | undefined, { clock }: ConformanceContext): void {
  if (!record) return;
  equal(record.leaseUntil !== undefined, record.state === "running", "leaseUntil is there exactly while running");
  equal(record.workerId !== undefined, record.state === "running", "workerId is there exactly while running");
  equal(record.finishedAt !== undefined, isFinalState(record.state), "finishedAt is there exactly when final");
  if (isFinalState(record.state)) equal(record.finishedAt, clock.now());
}

const called = operations.filter((operation): operation is Called => operation !== "skip");

function cellsOf(what: string, situation: Situation, makeScene: MakeScene, waiting: JobState) {
  return called.map((operation): ConformanceCase => {
    const { answer, to } = transitions[situation][operation];
    return {
      area: "transitions",
      name: `${operation} of a ${what} job: ${answer}${to === undefined ? "" : `, ${to}`}`,
      run: (context) => runCell(context, { situation, operation, makeScene, waiting }),
    };
  });
}

const cells = [
  ...situations.flatMap((situation) => cellsOf(situation, situation, scenes[situation], "scheduled")),
  ...cellsOf("blocked (by its needs)", "blocked", givenHeldJob, "blocked"),
];

/** Settling with a fence that was never given out, or is no longer the newest, changes nothing in any situation. */
const staleCells = situations.map((situation): ConformanceCase => ({
  area: "fence",
  name: `every fenced call on a ${situation} job with another fence is stale`,
  async run(context) {
    const scene = await scenes[situation](context, 3);
    const before = await recordOf(scene.provider, scene.id);
    for (const fence of [before.fence - 1, before.fence + 1]) {
      for (const operation of called) {
        if (operation !== "ack" && operation !== "report" && !operation.startsWith("nack")) continue;
        equal(await performers[operation](scene.provider, { id: scene.id, fence }, context), "stale");
      }
    }
    deepEqual(await recordOf(scene.provider, scene.id), before);
  },
}));

/** A refused lease stays refused when its job has been claimed by somebody else. */
const supersededCells = called
  .filter((operation) => operation === "ack" || operation === "report" || operation.startsWith("nack"))
  .map((operation): ConformanceCase => ({
    area: "fence",
    name: `${operation} by the first holder is stale once another worker claimed the job`,
    async run(context) {
      const { provider, id, lease } = await givenLapse(context);
      await claimOne(provider, { workerId: "w2" });
      const before = await recordOf(provider, id);
      equal(await performers[operation](provider, { id, fence: lease.fence }, context), "stale");
      deepEqual(await recordOf(provider, id), before);
      await expectState(provider, id, "running");
    },
  }));

export const matrixCases: readonly ConformanceCase[] = [...cells, ...staleCells, ...supersededCells];
