import type { Provider } from "../../runtime/codegen/v1.ts";
import { createProvider } from "../../runtime/providers/by-url/index.ts";
import { createMemoryProvider, createMemoryStore } from "../../runtime/testing/index.ts";
import { optionsOf, type Place } from "../e2e/place.ts";

/** Where the jobs of one test are. */
export interface Store {
  /** Another provider on it, as another process would have. */
  open(): Promise<Provider>;
  remove(): Promise<void>;
}

export function memory(): Store {
  const store = createMemoryStore();
  return { open: () => Promise.resolve(createMemoryProvider({ store })), remove: () => Promise.resolve() };
}

export function storeAt(place: Place): Store {
  return { open: () => createProvider(place.url, optionsOf(place)), remove: place.remove };
}
