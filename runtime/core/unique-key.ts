import { createHash } from "node:crypto";

/** Longer keys are kept as their hash. */
const maxReadable = 200;

/**
 * The text of a unique key: readable if it is short, and never the same for different values. `undefined`: the value asks
 * for no key.
 */
export function uniqueKeyOf(job: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = canonicalJson(value);
  // The sign after the name tells the two forms apart; a name has neither.
  if (Buffer.byteLength(text) <= maxReadable) return `${job}:${text}`;
  return `${job}#${createHash("sha256").update(text).digest("base64url")}`;
}

/** JSON whose keys are sorted at every depth, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => canonical(inner)) ?? "null";
}

function canonical(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return isPlainObject(value) ? sorted(value) : value;
}

/** What stands at the paths of a value as it crosses the wire; what is not there is null. */
export function pick(wire: unknown, paths: readonly string[]): readonly unknown[] {
  return paths.map((path) => path.split(".").reduce(inside, wire) ?? null);
}

function inside(value: unknown, key: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  // Without a prototype, a key "__proto__" is a key.
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) result[key] = value[key];
  return result;
}
