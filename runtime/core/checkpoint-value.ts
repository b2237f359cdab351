import { deserialize, serialize } from "node:v8";
import { JobwrightError } from "../contract/index.ts";
import { maxPayloadBytes } from "./job-codec.ts";

/** Stands before what JSON cannot carry; JSON never begins with it. */
const binaryMark = "v8:";

/**
 * The text of a checkpoint's value, which has no schema of its own: JSON where that comes back as it was, else the
 * structured clone of Node, so that a date, a map, bytes or `undefined` is the same after a restart. Throws
 * `JW_INVALID_OUTPUT` for functions and the like, `JW_PAYLOAD_TOO_LARGE`.
 */
export function encodeCheckpoint(what: string, value: unknown): string {
  const text = isJson(value, 0) ? JSON.stringify(value) : binaryMark + clone(what, value).toString("base64");
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxPayloadBytes) return text;
  throw new JobwrightError("JW_PAYLOAD_TOO_LARGE", `${what} takes ${bytes} bytes; the limit is ${maxPayloadBytes}.`, {
    hint: "Put large data into a file or an object store, and keep its address.",
  });
}

export function decodeCheckpoint(text: string): unknown {
  if (!text.startsWith(binaryMark)) return JSON.parse(text);
  return deserialize(Buffer.from(text.slice(binaryMark.length), "base64"));
}

function clone(what: string, value: unknown): Buffer {
  try {
    return serialize(value);
  } catch (cause) {
    throw new JobwrightError("JW_INVALID_OUTPUT", `${what} is a value that cannot be kept.`, {
      hint: "Return what `structuredClone` can copy: no functions, promises or symbols.",
      cause,
    });
  }
}

/** Deeper values are left to the structured clone. */
const maxDepth = 64;

/** Whether JSON gives the value back as it was. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth === maxDepth || "toJSON" in value) return false;
  if (Array.isArray(value)) return Array.from(value).every((item) => isJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype || Object.hasOwn(value, "__proto__")) return false;
  return Object.values(value).every((item) => isJson(item, depth + 1));
}
