import type { ControlClient, JobClient, SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** Three jobs, each with a limit of its own kind. */
export interface Limited {
  /** Counts the jobs of a key, in the order of their enqueueing. */
  readonly n: number;
  readonly key: string;
}

export const names = ["pool", "line", "paced"] as const;
export type LimitedName = (typeof names)[number];

export type LimitedJobs = Readonly<Record<LimitedName, JobClient<Limited, undefined>>> & {
  readonly $control: ControlClient;
};

export const limits = { atATime: 3, starts: 8, windowMs: 1_000 } as const;

const common = {
  queue: "limited",
  version: 1,
  priority: 0,
  retry: { maxAttempts: 3, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
  timeoutMs: 60_000,
  maxCrashes: 10,
  hasOutput: false,
} as const;

const { atATime, starts, windowMs } = limits;
const input = z.object({ n: z.number(), key: z.string() });

export const limitsDescriptor: SchemaDescriptor = {
  format: 1,
  hash: "limits",
  jobs: [
    {
      ...common,
      name: "pool",
      gates: [{ policy: "pool.concurrency", kind: "concurrency", level: 4, limit: atATime }],
    },
    { ...common, name: "line", gates: [{ by: ["key"], policy: "line.order", kind: "order", level: 0, limit: 1 }] },
    {
      ...common,
      name: "paced",
      gates: [{ policy: "paced.rateLimit", kind: "rate", level: 5, limit: starts, windowMs }],
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: {
        [Symbol.for("jobwright.schema")]: true,
        jobs: { pool: { input }, line: { input }, paced: { input } },
      },
    }),
};
