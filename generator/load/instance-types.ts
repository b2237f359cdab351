import type { TypeNode } from "../model/model.ts";

/** Classes that every program knows by name; they may come out of a codec, though they are never stored themselves. */
const globalClasses = new Set<unknown>([URL, URLSearchParams, RegExp, Error, AbortSignal, Headers, Blob]);

/** The node of `z.instanceof(Class)`, or undefined when that class cannot be carried on this side. */
export function instanceNode(type: unknown, side: "in" | "out"): TypeNode | undefined {
  if (type === Uint8Array) return { kind: "bytes" };
  if (type === Date) return { kind: "date", coerce: false };
  if (side === "out" && typeof type === "function" && globalClasses.has(type)) {
    return { kind: "written", text: type.name, stored: { kind: "unknown" } };
  }
  return undefined;
}
