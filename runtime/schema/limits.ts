import type { GateDescriptor } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import { type Report, show } from "./problems.ts";
import { nearest } from "./suggest.ts";
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

/** What holds for all jobs of a queue together. */
export interface QueueOptions {
  /** So many jobs at a time, over all processes. Integer ≥ 1. Default: no limit. */
  readonly concurrency?: number;
  /** So many starts in any stretch of time. Default: no limit. */
  readonly rateLimit?: { readonly limit: number; readonly per: Duration };
}

/** What a job has of it: data, and the functions that make keys, by policy. */
export interface Limits {
  readonly gates?: readonly GateDescriptor[];
  readonly gateBy?: Readonly<Record<string, (input: unknown) => unknown>>;
}

/** From inside out: whoever waits must not hold a place that another group could use. */
const levels = {
  order: 0,
  fairness: 1,
  concurrencyByKey: 2,
  rateByKey: 3,
  concurrency: 4,
  rate: 5,
  queueConcurrency: 6,
  queueRate: 7,
} as const;

const maxLimit = 1_000_000_000;

interface Found {
  readonly gate: GateDescriptor;
  readonly by?: (input: unknown) => unknown;
}

/** All limits of one job, those of its queue included. `queueGates` are read before. */
export function readLimits(
  options: object,
  place: { readonly job: string; readonly queue: string; readonly report: Report },
  queueGates: readonly GateDescriptor[],
): Limits {
  const values = options as Readonly<Record<string, unknown>>; // any value may stand there in JavaScript
  const found: readonly Found[] = [
    ...readOrder(values["order"], place),
    ...readFairness(values["fairness"], place),
    ...readMany(values["concurrency"], "concurrency", place),
    ...readMany(values["rateLimit"], "rateLimit", place),
    ...queueGates.map((gate) => ({ gate })),
  ];
  if (found.length === 0) return {};
  const functions = found.flatMap(({ gate, by }) => (by ? [[gate.policy, by] as const] : []));
  return {
    gates: found.map(({ gate }) => gate).sort((a, b) => a.level - b.level),
    ...(functions.length > 0 ? { gateBy: Object.fromEntries(functions) } : {}),
  };
}

interface Place {
  readonly job: string;
  readonly queue: string;
  readonly report: Report;
}

function readOrder(value: unknown, { job, report }: Place): readonly Found[] {
  if (value === undefined) return [];
  const read = createOptionReader(value, { job, path: ["order"], report });
  read.known(["by"]);
  return [keyed(value, read, { policy: `${job}.order`, kind: "order", level: levels.order, limit: 1 })];
}

function readFairness(value: unknown, { job, queue, report }: Place): readonly Found[] {
  if (value === undefined) return [];
  const read = createOptionReader(value, { job, path: ["fairness"], report });
  read.known(["by", "share"]);
  const limit = read.integer("share", { min: 1, max: maxLimit, fallback: 10 });
  // Turns are taken within a queue, so its jobs share the groups.
  return [keyed(value, read, { policy: `queue:${queue}.fairness`, kind: "fair", level: levels.fairness, limit })];
}

type Limited = "concurrency" | "rateLimit";

/** One for the whole and one by key at most: two of the same kind would say the same twice. */
function readMany(value: unknown, option: Limited, place: Place): readonly Found[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found = list.map((entry, index) =>
    readOne(entry, option, Array.isArray(value) ? [option, String(index)] : [option], place),
  );
  const twice = found.find(({ gate }, index) => found.findIndex((other) => other.gate.policy === gate.policy) < index);
  if (twice) {
    place.report({
      job: place.job,
      path: [option],
      message: `${place.job}.${option} has two limits ${twice.gate.by || twice.by ? "by key" : "for the whole"}.`,
      hint: "Keep one for the whole and one by key at most.",
    });
  }
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
  return isKeyed ? keyed(entry, read, gate) : { gate };
}

function levelOf(option: Limited, isKeyed: boolean): number {
  if (option === "concurrency") return isKeyed ? levels.concurrencyByKey : levels.concurrency;
  return isKeyed ? levels.rateByKey : levels.rate;
}

function readLimit(read: OptionReader): number {
  if (read.has("limit")) return read.integer("limit", { min: 1, max: maxLimit, fallback: 1 });
  read.refuse("limit", "is missing", "Give an integer ≥ 1.");
  return 1;
}

function readPer(read: OptionReader): number {
  if (!read.has("per")) {
    read.refuse("per", "is missing", 'Give a time such as "1m".');
    return 1;
  }
  const ms = read.duration("per", "1m");
  if (ms < 1) read.refuse("per", "is shorter than 1 ms", 'Give a time such as "1m".');
  return ms;
}

function keyed(value: unknown, read: OptionReader, gate: GateDescriptor): Found {
  const by: unknown = typeof value === "object" && value !== null && "by" in value ? value.by : undefined;
  if (typeof by === "function") {
    return { gate: { ...gate, by: "function" }, by: by as (input: unknown) => unknown }; // called with an input
  }
  return { gate: { ...gate, by: readBy(by, read) ?? [] } };
}

/** The limits of queues as gates, by queue. */
export type QueueGates = ReadonlyMap<string, readonly GateDescriptor[]>;

/** Of the second argument of `defineJobs`. */
export function readQueues(options: unknown, report: Report): QueueGates {
  const gates = new Map<string, readonly GateDescriptor[]>();
  const queues: unknown = typeof options === "object" && options !== null && "queues" in options ? options.queues : {};
  if (typeof queues !== "object" || queues === null || Array.isArray(queues)) {
    report({
      path: [],
      message: `queues is ${show(queues)}.`,
      hint: "Write defineJobs({ … }, { queues: { mail: { concurrency: 5 } } }).",
    });
    return gates;
  }
  for (const [queue, limits] of Object.entries(queues)) gates.set(queue, readQueue(queue, limits, report));
  return gates;
}

/** Limits of a queue that no job uses are most likely those of another. */
export function refuseUnused(gates: QueueGates, used: readonly string[], report: Report): void {
  for (const queue of gates.keys()) if (!used.includes(queue)) report(unusedQueue(queue, used));
}

function unusedQueue(queue: string, used: readonly string[]): { path: string[]; message: string; hint: string } {
  const meant = nearest(queue, used);
  return {
    path: [],
    message: `queues.${queue} is a queue that no job uses.`,
    hint: meant === undefined ? `The queues are ${used.join(", ")}.` : `Did you mean ${meant}?`,
  };
}

function readQueue(queue: string, options: unknown, report: Report): readonly GateDescriptor[] {
  const read = createOptionReader(options, { job: `queues.${queue}`, path: [], report });
  read.known(["concurrency", "rateLimit"]);
  const concurrency: readonly GateDescriptor[] = read.has("concurrency")
    ? [
        {
          policy: `queue:${queue}.concurrency`,
          kind: "concurrency",
          level: levels.queueConcurrency,
          limit: read.integer("concurrency", { min: 1, max: maxLimit, fallback: 1 }),
        },
      ]
    : [];
  if (!read.has("rateLimit")) return concurrency;
  const rate = createOptionReader((options as { readonly rateLimit: unknown }).rateLimit, {
    job: `queues.${queue}`,
    path: ["rateLimit"],
    report,
  });
  rate.known(["limit", "per"]);
  const gate: GateDescriptor = {
    policy: `queue:${queue}.rate`,
    kind: "rate",
    level: levels.queueRate,
    limit: readLimit(rate),
    windowMs: readPer(rate),
  };
  return [...concurrency, gate];
}
