/** Runs on Node's thread for hooks: adds a text to one module. */
import type { InitializeHook, LoadHook } from "node:module";

interface Addition {
  readonly url: string;
  readonly text: string;
}

let addition: Addition | undefined;

export const initialize: InitializeHook<Addition> = (given) => {
  addition = given;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const isOurs = url === addition?.url && loaded.format === "module" && loaded.source;
  if (!addition || !isOurs) return loaded;
  const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
  return { ...loaded, source: source + addition.text };
};
