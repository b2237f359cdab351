/**
 * Ids as the store keeps them: a UUID takes 22 characters instead of 36, which is felt in every key that holds it.
 * Whatever is no lower-case UUID is kept as it is, marked so that the two cannot be confused.
 */
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

export function packId(id: string): string {
  if (!uuid.test(id)) return `=${id}`;
  return Buffer.from(id.replaceAll("-", ""), "hex").toString("base64url");
}

export function unpackId(packed: string): string {
  if (packed.startsWith("=")) return packed.slice(1);
  const hex = Buffer.from(packed, "base64url").toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
