import { JobwrightError } from "../contract/index.ts";
import type { EncryptionOptions } from "./encryption.ts";

export interface KeyRing {
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly current: string;
  /** What unique keys are hashed with. */
  readonly unique: Uint8Array;
}

const keyBytes = 32;
const keyId = /^[\w.-]{1,64}$/;
const base64 = /^[\w+/-]{43}=?$/;

/** Checks keys, whatever the types allowed. Never shows one. Throws `JW_INVALID_OPTION`. */
export function readKeys({ keys, current, uniqueKeys, plain }: EncryptionOptions): KeyRing {
  const isObject = typeof keys === "object" && keys !== null && !Array.isArray(keys);
  const ring = new Map(isObject ? Object.entries(keys).map(([id, key]) => [id, readKey(id, key)] as const) : []);
  if (!ring.has(current)) throw refused(`current names no key of encryption.keys`, "Give the id of one of the keys.");
  if (plain !== undefined && plain !== "accept" && plain !== "refuse") {
    throw refused('plain is neither "accept" nor "refuse"', "Give one of them, or leave it out.");
  }
  // Not the current one: a rotation would then forget which unique keys are taken.
  const [oldest = current] = [...ring.keys()].sort();
  const unique = ring.get(uniqueKeys ?? oldest);
  if (!unique) throw refused("uniqueKeys names no key of encryption.keys", "Give the id of one of the keys.");
  return { keys: ring, current, unique };
}

function readKey(id: string, key: unknown): Uint8Array {
  if (!keyId.test(id)) {
    throw refused(`keys has the id ${JSON.stringify(id)}`, "Use 1 to 64 letters, digits, `_`, `.` or `-`.");
  }
  const bytes = typeof key === "string" && base64.test(key) ? new Uint8Array(Buffer.from(key, "base64")) : key;
  // A copy, because the caller may wipe or reuse its own.
  if (bytes instanceof Uint8Array && bytes.byteLength === keyBytes) return Uint8Array.from(bytes);
  throw refused(
    `keys.${id} is not a key of ${keyBytes} bytes`,
    "Give a Uint8Array of 32 bytes or their base64 text; `createEncryptionKey()` makes one.",
  );
}

function refused(reason: string, hint: string): JobwrightError {
  return new JobwrightError("JW_INVALID_OPTION", `encryption.${reason}.`, { hint });
}
