/**
 * One schema per kind and combination. Every export becomes a job; a test proves that the printed types are the ones that
 * zod infers, and another one that values survive the way through the store.
 */
import { z } from "zod";

// Primitives
export const string = z.object({ v: z.string() });
export const formats = z.object({
  a: z.email(),
  b: z.uuid(),
  c: z.url(),
  d: z.iso.datetime(),
  e: z.ipv4(),
  f: z.base64(),
  g: z.jwt(),
});
export const number = z.object({ v: z.number() });
export const int = z.object({ a: z.int(), b: z.int32(), c: z.uint32(), d: z.float64() });
export const boolean = z.object({ v: z.boolean() });
export const nothing = z.object({ v: z.null() });
export const absent = z.object({ v: z.undefined() });
export const absentOptional = z.object({ v: z.undefined().optional() });
export const anything = z.object({ v: z.any() });
export const unknowns = z.object({ v: z.unknown() });
export const nevers = z.object({ v: z.never().optional() });
export const bigint = z.object({ v: z.bigint() });
export const bigints = z.object({ a: z.int64(), b: z.uint64() });
export const date = z.object({ v: z.date() });
export const nan = z.object({ v: z.nan() });
export const infinite = z.object({ v: z.literal(Infinity) });
export const numberOrNan = z.object({ v: z.number().or(z.nan()) });
export const bytes = z.object({ v: z.instanceof(Uint8Array) });
export const root = z.string();
export const rootList = z.array(z.int());
export const rootUnion = z.union([z.string(), z.number()]);
export const moreFormats = z.object({
  a: z.guid(),
  b: z.nanoid(),
  c: z.cuid2(),
  d: z.ulid(),
  e: z.iso.date(),
  f: z.iso.time(),
  g: z.iso.duration(),
  h: z.ipv6(),
  i: z.cidrv4(),
  j: z.base64url(),
  k: z.e164(),
  l: z.hex(),
  m: z.hostname(),
  n: z.emoji(),
  o: z.hash("md5"),
  p: z.mac(),
  q: z.stringFormat("short", /^.{0,3}$/),
});
export const limits = z.object({
  a: z.string().min(1).max(9).regex(/^\w+$/),
  b: z.number().min(-5).max(5).multipleOf(0.5),
  c: z.bigint().positive().max(9n),
  d: z.date().min(new Date(0)),
  e: z.array(z.int()).length(2),
  f: z.set(z.int()).max(3),
});
export const zeroes = z.object({ v: z.number().nonnegative(), w: z.bigint().nonnegative() });
export const rootDate = z.date();
export const rootMap = z.map(z.string(), z.bigint());
export const rootNullable = z.bigint().nullable();

// Literals and enums
export const literalString = z.object({ v: z.literal("a") });
export const literalNumber = z.object({ v: z.literal(-3.5) });
export const literalBoolean = z.object({ v: z.literal(true) });
export const literalNull = z.object({ v: z.literal(null) });
export const literalUndefined = z.object({ v: z.literal(undefined) });
export const literalBigint = z.object({ v: z.literal(12n) });
export const literals = z.object({ v: z.literal(["a", 2, false, null, 5n]) });
export const enums = z.object({ v: z.enum(["a", "b c", 'd"e']) });
export const enumObject = z.object({ v: z.enum({ A: "x", B: "y" } as const) });
export const enumNumbers = z.object({ v: z.enum({ A: 1, B: 2 } as const) });
export const excluded = z.object({ v: z.enum(["a", "b", "c"]).exclude(["b"]) });
export const template = z.object({ v: z.templateLiteral(["user-", z.int(), "-", z.enum(["a", "b"])]) });
export const templateEscaped = z.object({ v: z.templateLiteral(["`${", z.string(), "\\"]) });
export const templateOptional = z.object({ v: z.templateLiteral([z.string(), z.literal("px").optional()]) });
export const templateNested = z.object({
  v: z.templateLiteral([z.templateLiteral(["a", z.number()]), z.boolean(), null]),
});
export const literalNumbers = z.object({ v: z.literal([-1, 0, 1e21, 1e-7]) });
export const literalMixed = z.object({ v: z.literal([1, "a", true, 3n, undefined, null]) });
export const literalOfNumericText = z.object({ v: z.union([z.literal("1"), z.literal(1), z.number()]) });
export const enumMixed = z.object({ v: z.enum({ A: 0, B: "b" } as const) });
export const enumExtracted = z.object({ v: z.enum(["a", "b", "c"]).extract(["a", "c"]) });
export const keys = z.object({ v: z.keyof(z.object({ a: z.string(), b: z.int() })) });
export const templateBigint = z.object({ v: z.templateLiteral([z.bigint(), "n"]) });
export const templateNullable = z.object({ v: z.templateLiteral([z.string().nullable(), "x"]) });
export const templateConstants = z.object({ v: z.templateLiteral(["a", null, 5, true, 7n]) });

// Optionality
export const optional = z.object({ v: z.string().optional() });
export const nullable = z.object({ v: z.string().nullable() });
export const nullish = z.object({ v: z.string().nullish() });
export const exact = z.object({ v: z.string().exactOptional() });
export const optionalNullable = z.object({ v: z.string().nullable().optional() });
export const nullableOptional = z.object({ v: z.string().optional().nullable() });
export const defaulted = z.object({ v: z.string().default("x") });
export const defaultedOptional = z.object({ v: z.string().default("x").optional() });
export const optionalDefaulted = z.object({ v: z.string().optional().default("x") });
export const prefault = z.object({ v: z.string().prefault("x") });
export const catches = z.object({ v: z.string().catch("x") });
export const catchesOptional = z.object({ v: z.string().optional().catch("x") });
export const required = z.object({ v: z.string().optional().nonoptional() });
export const requiredUnion = z.object({ v: z.union([z.string(), z.undefined()]).nonoptional() });
export const unionUndefined = z.object({ v: z.union([z.string(), z.undefined()]) });
export const unionOptional = z.object({ v: z.union([z.string().optional(), z.number()]) });
export const unionDefault = z.object({ v: z.union([z.string().default("x"), z.number()]) });
export const partial = z.object({ a: z.string(), b: z.date() }).partial();
export const requiredAll = z.object({ a: z.string().optional() }).required();
export const exactDate = z.object({ v: z.date().exactOptional() });
export const exactNullable = z.object({ v: z.date().exactOptional().nullable() });
export const optionalRich = z.object({ v: z.set(z.bigint()).optional(), w: z.date().nullish() });
export const defaultedRich = z.object({ v: z.date().default(() => new Date(0)), w: z.bigint().default(0n) });
export const defaultedNull = z.object({ v: z.date().nullable().default(null) });
export const defaultedDeep = z.object({ v: z.object({ a: z.string().default("x") }).default({ a: "y" }) });
export const prefaultRich = z.object({ v: z.date().prefault(new Date(0)) });
export const prefaultDeep = z.object({ v: z.object({ a: z.string().default("x") }).prefault({}) });
export const catchesRich = z.object({ v: z.date().catch(new Date(0)) });
export const catchesUnion = z.object({ v: z.union([z.string(), z.number()]).catch(1) });
export const catchesObject = z.object({ v: z.object({ at: z.date() }).catch({ at: new Date(0) }) });
export const requiredRich = z.object({ v: z.nonoptional(z.date().optional()) });
export const requiredNullish = z.object({ v: z.nonoptional(z.date().nullish()) });
export const nullableAll = z.object({ a: z.null().optional(), b: z.null().nullable(), c: z.undefined().nullable() });

// Objects
export const empty = z.object({});
export const nested = z.object({ a: z.object({ b: z.object({ c: z.string().optional() }) }) });
export const strict = z.strictObject({ a: z.string() });
export const loose = z.looseObject({ a: z.string() });
export const looseEmpty = z.looseObject({});
export const catchallUnknown = z.object({ a: z.string() }).catchall(z.unknown());
export const catchallString = z.object({}).catchall(z.string());
export const extended = z.object({ a: z.string() }).extend({ b: z.number() });
export const picked = z.object({ a: z.string(), b: z.number(), c: z.date() }).pick({ a: true, c: true });
export const oddKeys = z.object({
  "a-b": z.string(),
  "1": z.string(),
  "with space": z.string(),
  class: z.string(),
  'q"q': z.string(),
});
export const refined = z.object({ a: z.string(), b: z.string() }).refine(({ a, b }) => a !== b);
export const described = z.object({ a: z.string().describe("about a") }).meta({ title: "T" });
export const looseRich = z.looseObject({ a: z.date() });
export const strictRich = z.strictObject({ a: z.bigint() });
export const catchallRich = z.object({}).catchall(z.date());
export const catchallSame = z.object({ a: z.date() }).catchall(z.date());
export const catchallWider = z.object({ a: z.string(), b: z.literal(1) }).catchall(z.union([z.string(), z.number()]));
export const merged = z.object({ ...z.object({ a: z.string() }).shape, b: z.date() });
export const omitted = z.object({ a: z.string(), b: z.symbol() }).omit({ b: true });
export const partialSome = z.object({ a: z.date(), b: z.bigint() }).partial({ a: true });
export const protoKey = z.object({ ["__proto__"]: z.date().optional() });
export const deepRich = z.object({ a: z.array(z.object({ b: z.map(z.string(), z.object({ c: z.set(z.date()) })) })) });

// Collections
export const list = z.object({ v: z.array(z.string()) });
export const listOfUnion = z.object({ v: z.array(z.union([z.string(), z.number()])) });
export const listOfNullable = z.object({ v: z.array(z.string().nullable()) });
export const listOfEnum = z.object({ v: z.array(z.enum(["a", "b"])) });
export const listOfObjects = z.object({ v: z.array(z.object({ a: z.date() })) });
export const matrix = z.object({ v: z.array(z.array(z.bigint())) });
export const tuple = z.object({ v: z.tuple([z.string(), z.number()]) });
export const tupleRest = z.object({ v: z.tuple([z.string()], z.date()) });
export const tupleOptional = z.object({ v: z.tuple([z.string(), z.number().optional()]) });
export const tupleDefault = z.object({ v: z.tuple([z.string(), z.number().default(1)]) });
export const tupleEmpty = z.object({ v: z.tuple([]) });
export const record = z.object({ v: z.record(z.string(), z.number()) });
export const recordDate = z.object({ v: z.record(z.string(), z.date()) });
export const recordEnum = z.object({ v: z.record(z.enum(["a", "b"]), z.number()) });
export const recordNumber = z.object({ v: z.record(z.number(), z.string()) });
export const recordTemplate = z.object({ v: z.record(z.templateLiteral(["x-", z.string()]), z.string()) });
export const recordOptional = z.object({ v: z.record(z.string(), z.number().optional()) });
export const recordPartial = z.object({ v: z.partialRecord(z.enum(["a", "b"]), z.bigint()) });
export const recordPartialString = z.object({ v: z.partialRecord(z.string(), z.number()) });
export const recordLoose = z.object({ v: z.looseRecord(z.string(), z.number()) });
export const map = z.object({ v: z.map(z.string(), z.number()) });
export const mapRich = z.object({ v: z.map(z.date(), z.map(z.bigint(), z.set(z.date()))) });
export const mapObjectKey = z.object({ v: z.map(z.object({ id: z.int() }), z.string()) });
export const set = z.object({ v: z.set(z.string()) });
export const setRich = z.object({ v: z.set(z.union([z.bigint(), z.null()])) });
export const listOfOptional = z.object({ v: z.array(z.string().optional()) });
export const listOfDefault = z.object({ v: z.array(z.date().default(new Date(0))) });
export const setOfOptional = z.object({ v: z.set(z.bigint().optional()) });
export const mapOfOptional = z.object({ v: z.map(z.string(), z.string().optional()) });
export const tupleHole = z.object({ v: z.tuple([z.union([z.string(), z.undefined()]), z.string()]) });
export const tupleHoleRest = z.object({ v: z.tuple([z.string().optional()], z.date().optional()) });
export const catchallDefault = z.object({}).catchall(z.string().default("x"));
export const listNonEmpty = z.object({ v: z.array(z.string()).nonempty() });
export const listOfTuples = z.object({ v: z.array(z.tuple([z.date(), z.bigint()])) });
export const listOfUnknown = z.object({ v: z.array(z.json()) });
export const tupleRestRich = z.object({ v: z.tuple([z.date(), z.bigint()], z.set(z.string())) });
export const tupleRestUnion = z.object({ v: z.tuple([z.string()], z.union([z.string(), z.number()])) });
export const tupleOptionals = z.object({ v: z.tuple([z.date().optional(), z.bigint().optional()]) });
export const tupleNullish = z.object({ v: z.tuple([z.string(), z.date().nullish()]) });
export const recordKeyUnion = z.object({ v: z.record(z.union([z.literal("a"), z.literal("b")]), z.date()) });
export const recordKeyWide = z.object({ v: z.record(z.union([z.literal("a"), z.string()]), z.date()) });
export const recordKeyNumbers = z.object({ v: z.record(z.literal([1, 2]), z.date()) });
export const recordKeyInt = z.object({ v: z.record(z.int(), z.string()) });
export const recordKeyUuid = z.object({ v: z.record(z.uuid(), z.string()) });
export const recordKeyLowered = z.object({ v: z.record(z.string().toLowerCase(), z.string()) });
export const recordNullable = z.object({ v: z.record(z.string(), z.bigint().nullable()) });
export const recordUndefined = z.object({ v: z.record(z.string(), z.union([z.string(), z.undefined()])) });
export const recordDefault = z.object({ v: z.record(z.string(), z.string().default("x")) });
export const recordEnumOptional = z.object({ v: z.record(z.enum(["a", "b"]), z.string().optional()) });
export const recordEnumDefault = z.object({ v: z.record(z.enum(["a", "b"]), z.string().default("x")) });
export const recordOfRecords = z.object({ v: z.record(z.string(), z.record(z.string(), z.map(z.string(), z.date()))) });
export const mapOfAnything = z.object({ v: z.map(z.json(), z.json()) });
export const mapOfBytes = z.object({ v: z.map(z.string(), z.instanceof(Uint8Array)) });
export const mapOfNumbers = z.object({ v: z.map(z.union([z.number(), z.nan()]), z.boolean()) });
export const setOfObjects = z.object({ v: z.set(z.object({ at: z.date() })) });
export const setOfSets = z.object({ v: z.set(z.set(z.bigint())) });

// Unions and intersections
export const union = z.object({ v: z.union([z.string(), z.number(), z.boolean(), z.null()]) });
export const unionDate = z.object({ v: z.union([z.date(), z.number(), z.null()]) });
export const unionDateBigint = z.object({ v: z.union([z.date(), z.bigint(), z.boolean()]) });
export const unionDateLiteral = z.object({ v: z.union([z.date(), z.literal(["now", "never"])]) });
export const unionListDate = z.object({ v: z.union([z.date(), z.array(z.date()), z.object({ d: z.date() })]) });
export const unionSet = z.object({ v: z.union([z.set(z.string()), z.string(), z.record(z.string(), z.bigint())]) });
export const unionObjects = z.object({ v: z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]) });
export const discriminated = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("at"), at: z.date() }),
  z.object({ kind: z.literal(["count", "size"]), value: z.bigint() }),
  z.object({ kind: z.literal("plain"), text: z.string() }),
]);
export const discriminatedNumber = z.object({
  v: z.discriminatedUnion("n", [
    z.object({ n: z.literal(1), d: z.date() }),
    z.object({ n: z.literal(2), d: z.string() }),
  ]),
});
export const discriminatedNested = z.object({
  v: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), at: z.date() }),
    z.discriminatedUnion("sub", [
      z.object({ kind: z.literal("b"), sub: z.literal(1), n: z.bigint() }),
      z.object({ kind: z.literal("c"), sub: z.literal(2) }),
    ]),
  ]),
});
export const xor = z.object({ v: z.xor([z.string(), z.number()]) });
export const intersection = z.object({
  v: z.intersection(z.object({ a: z.string() }), z.object({ b: z.number().optional() })),
});
export const intersectionRich = z.object({ v: z.object({ a: z.date() }).and(z.object({ b: z.bigint() })) });
export const unionNested = z.object({
  v: z.union([z.union([z.date(), z.null()]), z.union([z.boolean(), z.bigint()])]),
});
export const unionRecordDate = z.object({ v: z.union([z.record(z.string(), z.date()), z.bigint()]) });
export const unionMap = z.object({ v: z.union([z.map(z.string(), z.date()), z.string()]) });
export const unionTuple = z.object({ v: z.union([z.tuple([z.date()]), z.date()]) });
export const unionBytes = z.object({ v: z.union([z.instanceof(Uint8Array), z.number(), z.null()]) });
export const unionEnum = z.object({ v: z.union([z.enum(["a", "b"]), z.bigint(), z.array(z.bigint())]) });
export const unionLiteralNull = z.object({ v: z.union([z.literal("none"), z.date()]).nullable() });
export const discriminatedNull = z.object({
  v: z.discriminatedUnion("k", [
    z.object({ k: z.null(), at: z.date() }),
    z.object({ k: z.literal(true), n: z.bigint() }),
    z.object({ k: z.enum(["x", "y"]), t: z.string() }),
  ]),
});
export const discriminatedLoose = z.object({
  v: z.discriminatedUnion("k", [
    z.looseObject({ k: z.literal("a"), at: z.date() }),
    z.strictObject({ k: z.literal("b"), set: z.set(z.string()) }),
  ]),
});
export const discriminatedUnmarked = z.object({
  v: z.union([z.object({ k: z.literal("a"), at: z.date() }), z.object({ k: z.literal("b"), at: z.bigint() })]),
});
export const xorRich = z.object({ v: z.xor([z.date(), z.bigint()]) });
export const xorObjects = z.object({ v: z.xor([z.object({ a: z.string() }), z.object({ b: z.string() })]) });
export const intersectionThree = z.object({
  v: z
    .object({ a: z.date() })
    .and(z.object({ b: z.bigint() }))
    .and(z.object({ c: z.string().optional() })),
});
export const intersectionRecord = z.object({ v: z.record(z.string(), z.string()).and(z.object({ a: z.string() })) });
export const intersectionSame = z.object({ v: z.object({ a: z.date() }).and(z.object({ a: z.date(), b: z.int() })) });

// Wrappers
export const readonlyList = z.object({ v: z.array(z.string()).readonly() });
export const readonlyTuple = z.object({ v: z.tuple([z.string(), z.date()]).readonly() });
export const readonlyObject = z.object({ v: z.object({ a: z.string(), b: z.number().optional() }).readonly() });
export const readonlyMap = z.object({ v: z.map(z.string(), z.date()).readonly() });
export const readonlySet = z.object({ v: z.set(z.string()).readonly() });
export const readonlyRecord = z.object({ v: z.record(z.string(), z.number()).readonly() });
export const readonlyDate = z.object({ v: z.date().readonly() });
export const readonlyRoot = z.object({ a: z.string() }).readonly();
export const listOfReadonly = z.object({ v: z.array(z.array(z.string()).readonly()) });
export const success = z.object({ v: z.success(z.string()) });
export const readonlyPartial = z.object({ v: z.partialRecord(z.enum(["a", "b"]), z.bigint()).readonly() });
export const readonlyNested = z.object({
  v: z.array(z.object({ a: z.set(z.date()).readonly() }).readonly()).readonly(),
});
export const readonlyUnion = z.object({ v: z.union([z.array(z.date()), z.date()]).readonly() });
export const readonlyDefault = z.object({ v: z.array(z.bigint()).readonly().default([]) });
export const successRich = z.object({ v: z.success(z.date()) });

// Pipes
export const codec = z.object({
  v: z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() }),
});
export const codecUrl = z.object({
  v: z.codec(z.url(), z.instanceof(URL), { decode: (text) => new URL(text), encode: (url) => url.href }),
});
export const stringbool = z.object({ v: z.stringbool() });
export const piped = z.object({
  v: z
    .string()
    .transform((text) => text.length)
    .pipe(z.number()),
});
export const pipedOptional = z.object({
  v: z
    .string()
    .optional()
    .transform((text) => text ?? "")
    .pipe(z.string()),
});
export const pipedRich = z.object({
  v: z
    .date()
    .transform((at) => at.getTime())
    .pipe(z.number()),
});
export const preprocess = z.object({ v: z.preprocess((value) => value, z.string()) });
export const preprocessOptional = z.object({ v: z.preprocess((value) => value, z.string().optional()) });
export const overwritten = z.object({ v: z.string().trim().toLowerCase() });
export const codecBoth = z.object({
  v: z.codec(z.date(), z.number(), { decode: (at) => at.getTime(), encode: (ms) => new Date(ms) }),
});
export const codecInverted = z.object({
  v: z.invertCodec(z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (n) => String(n) })),
});
export const codecInside = z.object({
  v: z.map(z.string(), z.codec(z.bigint(), z.string(), { decode: String, encode: BigInt })),
});
export const stringboolOptional = z.object({ v: z.stringbool().optional() });
export const pipedDefault = z.object({ v: z.bigint().default(1n).pipe(z.bigint()) });
export const pipedTwice = z.object({ v: z.string().pipe(z.string().min(1)).pipe(z.string().max(5)) });
export const preprocessRich = z.object({ v: z.preprocess((value) => value, z.string()), at: z.date() });

// Recursion
export const category = z.object({
  name: z.string(),
  get children() {
    return z.array(category);
  },
});
export const categoryDates = z.object({
  at: z.date(),
  get parent() {
    return categoryDates.nullable();
  },
});
export const mutualA = z.object({
  get b() {
    return mutualB.optional();
  },
});
export const mutualB = z.object({
  n: z.bigint(),
  get a() {
    return mutualA.optional();
  },
});
export const inner = z.object({ tree: category, list: z.array(categoryDates) });
export const json = z.object({ v: z.json() });
export const jsonRoot = z.json();
export const lazy = z.object({ v: z.lazy(() => z.string().optional()) });
export const categoryDefaults = z.object({
  label: z.string().default("none"),
  get next() {
    return categoryDefaults.optional();
  },
});
export const lazyRich = z.object({ v: z.lazy(() => z.map(z.string(), z.date())) });
export const treeHoles = z.object({
  get v(): z.ZodArray<z.ZodOptional<typeof treeHoles>> {
    return z.array(treeHoles.optional());
  },
});
const holeBehindName = z.union([z.string(), z.undefined()]).meta({ id: "Perhaps" });
export const holesBehindName = z.object({ a: z.array(holeBehindName), b: holeBehindName });
export const treeUnion = z.object({
  get v() {
    return z.union([z.date(), z.array(treeUnion)]);
  },
});
export const treeMap = z.object({
  get kids() {
    return z.map(z.string(), treeMap);
  },
});
export const treeRecord = z.object({
  at: z.bigint(),
  get kids() {
    return z.record(z.string(), treeRecord).optional();
  },
});
export const treeTuple = z.object({
  at: z.date(),
  get pair(): z.ZodTuple<[z.ZodString, z.ZodNullable<typeof treeTuple>], null> {
    return z.tuple([z.string(), treeTuple.nullable()]);
  },
});
export const treeCases = z.discriminatedUnion("k", [
  z.object({ k: z.literal("leaf"), at: z.date() }),
  z.object({
    k: z.literal("node"),
    get kids() {
      return z.array(treeCases);
    },
  }),
]);
export const treeReadonly = z.object({
  get kids() {
    return z.array(treeReadonly).readonly();
  },
});
export const treeNamed = z
  .object({
    at: z.date(),
    get next() {
      return treeNamed.optional();
    },
  })
  .meta({ id: "Named tree" });

// Opaque, with a name for the type
export const written = z.object({ v: z.string().meta({ tsType: "string" }) });
export const writtenTransform = z.object({
  v: z
    .string()
    .transform((text) => text.length)
    .meta({ tsType: "number" }),
});
export const writtenCustom = z.object({
  v: z.custom<`${number}px`>((value) => /^\d+px$/.test(String(value))).meta({ tsType: "`${number}px`" }),
});
export const branded = z.object({ v: z.string().brand<"UserId">().meta({ brand: "UserId" }) });

export const brandedObject = z.object({ v: z.object({ a: z.string() }).brand<"O">().meta({ brand: "O" }) });
export const brandedOptional = z.object({ v: z.number().brand<"N">().meta({ brand: "N" }).optional() });
export const brandedRich = z.object({ v: z.date().brand<"Day">().meta({ brand: "Day" }).nullable() });
export const brandedKey = z.object({ v: z.record(z.string().brand<"K">().meta({ brand: "K" }), z.bigint()) });
