/** Schemas for what parsing looks at beyond types: checks, key by key presence, what is left to zod. */
import { z } from "zod";

export const lengths = z.object({
  min: z.string().min(2),
  max: z.string().max(3),
  exact: z.string().length(2),
  both: z.string().min(1).max(2),
});
export const texts = z.object({
  regex: z.string().regex(/^a\/"'`\u2028\$\{x\}[\]\\]?/iu),
  flags: z.string().regex(/^.$/su),
  starts: z.string().startsWith('"; throw 1; //'),
  ends: z.string().endsWith("`${1}"),
  includes: z.string().includes("b\n", { position: 1 }),
  lower: z.string().lowercase(),
  upper: z.string().uppercase(),
});
export const remembering = z.object({ v: z.string().regex(/a/g), w: z.string().regex(/a/y) });
export const ranges = z.object({
  above: z.number().gt(-1.5),
  from: z.number().gte(0),
  below: z.number().lt(1e21),
  upTo: z.number().lte(5),
  unbounded: z.number().max(Infinity),
  int: z.int().positive(),
  float: z.float32(),
  multiple: z.number().multipleOf(0.1),
  bigint: z.bigint().min(-5n).lt(10n),
  date: z.date().min(new Date(0)).max(new Date(8.64e14)),
});
export const sizes = z.object({
  list: z.array(z.string()).min(1).max(2),
  exact: z.array(z.any()).length(2),
  set: z.set(z.string()).min(1).max(2),
  map: z.map(z.string(), z.number()).size(1),
  collapsing: z.set(z.string().trim()).min(2).max(3),
});
export const presence = z.object({
  any: z.any(),
  optional: z.string().optional(),
  exact: z.string().exactOptional(),
  undef: z.undefined(),
  union: z.union([z.string(), z.undefined()]),
  filled: z.string().default("x"),
  fresh: z.array(z.string()).default(() => []),
  pre: z.string().prefault("y"),
  caught: z.string().catch("z"),
  nullish: z.object({ a: z.int() }).nullish(),
  last: z.boolean(),
});
export const defaultedOptional = z.object({ v: z.string().default("x").optional(), w: z.int() });
export const strictKeys = z.strictObject({ a: z.string(), b: z.int().optional() });
export const looseKeys = z.looseObject({ a: z.string(), "b c": z.int().optional() });
export const hostileKeys = z.object({ '"]; throw 1; //': z.string(), "`${1}`": z.int(), constructor: z.string() });
export const protoKey = z.object({ ["__proto__"]: z.string().optional(), a: z.string() });
export const frozen = z.object({ a: z.array(z.string()).readonly(), b: z.date().readonly() }).readonly();
export const records = z.object({
  plain: z.record(z.string(), z.object({ a: z.int() })),
  formatted: z.record(z.email(), z.int()),
  listed: z.record(z.enum(["a", "b"]), z.int()),
});
export const tuples = z.tuple([z.string(), z.object({ a: z.int() }), z.null()], z.int());
export const exactTuple = z.tuple([z.literal("a"), z.int()]);
/** The first option that fits wins, though a later one would keep more. */
export const overlapping = z.union([
  z.object({ a: z.string().max(1) }),
  z.object({ a: z.string(), b: z.int().optional() }),
  z.array(z.union([z.string().transform((text) => text.length), z.boolean()])),
  z.int(),
]);
export const lonely = z.union([z.object({ a: z.int() })]);
export const exclusive = z.object({ v: z.xor([z.object({ a: z.int() }), z.object({ b: z.int() })]) });
export const switched = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal(["a", "b"]), v: z.int() }),
  z.object({ kind: z.literal(1), w: z.string().default("w") }),
  z.object({ kind: z.null().optional(), x: z.string() }),
  z.strictObject({ kind: z.literal(true) }).refine(() => true),
]);
export const left = z.object({
  refined: z.string().refine((text) => text !== "no"),
  transformed: z.string().transform((text) => text.length),
  coerced: z.coerce.number(),
  lazy: z.lazy(() => z.object({ a: z.string() })),
  template: z.templateLiteral(["a", z.int()]),
  both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
  url: z.url(),
  overwritten: z.string().trim().toLowerCase().min(2),
  checked: z.array(z.int()).refine((list) => list.length !== 3),
});
export const urls = z.object({
  any: z.url(),
  http: z.httpUrl().optional(),
  normal: z.url({ normalize: true }).max(30).optional(),
  host: z.url({ hostname: /^example\.(?:com|org)$/i }).optional(),
  protocol: z
    .url({ protocol: /^(?:https?|ftp)$/ })
    .startsWith("https")
    .optional(),
  guarded: z.url({ protocol: /^https?$/, normalize: true }).optional(),
  sticky: z.url({ hostname: /example/y }).optional(),
  inside: z.string().min(2).url().optional(),
  set: z.set(z.url()).default(() => new Set<string>()),
  either: z.union([z.url(), z.email(), z.int()]).optional(),
  map: z.map(z.url({ normalize: true }), z.bigint()).optional(),
});
interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});
export const forest = z.object({ trees: z.array(tree), count: z.int() });
export const recursiveRoot = tree;
