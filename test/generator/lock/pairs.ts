import fc from "fast-check";
import { z, type ZodType } from "zod";

/** A schema of a writer, values that it may be given, and a schema of a reader that is more or less like it. */
export interface SchemaPair {
  readonly writer: ZodType;
  readonly reader: ZodType;
  readonly values: fc.Arbitrary<unknown>;
}

interface Leaf {
  readonly schema: ZodType;
  readonly values: fc.Arbitrary<unknown>;
}

const texts = fc.constantFrom("", "a", "b", "ab", "abc", "a@b.co", "2020-01-01", "😀", "😀😀");
const numbers = fc.constantFrom(-1, 0, 1, 2, 3, 4, 6, 9, 10, 0.5, 2 ** 53);
// No object with keys: another alternative of a union might take it without knowing of them.
const anything = fc.oneof(texts, numbers, fc.constantFrom(null, true, {}, []));

const leaves: readonly Leaf[] = [
  { schema: z.string(), values: texts },
  { schema: z.string().min(1), values: texts },
  { schema: z.string().max(1), values: texts },
  { schema: z.string().regex(/^a/), values: texts },
  { schema: z.email(), values: texts },
  { schema: z.iso.date(), values: texts },
  { schema: z.string().trim().min(1), values: texts },
  { schema: z.string().refine((text) => text !== "a"), values: texts },
  { schema: z.templateLiteral(["a", z.string()]), values: texts },
  { schema: z.number(), values: numbers },
  { schema: z.number().gt(0).lte(9), values: numbers },
  { schema: z.number().gte(0), values: numbers },
  { schema: z.int(), values: numbers },
  { schema: z.int().gt(0).lt(10), values: numbers },
  { schema: z.number().multipleOf(2), values: numbers },
  { schema: z.int().multipleOf(4), values: numbers },
  { schema: z.enum(["a", "b"]), values: texts },
  { schema: z.literal(["a", 1, null]), values: anything },
  { schema: z.literal("ab"), values: texts },
  { schema: z.literal(1), values: numbers },
  { schema: z.boolean(), values: fc.boolean() },
  { schema: z.literal([true, false]), values: fc.boolean() },
  { schema: z.null(), values: fc.constant(null) },
  { schema: z.union([z.string(), z.number()]), values: anything },
  { schema: z.never(), values: anything },
  { schema: z.coerce.number(), values: numbers },
  { schema: z.coerce.string(), values: texts },
  { schema: z.preprocess((value) => value, z.string()), values: texts },
  { schema: z.codec(z.string(), z.number(), { decode: Number, encode: String }), values: fc.constantFrom("1", "2") },
  { schema: z.xor([z.string(), z.email()]), values: texts },
];

const leaf = fc.constantFrom(...leaves);

const same = leaf.map(({ schema, values }): SchemaPair => ({ writer: schema, reader: schema, values }));
const other = fc
  .tuple(leaf, leaf)
  .map(([one, two]): SchemaPair => ({ writer: one.schema, reader: two.schema, values: one.values }));

type Wrap = (schema: ZodType) => ZodType;

const wraps: readonly Wrap[] = [
  (schema) => schema,
  (schema) => schema,
  (schema) => schema.nullable(),
  (schema) => schema.readonly(),
];
const memberWraps: readonly Wrap[] = [
  (schema) => schema,
  (schema) => schema.optional(),
  (schema) => schema.exactOptional(),
  (schema) => schema.nullish(),
  // Not parsed, so any value does.
  (schema) => schema.default("x" as never),
  (schema) => schema.optional().nonoptional(),
  (schema) => schema.catch("x" as never),
  (schema) => schema.optional().refine((value) => value !== undefined),
];
const objects: readonly ((shape: Readonly<Record<string, ZodType>>) => ZodType)[] = [
  (shape) => z.object(shape),
  (shape) => z.object(shape),
  (shape) => z.strictObject(shape),
  (shape) => z.looseObject(shape),
  (shape) => z.object(shape).catchall(z.number()),
  (shape) => z.object(shape).refine(() => true),
];

/** The same wrapper on both sides, mostly. */
function both<T>(choices: readonly T[]): fc.Arbitrary<readonly [T, T]> {
  const one = fc.constantFrom(...choices);
  return fc.oneof({ weight: 2, arbitrary: one.map((value) => [value, value] as const) }, fc.tuple(one, one));
}

function wrapped(pair: fc.Arbitrary<SchemaPair>, choices: readonly Wrap[]): fc.Arbitrary<SchemaPair> {
  return fc.tuple(pair, both(choices)).map(([{ writer, reader, values }, [one, two]]) => ({
    writer: one(writer),
    reader: two(reader),
    values: fc.oneof({ weight: 4, arbitrary: values }, fc.constantFrom(null, undefined)),
  }));
}

const presence = fc.constantFrom("both", "both", "both", "writer", "reader", "none");

function objectPair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  const member = fc.record({ pair: wrapped(pair, memberWraps), presence });
  return fc.tuple(fc.record({ a: member, b: member, c: member }), both(objects)).map(([members, [one, two]]) => {
    const entries = Object.entries(members);
    const shape = (side: "writer" | "reader"): Readonly<Record<string, ZodType>> =>
      Object.fromEntries(
        entries
          .filter(([, { presence: at }]) => at === "both" || at === side)
          .map(([key, { pair: own }]) => [key, own[side]]),
      );
    const declared = entries.filter(([, { presence: at }]) => at === "both" || at === "writer");
    const values = Object.fromEntries(declared.map(([key, { pair: own }]) => [key, own.values]));
    return {
      writer: one(shape("writer")),
      reader: two(shape("reader")),
      values: fc.record(values, { requiredKeys: [] }),
    };
  });
}

function listPair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  const lists: readonly Wrap[] = [
    (item) => z.array(item),
    (item) => z.array(item).min(1),
    (item) => z.array(item).max(2),
    (item) => z.tuple([item]),
    (item) => z.tuple([item], item),
    (item) => z.tuple([item, item.optional()]),
  ];
  return fc.tuple(pair, both(lists)).map(([{ writer, reader, values }, [one, two]]) => ({
    writer: one(writer),
    reader: two(reader),
    // JSON turns them into null here.
    values: fc.array(
      values.filter((value) => value !== undefined),
      { maxLength: 3 },
    ),
  }));
}

interface RecordKind {
  readonly wrap: Wrap;
  /** What its type knows: other keys are no business of a writer. */
  readonly keys: readonly ("a" | "b" | "c")[];
}

function recordPair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  const records: readonly RecordKind[] = [
    { wrap: (value) => z.record(z.string(), value), keys: ["a", "b", "c"] },
    { wrap: (value) => z.record(z.enum(["a", "b"]), value), keys: ["a", "b"] },
    { wrap: (value) => z.partialRecord(z.enum(["a", "b"]), value), keys: ["a", "b"] },
    { wrap: (value) => z.looseRecord(z.enum(["a", "c"]), value), keys: ["a", "c"] },
    { wrap: (value) => z.object({ a: value, b: value }), keys: ["a", "b"] },
    { wrap: (value) => z.object({ a: value.optional() }).catchall(value), keys: ["a", "b", "c"] },
  ];
  return fc.tuple(pair, both(records)).map(([{ writer, reader, values }, [one, two]]) => ({
    writer: one.wrap(writer),
    reader: two.wrap(reader),
    values: fc.record(Object.fromEntries(one.keys.map((key) => [key, values])), { requiredKeys: [] }),
  }));
}

function unionPair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  return fc.tuple(pair, pair, fc.boolean()).map(([first, second, isWider]) => ({
    writer: isWider ? first.writer : z.union([first.writer, second.writer]),
    reader: z.union([second.reader, first.reader]),
    values: isWider ? first.values : fc.oneof(first.values, second.values),
  }));
}

function choicePair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  return fc.tuple(pair, pair).map(([first, second]) => ({
    writer: z.discriminatedUnion("kind", [z.object({ kind: z.literal(["x", "y"]), v: first.writer })]),
    reader: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("x"), v: first.reader }),
      z.object({ kind: z.literal("y"), v: second.reader }),
    ]),
    values: fc.record({ kind: fc.constantFrom("x", "y"), v: first.values }),
  }));
}

function bothPair(pair: fc.Arbitrary<SchemaPair>): fc.Arbitrary<SchemaPair> {
  const halves: readonly ((one: ZodType, two: ZodType) => ZodType)[] = [
    (one, two) => z.intersection(z.object({ a: one }), z.object({ b: two })),
    (one, two) => z.object({ a: one, b: two }),
    (one, two) => z.intersection(z.looseObject({ a: one }), z.object({ a: one, b: two.optional() })),
  ];
  return fc.tuple(pair, pair, both(halves)).map(([first, second, [one, two]]) => ({
    writer: one(first.writer, second.writer),
    reader: two(first.reader, second.reader),
    values: fc.record({ a: first.values, b: second.values }, { requiredKeys: [] }),
  }));
}

/**
 * Schemas whose values are JSON, at most `depth` levels deep; without keys that a codec has to restore, and without
 * `catch` below other wrappers: its types demand a key that zod forgives.
 */
export function schemaPairs(depth: number): fc.Arbitrary<SchemaPair> {
  const plain = fc.oneof({ weight: 2, arbitrary: same }, other);
  if (depth === 0) return plain;
  const inner = schemaPairs(depth - 1);
  const kinds = [objectPair, objectPair, listPair, recordPair, unionPair, choicePair, bothPair].map((of) => of(inner));
  return fc.oneof(plain, ...kinds, wrapped(inner, wraps));
}
