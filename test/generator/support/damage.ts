import fc from "fast-check";

/** Values that no codec takes for a stored form of its own; null, which stands for `undefined` in lists, is not among them. */
const wrong: fc.Arbitrary<unknown> = fc.constantFrom<unknown>("\u0001", 0.5, true, {}, { extra: 1 });

/** A value of which one part, perhaps the whole, is replaced by something else or left out. */
export function damaged(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat(1_000), fc.option(wrong, { nil: undefined })).map(([whole, where, by]) => {
    let left = where % countParts(whole, by);
    return replace(whole, () => left-- === 0, by);
  });
}

function countParts(value: unknown, by: unknown): number {
  let count = 0;
  replace(value, () => (count++, false), by);
  return count;
}

/** `undefined` leaves a key of an object out; elsewhere it changes nothing, because it is not sure to be wrong there. */
function replace(value: unknown, isPlace: () => boolean, by: unknown): unknown {
  if (isPlace()) return by === undefined ? value : by;
  const inside = (part: unknown): unknown => replace(part, isPlace, by);
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof Map) return new Map(Array.from(value, ([key, entry]) => [key, inside(entry)]));
  if (value instanceof Set) return new Set(Array.from(value, inside));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).flatMap(([key, part]) => {
    if (by === undefined && isPlace()) return [];
    return [[key, inside(part)] as const];
  });
  return Object.fromEntries(entries);
}
