import { describe, expect, it } from "vitest";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { createMutantStore, mutants } from "../conformance/mutants.ts";
import { runModel } from "./run-model.ts";

const twoMinutes = 120_000;

describe("random sequences of calls, lost replies and stale handles", () => {
  it(
    "leave SQLite as they leave the model",
    () => runModel((clock) => sqlite({ path: ":memory:", clock, durability: "normal" }), { runs: 150 }),
    twoMinutes,
  );

  it("leave the memory provider as they leave the model", () =>
    runModel((clock) => createMemoryProvider({ clock }), { runs: 200 }));

  for (const mistake of ["no fence", "requeue resets the fence", "a crash counts as an attempt"]) {
    it(`tell a provider with ${mistake} from the model`, async () => {
      const mutate = mutants[mistake];
      if (!mutate) throw new Error(`there is no mutant called ${mistake}`);
      const run = runModel((clock) => createMutantStore(mutate, clock).open(), { runs: 2_000, seed: 1 });
      await expect(run).rejects.toThrow("Property failed");
    });
  }
});
