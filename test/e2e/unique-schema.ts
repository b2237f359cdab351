import type { JobClient, SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

export interface Keyed {
  readonly key: string;
  readonly n: number;
}

export interface KeyedJobs {
  readonly work: JobClient<Keyed, undefined>;
}

/** Few, so that they are fought over. */
export const keys: readonly string[] = ["a", "b", "c"];

/** What generated code hands to the runtime, written by hand: at most one live job per key. */
export const keyed: SchemaDescriptor = {
  format: 1,
  hash: "e2e",
  jobs: [
    {
      name: "work",
      queue: "work",
      version: 1,
      priority: 0,
      retry: { maxAttempts: 3, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
      timeoutMs: 60_000,
      maxCrashes: 5,
      unique: { by: ["key"], scope: "live", onConflict: "ignore" },
      hasOutput: false,
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: {
        [Symbol.for("jobwright.schema")]: true,
        jobs: { work: { input: z.object({ key: z.string(), n: z.number() }) } },
      },
    }),
};
