import type { GateDescriptor } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import { levels, maxLimit, readLimit, readPer } from "./limits.ts";
import { createOptionReader } from "./option-reader.ts";
import { type Report, show } from "./problems.ts";
import { nearest } from "./suggest.ts";

/** What holds for all jobs of a queue together. */
export interface QueueOptions {
  /** So many jobs at a time, over all processes. Integer ≥ 1. Default: no limit. */
  readonly concurrency?: number;
  /** So many starts in any stretch of time. Default: no limit. */
  readonly rateLimit?: { readonly limit: number; readonly per: Duration };
}

/** The limits of queues as gates, by queue. */
export type QueueGates = ReadonlyMap<string, readonly GateDescriptor[]>;

/** Of the second arguments of `defineJobs`, those of namespaces too: a limit holds for the queue, whoever declares it. */
export function readQueues(all: readonly unknown[], report: Report): QueueGates {
  const merged = new Map<string, readonly GateDescriptor[]>();
  for (const options of all) {
    for (const [queue, gates] of readOptions(options, report)) {
      const other = merged.get(queue);
      if (other && JSON.stringify(other) !== JSON.stringify(gates)) refuseSecond(queue, report);
      merged.set(queue, gates);
    }
  }
  return merged;
}

function refuseSecond(queue: string, report: Report): void {
  report({
    path: [],
    message: `queues.${queue} is declared twice, with different limits.`,
    hint: "Keep one of them: it holds for all jobs of the queue, whichever file declares them.",
  });
}

function readOptions(options: unknown, report: Report): QueueGates {
  const gates = new Map<string, readonly GateDescriptor[]>();
  const read = createOptionReader(options, { job: "defineJobs", path: [], report });
  read.known(["queues"]);
  if (!read.has("queues")) return gates;
  const { queues } = options as { readonly queues: unknown }; // an object that has it
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

function readQueue(queue: string, options: unknown, report: Report): readonly GateDescriptor[] {
  const read = createOptionReader(options, { job: `queues.${queue}`, path: [], report });
  read.known(["concurrency", "rateLimit"]);
  return [
    ...(read.has("concurrency")
      ? [
          {
            policy: `queue:${queue}.concurrency`,
            kind: "concurrency" as const,
            level: levels.queueConcurrency,
            limit: read.integer("concurrency", { min: 1, max: maxLimit, fallback: 1 }),
          },
        ]
      : []),
    ...(read.has("rateLimit") ? [readRate(queue, options, report)] : []),
  ];
}

function readRate(queue: string, options: unknown, report: Report): GateDescriptor {
  const { rateLimit } = options as { readonly rateLimit: unknown }; // an object that has it
  const read = createOptionReader(rateLimit, { job: `queues.${queue}`, path: ["rateLimit"], report });
  read.known(["limit", "per"]);
  return {
    policy: `queue:${queue}.rateLimit`,
    kind: "rate",
    level: levels.queueRate,
    limit: readLimit(read),
    windowMs: readPer(read),
  };
}

/** Limits of a queue that no job uses are most likely those of another. */
export function refuseUnused(gates: QueueGates, used: readonly string[], report: Report): void {
  for (const queue of gates.keys()) {
    if (used.includes(queue)) continue;
    const meant = nearest(queue, used);
    report({
      path: [],
      message: `queues.${queue} is a queue that no job uses.`,
      hint: meant === undefined ? `The queues are ${used.join(", ")}.` : `Did you mean ${meant}?`,
    });
  }
}
