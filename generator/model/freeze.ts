import type { Model } from "./model.ts";

/** Emitters get what they cannot change. */
export function freezeModel(model: Model): Model {
  deepFreeze(model);
  return model;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const entry of Object.values(value)) deepFreeze(entry);
}
