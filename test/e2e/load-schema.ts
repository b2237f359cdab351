import type { ControlClient, JobClient, SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** What the jobs of the load do, and how each must end. */
export const kinds = {
  nothing: "succeeded",
  wait: "succeeded",
  /** Still runs with its heir when a frozen worker wakes up and wants to settle it too. */
  long: "succeeded",
  /** Fails at its first attempt. */
  flaky: "succeeded",
  /** Fails at every attempt. */
  hopeless: "dead",
  /** Is cancelled right after it was enqueued; whatever comes first. */
  cancelled: "any",
} as const;

export type Kind = keyof typeof kinds;

export interface Load {
  readonly kind: Kind;
}

/** Which lease the accepted output came from. */
export interface LoadOutput {
  readonly fence: number;
}

export interface LoadJobs {
  readonly load: JobClient<Load, LoadOutput>;
  readonly $control: ControlClient;
}

const names = Object.keys(kinds) as [Kind, ...Kind[]]; // the keys of a literal

export const loadDescriptor: SchemaDescriptor = {
  format: 1,
  hash: "load",
  jobs: [
    {
      name: "load",
      queue: "load",
      version: 1,
      priority: 0,
      retry: { maxAttempts: 2, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
      timeoutMs: 60_000,
      // Workers are killed here for other reasons than the job.
      maxCrashes: 1_000,
      hasOutput: true,
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: {
        [Symbol.for("jobwright.schema")]: true,
        jobs: { load: { input: z.object({ kind: z.enum(names) }), output: z.object({ fence: z.number() }) } },
      },
    }),
};
