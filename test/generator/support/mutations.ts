import fc from "fast-check";

/** What may stand where something else should. */
const odd: readonly unknown[] = [
  undefined,
  null,
  true,
  "",
  "a",
  "aa",
  "ab",
  "😀",
  "😀😀",
  "\u{1F600}a\ud83d",
  "2020-01-01T00:00:00.000Z",
  -0,
  1,
  0.5,
  2 ** 53,
  -(2 ** 31) - 1,
  Number.NaN,
  Infinity,
  0n,
  2n ** 64n,
  Symbol("s"),
  new Date(0),
  new Date(Number.NaN),
  [],
  Array(2),
  ["a", "b"],
  {},
  { a: 1 },
  Object.create(null),
  Object.create({ a: "inherited", kind: "a" }),
  JSON.parse('{ "__proto__": { "a": 1 }, "a": "own" }'),
  { constructor: 1 },
  { constructor: { prototype: 1 } },
  { [Symbol("key")]: 1 },
  Object.defineProperty({}, "a", { value: "hidden" }),
  new (class Made {
    a = "a";
  })(),
  new Map([["a", 1]]),
  new Set(["a", "b"]),
  new Uint8Array(1),
];

/** Values near the given ones: something inside is replaced, left out or added. */
export function mutationsOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const step = fc.record({ at: fc.array(fc.nat(20), { maxLength: 5 }), how: fc.nat(3), what: fc.constantFrom(...odd) });
  return fc
    .tuple(values, fc.array(step, { minLength: 1, maxLength: 2 }))
    .map(([value, steps]) => steps.reduce((before, { at, how, what }) => mutate(before, at, how, what), value));
}

function mutate(value: unknown, [index, ...deeper]: readonly number[], how: number, what: unknown): unknown {
  if (index === undefined) return what;
  if (Array.isArray(value))
    return value.length === 0 ? [what] : mutateList(value, index, (item) => mutate(item, deeper, how, what));
  if (value instanceof Set)
    return new Set(mutateList([...value, what], index, (item) => mutate(item, deeper, how, what)));
  if (value instanceof Map) {
    return new Map(mutateList([...value, ["a", what]], index, ([key, item]) => [key, mutate(item, deeper, how, what)]));
  }
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return what;
  return mutateObject(value as Readonly<Record<string, unknown>>, index, deeper, how, what); // whatever its keys hold
}

function mutateList<T>(list: readonly T[], index: number, change: (item: T) => T): T[] {
  return list.map((item, at) => (at === index % list.length ? change(item) : item));
}

function mutateObject(
  value: Readonly<Record<string, unknown>>,
  index: number,
  deeper: readonly number[],
  how: number,
  what: unknown,
): unknown {
  const keys = Object.keys(value);
  const key = keys[index % Math.max(keys.length, 1)] ?? "a";
  const entries = Object.entries(value).filter(([name]) => how !== 0 || name !== key);
  if (how === 1) entries.unshift(["other", what], ["__proto__", what]);
  const changed = entries.map(([name, item]) => [
    name,
    name === key && how > 1 ? mutate(item, deeper, how, what) : item,
  ]);
  return Object.fromEntries(changed);
}
