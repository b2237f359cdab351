import { describe, expect, it } from "vitest";
import { type ConformanceOptions, conformanceSuite, runConformance } from "../../../runtime/testing/index.ts";
import { memoryFactory } from "../../conformance/memory-factory.ts";
import { createMutantStore, mutants } from "../../conformance/mutants.ts";

/** Collects what would be registered with a test runner. */
function register(options: ConformanceOptions, factory = memoryFactory): ReadonlyMap<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  let area = "";
  const describeArea = (name: string, body: () => void): void => {
    area = name;
    body();
    area = "";
  };
  runConformance(
    { describe: describeArea, it: (name, body) => void tests.set(`${area}: ${name}`, body) },
    factory,
    options,
  );
  return tests;
}

const member = "pause: running jobs of a paused queue can be settled and extended";
const broken = "pause: a paused queue takes jobs in but gives none out, and others go on";
const withReason = (name: string): string => `${name} (known to fail: it forgets)`;

describe("runConformance", () => {
  it("names every case once", () => {
    const names = conformanceSuite().map(({ area, name }) => `${area}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(200);
  });

  it("leaves out the cases that need a capability the provider lacks", () => {
    const areas = [...register({}).keys()].map((name) => name.split(":")[0]);
    expect(areas).not.toContain("crash");
  });

  it("fails a skip whose case passes", async () => {
    const test = register({ skip: [{ name: member, reason: "it forgets" }] }).get(withReason(member));
    await expect(test?.()).rejects.toThrow("The case passes");
  });

  it("accepts a skip whose case fails", async () => {
    const mutate = mutants["pause forgotten"];
    if (!mutate) throw new Error("there is no such mutant");
    const factory = { ...memoryFactory, createStore: createMutantStore.bind(undefined, mutate) };
    const test = register({ skip: [{ name: broken, reason: "it forgets" }] }, factory).get(withReason(broken));
    await expect(test?.()).resolves.toBeUndefined();
  });

  it("fails a skip that names no case", async () => {
    const test = register({ skip: [{ name: "no: such", reason: "none" }] }).get(': skip of "no: such"');
    await expect(test?.()).rejects.toThrow('No case is called "no: such"');
  });
});
