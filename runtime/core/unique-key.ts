import { createHash } from "node:crypto";
import { JobwrightError } from "../contract/index.ts";

/** Bytes of UTF-8; longer keys are kept as their hash. */
export const maxReadableKey = 200;

/**
 * The text of a unique key: readable if it is short, and never the same for different values. `undefined`: the value asks
 * for no key. Throws `JW_INVALID_OPTION` for what has no text of its own, such as a promise.
 */
export function uniqueKeyOf(job: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value, job);
  // The sign after the name tells the two forms apart; a name has neither.
  if (Buffer.byteLength(text) <= maxReadableKey) return `${job}:${text}`;
  return `${job}#${createHash("sha256").update(text).digest("base64url")}`;
}

/** JSON whose keys are sorted at every depth, so that equal values are equal texts; bigints as they are written in code. */
function textOf(value: unknown, job: string): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => textOf(item ?? null, job)).join()}]`;
      if (value instanceof Date && !Number.isNaN(value.getTime())) return JSON.stringify(value);
      if (isPlainObject(value)) return `{${membersOf(value, job).join()}}`;
  }
  throw unkeyable(value, job);
}

function membersOf(value: Readonly<Record<string, unknown>>, job: string): readonly string[] {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return keys.sort().map((key) => `${JSON.stringify(key)}:${textOf(value[key], job)}`);
}

/** JSON makes the same text of every promise and every map: all jobs would be duplicates of the first. */
function unkeyable(value: unknown, job: string): JobwrightError {
  const isObject = typeof value === "object" && value !== null;
  const kind = isObject ? (value.constructor?.name ?? "an object") : typeof value === "number" ? value : typeof value;
  return new JobwrightError("JW_INVALID_OPTION", `The key of ${job} would be made of: ${kind}.`, {
    hint: "Let `by` return texts, finite numbers, booleans, bigints, dates, or arrays and plain objects of these.",
  });
}

/** What stands at the paths of a value as it crosses the wire; what is not there is null. */
export function pick(wire: unknown, paths: readonly string[]): readonly unknown[] {
  return paths.map((path) => path.split(".").reduce(inside, wire) ?? null);
}

function inside(value: unknown, key: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Of any realm. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (!Array.isArray(value) && Object.getPrototypeOf(prototype) === null);
}
