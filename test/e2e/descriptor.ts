import type { SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** What generated code hands to the runtime, written by hand: these tests are about processes. */
export interface Work {
  readonly n: number;
  readonly do: "nothing" | "exit" | "spin" | "wait" | "hang" | "freeze";
  readonly ms: number;
}

const input = z.object({
  n: z.number(),
  do: z.enum(["nothing", "exit", "spin", "wait", "hang", "freeze"]),
  ms: z.number(),
});

export const descriptor: SchemaDescriptor = {
  format: 1,
  hash: "e2e",
  jobs: [
    {
      name: "work",
      queue: "work",
      version: 1,
      priority: 0,
      retry: { maxAttempts: 2, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
      timeoutMs: 60_000,
      maxCrashes: 2,
      hasOutput: true,
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: {
        [Symbol.for("jobwright.schema")]: true,
        jobs: { work: { input, output: z.object({ pid: z.number() }) } },
      },
    }),
};
