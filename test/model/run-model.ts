import fc from "fast-check";
import type { Clock, Provider } from "../../runtime/contract/index.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { commands, type Model } from "./commands.ts";

export interface ModelRunOptions {
  /** Random sequences of calls. */
  readonly runs: number;
  /** Default: random; printed when a sequence fails. */
  readonly seed?: number;
}

/** Compares providers made by `create` with the memory provider, over random sequences of calls. */
export async function runModel(create: (clock: Clock) => Provider, { runs, seed }: ModelRunOptions): Promise<void> {
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: "max" }), async (sequence) => {
    const clock = createFakeClock();
    const real = create(clock);
    const model: Model = { provider: createMemoryProvider({ clock }), clock, leases: [], claims: 0 };
    try {
      await real.migrate();
      await real.start();
      await fc.asyncModelRun(() => ({ model, real }), sequence);
    } finally {
      await real.stop();
    }
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }) });
}
