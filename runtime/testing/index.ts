export { createMemoryProvider, type MemoryProviderOptions } from "../providers/memory/index.ts";
export { createMemoryStore, type MemoryStore } from "../providers/memory/store.ts";
export {
  type ConformanceCase,
  type ConformanceContext,
  type ConformanceFactory,
  type ConformanceOptions,
  type ConformanceSkip,
  conformanceSuite,
  type ConformanceStore,
  runCase,
  runConformance,
  type TestRunner,
} from "./conformance.ts";
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { type FaultInjectingProvider, faultInjecting, type FaultyCall, type PlannedFault } from "./fault-injection.ts";
