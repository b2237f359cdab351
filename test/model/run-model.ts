import fc from "fast-check";
import type { Clock, Provider } from "../../runtime/contract/index.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import { commands, type Model, type Reals } from "./commands.ts";

export interface ModelRunOptions {
  /** Random sequences of calls. */
  readonly runs: number;
  /** Default: random; printed when a sequence fails. */
  readonly seed?: number;
  /** Stop at the first sequence that fails, without looking for a shorter one. Default: false. */
  readonly endOnFailure?: boolean;
}

/** Compares providers made by `create` with the memory provider, over random sequences of calls. */
export function runModel(create: (clock: Clock) => Provider, options: ModelRunOptions): Promise<void> {
  return runSideBySide((clock) => ({ provider: create(clock) }), options);
}

/** The same with several providers at once: all get the same sequences, and each must give what every other gives. */
export async function runSideBySide(create: (clock: Clock) => Reals, options: ModelRunOptions): Promise<void> {
  const { runs, seed, endOnFailure = false } = options;
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: "max" }), async (sequence) => {
    const clock = createFakeClock();
    const reals = create(clock);
    const model: Model = { provider: createMemoryProvider({ clock }), clock, leases: [], claims: 0 };
    try {
      await Promise.all(Object.values(reals).map((real) => real.migrate().then(() => real.start())));
      await fc.asyncModelRun(() => ({ model, real: reals }), sequence);
    } finally {
      await Promise.all(Object.values(reals).map((real) => real.stop()));
    }
  });
  await fc.assert(property, { numRuns: runs, endOnFailure, ...(seed !== undefined && { seed }) });
}
