import { rejects } from "node:assert/strict";
import type { Capabilities, Clock, NewJob, Provider } from "../contract/index.ts";
import { conformanceCases } from "./cases/index.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createJobFactory } from "./new-job.ts";

/** One empty store, used by one case. */
export interface ConformanceStore {
  /** A new provider on this store; the suite migrates, starts and stops it. */
  open(): Provider | Promise<Provider>;
  /** Removes the store, after its providers have stopped. */
  dispose?(): void | Promise<void>;
}

/** How the suite gets at the provider to be proved. */
export interface ConformanceFactory {
  /** What the provider claims to be able to do; cases for other capabilities are left out, and the claim is checked. */
  readonly capabilities: Capabilities;
  /** A new, empty store whose providers all take their time from `clock`. */
  createStore(clock: Clock): ConformanceStore | Promise<ConformanceStore>;
}

export interface ConformanceContext {
  readonly clock: FakeClock;
  readonly capabilities: Capabilities;
  /** A started provider on the case's store; every call opens another one. */
  createProvider(): Promise<Provider>;
  /** A job with a fresh id: name and queue `mail`, version 1, priority 0, `maxCrashes` 3, ready at once. */
  newJob(overrides?: Partial<NewJob>): NewJob;
}

/** One fact that holds for every provider. */
export interface ConformanceCase {
  readonly area: string;
  /** Unique in the suite together with `area`. */
  readonly name: string;
  /** Absent: every provider. */
  readonly needs?: (capabilities: Capabilities) => boolean;
  /** Rejects if the provider does not conform. */
  run(context: ConformanceContext): Promise<void>;
}

/** Every case, in the order of the areas. */
export function conformanceSuite(): readonly ConformanceCase[] {
  return conformanceCases;
}

/** What the suite needs of a test runner: those of vitest, `node:test`, jest and mocha all fit. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

export interface ConformanceSkip {
  /** `area: name` of the case. */
  readonly name: string;
  /** Why this provider may differ; shown in the test's name. */
  readonly reason: string;
}

export interface ConformanceOptions {
  /** Cases that are known to fail. A skip whose case passes, or that names no case, is a failure. Default: none. */
  readonly skip?: readonly ConformanceSkip[];
}

/** Registers the suite with a test runner. */
export function runConformance(
  runner: TestRunner,
  factory: ConformanceFactory,
  options: ConformanceOptions = {},
): void {
  const cases = conformanceSuite().filter(({ needs }) => needs?.(factory.capabilities) ?? true);
  const skips = new Map((options.skip ?? []).map((skip) => [skip.name, skip]));
  for (const [area, members] of groupByArea(cases)) {
    runner.describe(area, () => {
      for (const member of members) register(runner, member, factory, skips.get(titleOf(member)));
    });
  }
  const titles = new Set(cases.map(titleOf));
  for (const skip of skips.values()) {
    if (titles.has(skip.name)) continue;
    runner.it(`skip of "${skip.name}"`, () => Promise.reject(new Error(`No case is called "${skip.name}".`)));
  }
}

function groupByArea(cases: readonly ConformanceCase[]): ReadonlyMap<string, readonly ConformanceCase[]> {
  const areas = new Map<string, ConformanceCase[]>();
  for (const member of cases) areas.set(member.area, [...(areas.get(member.area) ?? []), member]);
  return areas;
}

function titleOf({ area, name }: ConformanceCase): string {
  return `${area}: ${name}`;
}

function register(
  { it }: TestRunner,
  member: ConformanceCase,
  factory: ConformanceFactory,
  skip: ConformanceSkip | undefined,
): void {
  if (skip === undefined) {
    it(member.name, () => runCase(member, factory));
    return;
  }
  it(`${member.name} (known to fail: ${skip.reason})`, () =>
    rejects(runCase(member, factory), Error, `The case passes: remove the skip of "${skip.name}".`));
}

/** Runs one case on a new store; rejects if the provider does not conform. */
export async function runCase(member: ConformanceCase, factory: ConformanceFactory): Promise<void> {
  const clock = createFakeClock();
  const store = await factory.createStore(clock);
  const opened: Provider[] = [];
  const context: ConformanceContext = {
    clock,
    capabilities: factory.capabilities,
    newJob: createJobFactory(clock),
    async createProvider() {
      const provider = await store.open();
      opened.push(provider);
      await provider.migrate();
      await provider.start();
      return provider;
    },
  };
  try {
    await member.run(context);
  } finally {
    for (const provider of opened) await provider.stop();
    await store.dispose?.();
  }
}
