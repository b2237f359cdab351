import type { ContractValue } from "../model/contract.ts";

/** A literal or default as it is stored. */
export function wireValue(value: ContractValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(wireValue);
  if ("bigint" in value) return value.bigint;
  if ("number" in value) return value.number;
  if ("date" in value) return value.date;
  if ("bytes" in value) return value.bytes;
  if ("set" in value) return value.set.map(wireValue);
  if ("map" in value) return value.map.map(wireValue);
  if ("object" in value)
    return Object.fromEntries(Object.entries(value.object).map(([key, entry]) => [key, wireValue(entry)]));
  return undefined;
}

/** `Array.isArray` does not tell lists that are read-only from the rest of a union. */
function isList(value: ContractValue): value is readonly ContractValue[] {
  return Array.isArray(value);
}

export function isUndefined(value: ContractValue): boolean {
  return typeof value === "object" && value !== null && "undefined" in value;
}
