import type { GateDescriptor } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import type { Report } from "./problems.ts";
import { readBy, type UniqueBy } from "./unique.ts";

/** So many jobs at a time, over all processes. */
export interface ConcurrencyLimit<Input = unknown> {
  /** Integer ≥ 1. */
  readonly limit: number;
  /** What makes the groups that are limited each for itself. Default: all jobs of the definition are one group. */
  readonly by?: UniqueBy<Input>;
}

/** So many starts in any stretch of time, over all processes. A retry is a start. */
export interface RateLimit<Input = unknown> extends ConcurrencyLimit<Input> {
  /** The stretch of time. */
  readonly per: Duration;
}

/** One job at a time per key, in the order of enqueueing, from its first attempt to its end: a retry holds up the rest. */
export interface OrderOptions<Input = unknown> {
  readonly by: UniqueBy<Input>;
}

/** Keys of one queue take turns, however many jobs each of them has. */
export interface FairnessOptions<Input = unknown> {
  readonly by: UniqueBy<Input>;
  /** Jobs of one key that wait for a worker ahead of the turns of others. Integer ≥ 1. Default 10. */
  readonly share?: number;
}

/** What a job definition has of it. */
export interface Limits {
  readonly gates?: readonly GateDescriptor[];
  /** What keys are made of, by policy, where it is a function. */
  readonly gateBy?: Readonly<Record<string, (input: unknown) => unknown>>;
  /** Where in the schema file the limits with a key stand, by policy; for messages. */
  readonly gatePlaces?: Readonly<Record<string, readonly string[]>>;
}

/** From inside out: whoever waits must not hold a place that another group could use. */
export const levels = {
  order: 0,
  fairness: 1,
  concurrencyByKey: 2,
  rateByKey: 3,
  concurrency: 4,
  rate: 5,
  queueConcurrency: 6,
  queueRate: 7,
} as const;

/** Jobs of one key that wait for a worker, unless the schema says otherwise. */
export const defaultShare = 10;

/** More than any store counts. */
export const maxLimit = 1_000_000_000;

interface Found {
  readonly gate: GateDescriptor;
  readonly path: readonly string[];
  readonly by?: (input: unknown) => unknown;
}

interface Place {
  readonly job: string;
  readonly queue: string;
  readonly report: Report;
}

/** All limits of one job, those of its queue included. `queueGates` are read before. */
export function readLimits(options: object, place: Place, queueGates: readonly GateDescriptor[]): Limits {
  const values = options as Readonly<Record<string, unknown>>; // any value may stand there in JavaScript
  const own: readonly Found[] = [
    ...readOrder(values["order"], place),
    ...readFairness(values["fairness"], place),
    ...readMany(values["concurrency"], "concurrency", place),
    ...readMany(values["rateLimit"], "rateLimit", place),
  ];
  const gates = [...own.map(({ gate }) => gate), ...queueGates].sort((a, b) => a.level - b.level);
  if (gates.length === 0) return {};
  if (values["batch"] !== undefined) refuseLonelyBatch(gates, place);
  const functions = own.flatMap(({ gate, by }) => (by ? [[gate.policy, by] as const] : []));
  const places = own.flatMap(({ gate, path }) => (gate.by ? [[gate.policy, path] as const] : []));
  return {
    gates,
    ...(functions.length > 0 ? { gateBy: Object.fromEntries(functions) } : {}),
    ...(places.length > 0 ? { gatePlaces: Object.fromEntries(places) } : {}),
  };
}

/** A batch whose jobs can only run one at a time never has two of them. */
function refuseLonelyBatch(gates: readonly GateDescriptor[], { job, report }: Place): void {
  const isForAll = ({ by }: GateDescriptor): boolean => by === undefined || by.length === 0;
  const single = gates.find(
    (gate) => gate.limit === 1 && isForAll(gate) && ["order", "concurrency"].includes(gate.kind),
  );
  if (!single) return;
  report({
    job,
    path: ["batch"],
    message: `${job}.batch never has more than one job: ${single.policy} lets one run at a time.`,
    hint: "Leave `batch` out, or let more jobs run at a time.",
  });
}

function readOrder(value: unknown, { job, report }: Place): readonly Found[] {
  if (value === undefined) return [];
  const read = createOptionReader(value, { job, path: ["order"], report });
  read.known(["by"]);
  return [keyed(value, read, ["order"], { policy: `${job}.order`, kind: "order", level: levels.order, limit: 1 })];
}

function readFairness(value: unknown, { job, queue, report }: Place): readonly Found[] {
  if (value === undefined) return [];
  const read = createOptionReader(value, { job, path: ["fairness"], report });
  read.known(["by", "share"]);
  const limit = read.integer("share", { min: 1, max: maxLimit, fallback: defaultShare });
  // Turns are taken within a queue, so its jobs share the groups.
  const policy = `queue:${queue}.fairness`;
  return [keyed(value, read, ["fairness"], { policy, kind: "fair", level: levels.fairness, limit })];
}

type Limited = "concurrency" | "rateLimit";

/** One for the whole and one by key at most: two of the same kind would say the same twice. */
function readMany(value: unknown, option: Limited, place: Place): readonly Found[] {
  if (value === undefined) return [];
  const found = Array.isArray(value)
    ? value.map((entry: unknown, index) => readOne(entry, option, [option, `[${index}]`], place))
    : [readOne(value, option, [option], place)];
  const refuse = (what: string): void =>
    place.report({
      job: place.job,
      path: [option],
      message: `${place.job}.${option} has ${what}.`,
      hint: "List one limit for the whole and one by key at most.",
    });
  if (found.length === 0) refuse("no limit in its list");
  const twice = found.find(({ gate }, index) => found.findIndex((other) => other.gate.policy === gate.policy) < index);
  if (twice) refuse(`two limits ${twice.gate.by ? "by key" : "for the whole"}`);
  return found;
}

function readOne(value: unknown, option: Limited, path: readonly string[], { job, report }: Place): Found {
  const entry = option === "concurrency" && typeof value === "number" ? { limit: value } : value;
  const read = createOptionReader(entry, { job, path, report });
  read.known(option === "concurrency" ? ["limit", "by"] : ["limit", "per", "by"]);
  const isKeyed = read.has("by");
  const windowMs = option === "rateLimit" ? { windowMs: readPer(read) } : {};
  const gate: GateDescriptor = {
    policy: `${job}.${option}${isKeyed ? ".key" : ""}`,
    kind: option === "concurrency" ? "concurrency" : "rate",
    level: levelOf(option, isKeyed),
    limit: readLimit(read),
    ...windowMs,
  };
  return isKeyed ? keyed(entry, read, path, gate) : { gate, path };
}

function levelOf(option: Limited, isKeyed: boolean): number {
  if (option === "concurrency") return isKeyed ? levels.concurrencyByKey : levels.concurrency;
  return isKeyed ? levels.rateByKey : levels.rate;
}

export function readLimit(read: OptionReader): number {
  if (read.has("limit")) return read.integer("limit", { min: 1, max: maxLimit, fallback: 1 });
  read.refuse("limit", "is missing", "Give an integer ≥ 1.");
  return 1;
}

export function readPer(read: OptionReader): number {
  if (!read.has("per")) {
    read.refuse("per", "is missing", 'Give a time such as "1m".');
    return 1;
  }
  const ms = read.duration("per", "1m");
  if (ms < 1) read.refuse("per", "is shorter than 1 ms", 'Give a time such as "1m".');
  return ms;
}

function keyed(value: unknown, read: OptionReader, path: readonly string[], gate: GateDescriptor): Found {
  const by: unknown = typeof value === "object" && value !== null && "by" in value ? value.by : undefined;
  if (typeof by === "function") {
    return { gate: { ...gate, by: "function" }, path, by: by as (input: unknown) => unknown }; // called with an input
  }
  return { gate: { ...gate, by: readBy(by, read) ?? [] }, path };
}

/** Turns are taken within a queue, so what is said of them has to be the same for all its jobs. */
export function refuseUnequalShares(
  jobs: readonly { readonly name: string; readonly gates?: readonly GateDescriptor[] }[],
  report: Report,
): void {
  const shares = new Map<string, { readonly job: string; readonly share: number }>();
  for (const { name, gates = [] } of jobs) {
    const fair = gates.find(({ kind }) => kind === "fair");
    if (!fair) continue;
    const other = shares.get(fair.policy);
    if (other === undefined) shares.set(fair.policy, { job: name, share: fair.limit });
    else if (other.share !== fair.limit) {
      report({
        job: name,
        path: ["fairness"],
        message: `${name}.fairness.share is ${fair.limit}, but that of ${other.job} in the same queue is ${other.share}.`,
        hint: "Give both the same share, or put them into queues of their own.",
      });
    }
  }
}
