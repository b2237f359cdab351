import { createHash } from "node:crypto";
import type { ContractValue } from "../model/contract.ts";

/** A literal, a limit or a default as data that JSON carries. */
export function contractValue(value: unknown): ContractValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value + 0 : { number: String(value) };
    case "bigint":
      return { bigint: String(value) };
    case "undefined":
      return { undefined: true };
    case "object":
      return value === null ? null : objectValue(value);
    default:
      return { class: typeof value };
  }
}

function objectValue(value: object): ContractValue {
  if (Array.isArray(value)) return value.map(contractValue);
  if (value instanceof Date) return { date: dateText(value) };
  if (value instanceof RegExp) return String(value);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Set) return { set: Array.from(value, contractValue) };
  if (value instanceof Map) return { map: Array.from(value, (pair) => pair.map(contractValue)) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return { class: value.constructor.name };
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: Object.fromEntries(entries.map(([key, entry]) => [key, contractValue(entry)])) };
}

export function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "invalid" : date.toISOString();
}

/** 12 hexadecimal digits. White space is left out, so that formatting changes nothing. */
export function codeHash(...parts: readonly unknown[]): string {
  const text = parts.map((part) => String(part).replaceAll(/\s+/g, "")).join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
