import { remember } from "../../core/remember.ts";

/**
 * Ids as the store keeps them: a UUID takes 22 characters instead of 36, which is felt in every key that holds it.
 * Whatever is no lower-case UUID is kept as it is, marked so that the two cannot be confused.
 */
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/* Every job passes here at each of its steps: one buffer for all calls, and counting loops, are three times as quick. */
const bytes = Buffer.alloc(16);
const text = Buffer.alloc(36, "-");
const digits = Buffer.from("0123456789abcdef");
/** Where the two digits of each byte stand in a UUID. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** Characters, and bytes, of a packed UUID. */
export const packedSize = 22;

export function packId(id: string): string {
  if (!uuid.test(id)) return `=${id}`;
  for (let index = 0; index < 16; index++) {
    const at = places[index] ?? 0;
    bytes[index] = (valueOf(id.charCodeAt(at)) << 4) | valueOf(id.charCodeAt(at + 1));
  }
  return bytes.toString("base64url");
}

/** Of the digits of `uuid`: the codes of the letters have the bit 64, and 1 for `a` below it. */
function valueOf(digit: number): number {
  return (digit & 15) + 9 * (digit >> 6);
}

export function unpackId(packed: string): string {
  if (packed.startsWith("=")) return packed.slice(1);
  // Nothing of the id before it may show in one that somebody has cut short.
  bytes.fill(0, bytes.write(packed, "base64url"));
  for (let index = 0; index < 16; index++) {
    const at = places[index] ?? 0;
    const byte = bytes[index] ?? 0;
    text[at] = digits[byte >> 4] ?? 0;
    text[at + 1] = digits[byte & 15] ?? 0;
  }
  return text.toString("latin1");
}

export function isPackedUuid(packed: string): boolean {
  return !packed.startsWith("=");
}

/** Packed ids of jobs that were claimed here and not settled yet: packing one again would cost more than to remember it. */
export interface PackedIds {
  remember(id: string, packed: string): void;
  /** The packed id, which is forgotten then. */
  take(id: string): string;
}

export function createPackedIds(): PackedIds {
  const known = new Map<string, string>();
  return {
    remember: (id, packed) => remember(known, id, packed),
    take(id) {
      const packed = known.get(id);
      if (packed === undefined) return packId(id);
      known.delete(id);
      return packed;
    },
  };
}

/** Code points whose UTF-8 sorts elsewhere than their UTF-16 does, and the highest one, which marks the others. */
const misplaced = /[\uE000-\uFFFF]|\u{10FFFF}/gu;
const marker = "\u{10FFFF}";
const marked = /\u{10FFFF}(.)/gsu;

/**
 * Keys of schedules as the store keeps them: their bytes sort as the code units of the key, which is how the contract sorts.
 * Almost all keys are kept as they are.
 */
export function packScheduleKey(key: string): string {
  return key.replace(misplaced, (found) => marker + (found === marker ? "\0" : found));
}

export function unpackScheduleKey(packed: string): string {
  return packed.replace(marked, (_found, character: string) => (character === "\0" ? marker : character));
}
