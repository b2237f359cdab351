import type { SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** The slot, ms since the epoch. */
export interface Tick {
  readonly n: number;
}

/** What generated code hands to the runtime, written by hand: a job that a schedule enqueues every second. */
export const everySecond: SchemaDescriptor = {
  format: 1,
  hash: "e2e",
  jobs: [
    {
      name: "tick",
      queue: "work",
      version: 1,
      priority: 0,
      retry: { maxAttempts: 2, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
      timeoutMs: 60_000,
      maxCrashes: 2,
      schedules: { all: { cron: "* * * * * *", timeZone: "UTC", catchUp: { all: 100 }, overlap: "allow" } },
      hasOutput: false,
    },
  ],
  loadSchema: () =>
    Promise.resolve({
      default: {
        [Symbol.for("jobwright.schema")]: true,
        jobs: {
          tick: {
            input: z.object({ n: z.number() }),
            scheduleInputs: { all: (slot: Date): Tick => ({ n: slot.getTime() }) },
          },
        },
      },
    }),
};
