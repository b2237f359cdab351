import { apart, formats, oldHeads, sizes } from "./scripts/head.ts";

/* What the client reads of heads: see `scripts/head.ts`. */

/** Bytes before the payload in a value of `jobs`. */
export function headSizeOf(value: Buffer): number {
  const format = value[0] ?? 0;
  if (format === formats.full) return sizes.fullHead;
  if (format === formats.short || format === formats.short + apart) return sizes.shortHead;
  return format < 2 ? oldHeads.sizes.short : oldHeads.sizes.full;
}

export interface OwnPart {
  readonly enqueuedAt: number;
  readonly runAt: number;
  readonly priority: number;
}

/** Reads what no claim changes. */
export function readOwn(own: Buffer): OwnPart {
  if (own.length === sizes.shortOwn) {
    const enqueuedAt = own.readUIntBE(6, 6);
    return { enqueuedAt, runAt: enqueuedAt, priority: 0 };
  }
  return { enqueuedAt: own.readDoubleBE(6), runAt: own.readDoubleBE(18), priority: own.readInt32BE(26) };
}
