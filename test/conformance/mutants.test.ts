import { describe, expect, it } from "vitest";
import { type ConformanceFactory, conformanceSuite, runCase } from "../../runtime/testing/index.ts";
import { memoryFactory } from "./memory-factory.ts";
import { createMutantStore, type Mutate, mutants } from "./mutants.ts";

async function failuresOf(mutate: Mutate): Promise<readonly string[]> {
  const factory: ConformanceFactory = {
    capabilities: memoryFactory.capabilities,
    createStore: (clock) => createMutantStore(mutate, clock),
  };
  const failures: string[] = [];
  for (const member of conformanceSuite()) {
    if (member.needs && !member.needs(factory.capabilities)) continue;
    await runCase(member, factory).catch(() => failures.push(`${member.area}: ${member.name}`));
  }
  return failures;
}

describe("the conformance suite catches", () => {
  for (const [mistake, mutate] of Object.entries(mutants)) {
    it(mistake, async () => {
      expect(await failuresOf(mutate)).not.toEqual([]);
    });
  }
});

describe("the conformance suite accepts", () => {
  it("a provider without a mistake", async () => {
    expect(await failuresOf(() => ({}))).toEqual([]);
  });
});
