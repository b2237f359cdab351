import type { Model } from "./model.ts";

/** Emitters get what they cannot change. */
export function freezeModel(model: Model): Model {
  deepFreeze(model);
  return model;
}

/** Of what is frozen already it is sure that all inside is, too. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const entry of Object.values(value)) deepFreeze(entry);
}
