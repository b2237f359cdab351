import { apart, formats, oldHeads, sizes } from "./scripts/head.ts";

/* What the client reads of heads: see `scripts/head.ts`. */

/** Bytes before the payload in a value of `jobs` that begins with this byte. */
export function headSizeOf(format: number): number {
  if (format === formats.full) return sizes.fullHead;
  if (format === formats.short || format === formats.short + apart) return sizes.shortHead;
  return format < 2 ? oldHeads.sizes.short : oldHeads.sizes.full;
}

export interface OwnPart {
  readonly enqueuedAt: number;
  readonly runAt: number;
  readonly priority: number;
}

/** Reads what no claim changes, at a place in a text. */
export function readOwn(text: Buffer, at: number, size: number): OwnPart {
  if (size === sizes.shortOwn) {
    const enqueuedAt = text.readUIntBE(at + 6, 6);
    return { enqueuedAt, runAt: enqueuedAt, priority: 0 };
  }
  return {
    enqueuedAt: text.readDoubleBE(at + 6),
    runAt: text.readDoubleBE(at + 18),
    priority: text.readInt32BE(at + 26),
  };
}
