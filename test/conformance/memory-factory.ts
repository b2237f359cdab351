import { type ConformanceFactory, createMemoryProvider, createMemoryStore } from "../../runtime/testing/index.ts";

export const memoryFactory: ConformanceFactory = {
  capabilities: { transactions: "none", durable: false, reach: "process" },
  createStore(clock) {
    const store = createMemoryStore();
    return { open: () => createMemoryProvider({ clock, store }) };
  },
};
