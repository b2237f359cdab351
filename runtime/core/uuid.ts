import { randomFillSync } from "node:crypto";

/**
 * UUIDv7 (RFC 9562, section 5.7) with a monotonic 12-bit counter in `rand_a` (section 6.2, method 1), so that ids made by
 * one process sort in the order in which they were made.
 */
export function createUuidV7(now: () => number = Date.now): () => string {
  const random = Buffer.alloc(8 * 256);
  let used = random.length;
  let lastMs = -1;
  let counter = 0;
  let time = "";

  function setTime(ms: number): void {
    lastMs = ms;
    counter = 0;
    const digits = ms.toString(16).padStart(12, "0");
    time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  }

  function randomTail(): string {
    if (used === random.length) {
      randomFillSync(random);
      used = 0;
    }
    // The two highest bits of the tail are the variant, `10`.
    random[used] = ((random[used] ?? 0) & 0x3f) | 0x80;
    const digits = random.toString("hex", used, (used += 8));
    return `${digits.slice(0, 4)}-${digits.slice(4)}`;
  }

  return () => {
    const ms = now();
    if (ms > lastMs) setTime(ms);
    // More than 4,096 ids in one ms, or the clock stepped back: borrow from the future.
    else if (++counter > 0xfff) setTime(lastMs + 1);
    return `${time}${counter.toString(16).padStart(3, "0")}-${randomTail()}`;
  };
}
