import { randomFillSync } from "node:crypto";

/**
 * UUIDv7 (RFC 9562, section 5.7) with a monotonic 12-bit counter in `rand_a` (section 6.2, method 1), so that ids made by
 * one process sort in the order in which they were made.
 */
export function createUuidV7(now: () => number = Date.now): () => string {
  const random = new Uint8Array(8 * 256);
  let used = random.length;
  let lastMs = 0;
  let counter = 0;

  return () => {
    const ms = now();
    if (ms > lastMs) {
      lastMs = ms;
      counter = 0;
    } else if (++counter > 0xfff) {
      // More than 4,096 ids in one ms, or the clock stepped back: borrow from the future.
      lastMs++;
      counter = 0;
    }
    if (used === random.length) {
      randomFillSync(random);
      used = 0;
    }
    const tail = random.subarray(used, (used += 8));
    return format(lastMs, counter, tail);
  };
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function format(ms: number, counter: number, tail: Uint8Array): string {
  const time = ms.toString(16).padStart(12, "0");
  const b = (index: number): string => hex[tail[index] ?? 0] ?? "00";
  const variant = hex[((tail[0] ?? 0) & 0x3f) | 0x80] ?? "80";
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-` +
    `${variant}${b(1)}-${b(2)}${b(3)}${b(4)}${b(5)}${b(6)}${b(7)}`
  );
}
