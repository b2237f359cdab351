import type { ControlClient, FlowClient, JobClient, SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** `once`: its first attempt fails; `dead`: every attempt does. */
const fate = z.enum(["ok", "once", "dead"]);
export type Fate = z.infer<typeof fate>;

/** A member of a map. */
const item = z.object({ index: z.int(), fate });
export type Item = z.infer<typeof item>;

const step = z.object({
  /** Its place in the history: flow and node. */
  node: z.string(),
  fate,
  /** Of the member of a map. */
  index: z.int().optional(),
  /** What it returns for a map to go over. */
  items: z.array(item),
  /** What it takes from the nodes that it needs, by their names. */
  given: z.record(z.string(), z.unknown()),
});
export type Step = z.infer<typeof step>;

/** `token` is new in every run, so that it tells which run was accepted. */
const done = z.object({ token: z.string(), items: z.array(item) });
export type Done = z.infer<typeof done>;

export interface StepJobs {
  readonly work: JobClient<Step, Done>;
  readonly $flow: FlowClient;
  readonly $control: ControlClient;
}

export const maxAttempts = 2;

/** What generated code hands to the runtime, written by hand. */
export const steps: SchemaDescriptor = {
  format: 1,
  hash: "e2e",
  jobs: [
    {
      name: "work",
      queue: "work",
      version: 1,
      priority: 0,
      retry: { maxAttempts, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
      timeoutMs: 60_000,
      // Workers are killed here all the time.
      maxCrashes: 100,
      hasOutput: true,
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: { [Symbol.for("jobwright.schema")]: true, jobs: { work: { input: step, output: done } } },
    }),
};
