import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z, type ZodType } from "zod";
import { type Answer, subsumes } from "../../../generator/lock/subsumes.ts";
import { schemaPairs } from "./pairs.ts";
import { contractOfInput } from "./support.ts";

/** Whether `reader` accepts what `writer` stores. */
function answer(writer: ZodType, reader: ZodType): Answer {
  const [emit, accept] = [writer, reader].map((schema) => {
    const { input, types = {} } = contractOfInput(schema);
    return { node: input, types };
  });
  if (!emit || !accept) throw new Error("two schemas make two contracts");
  return subsumes(accept, emit);
}

/** zod throws where the two halves of an intersection cannot be merged. */
function accepts(schema: ZodType, value: unknown): boolean {
  try {
    return schema.safeParse(value).success;
  } catch {
    return false;
  }
}

/** With the seed, so that a counterexample that comes by chance is not lost. */
function reasonOf({ errorInstance, seed }: { readonly errorInstance: unknown; readonly seed: number }): string {
  return errorInstance instanceof Error ? `seed ${seed}: ${errorInstance.message}` : "";
}

function described(writer: ZodType, reader: ZodType, value: unknown): string {
  const [emit, accept] = [writer, reader].map((schema) => JSON.stringify(contractOfInput(schema)));
  return `stored ${JSON.stringify(value)}\nby ${emit}\nrefused by ${accept}`;
}

describe("what is called safe", () => {
  it("is accepted by zod, whatever the writer stores", () => {
    let tried = 0;
    const run = fc.check(
      fc.property(
        schemaPairs(2).chain((pair) =>
          fc.tuple(fc.constant(pair), fc.array(pair.values, { minLength: 1, maxLength: 8 })),
        ),
        ([{ writer, reader }, values]) => {
          if (answer(writer, reader).verdict !== "yes") return;
          for (const value of values) {
            if (value === undefined) continue;
            const stored: unknown = JSON.parse(JSON.stringify(value));
            // An undefined that a codec would have to restore is another test's affair.
            if (!accepts(writer, value) || !accepts(writer, stored)) continue;
            tried++;
            if (!accepts(reader, stored)) throw new Error(described(writer, reader, stored));
          }
        },
      ),
      { numRuns: 3000 },
    );
    // Schemas print as pages of internals.
    expect(reasonOf(run)).toBe("");
    // A property that no value ever reached proves nothing.
    expect(tried).toBeGreaterThan(500);
  });

  it("holds of every contract with itself, unless code decides about what is absent", () => {
    const run = fc.check(
      fc.property(schemaPairs(2), ({ writer }) => {
        if (answer(writer, writer).verdict === "no") throw new Error(described(writer, writer, null));
      }),
      { numRuns: 500 },
    );
    expect(reasonOf(run)).toBe("");
  });
});

/** Its halves make different values of `b`, and zod throws. */
const fragile = z.intersection(
  z.looseObject({ a: z.coerce.number() }),
  z.object({ a: z.coerce.number(), b: z.coerce.string() }),
);

/** What chance found once, and zod refuses or throws at. */
const unsafe: readonly (readonly [name: string, writer: ZodType, reader: ZodType, stored: unknown])[] = [
  [
    "a caught field of no type, for a reader that is strict",
    z.strictObject({ a: z.never().catch("x" as never) }),
    z.strictObject({}),
    { a: 1 },
  ],
  [
    "a caught field of no type, for a reader that takes numbers only",
    z.object({ a: z.never().catch("x" as never) }).catchall(z.number()),
    z.object({}).catchall(z.number()),
    { a: "" },
  ],
  ["an empty tuple of texts", z.tuple([z.coerce.string()], z.coerce.string()), z.array(z.coerce.string()).min(1), []],
  [
    "an empty record of texts",
    z.record(z.enum(["a", "b"]), z.coerce.string()),
    z.object({ a: z.coerce.string(), b: z.coerce.string() }),
    {},
  ],
  [
    "an intersection that is tried first, and throws",
    z.object({ a: z.string(), b: z.null() }),
    z.union([
      z.intersection(z.looseObject({ a: z.string() }), z.object({ a: z.string(), b: z.coerce.number().optional() })),
      z.object({ a: z.string(), b: z.null() }),
    ]),
    { a: "", b: null },
  ],
  [
    "an intersection that throws, and is caught",
    z.object({ a: z.boolean(), b: z.number() }),
    fragile.catch({ a: 0, b: "" }),
    { a: false, b: -1 },
  ],
  [
    "an alternative that is tried first, and throws within",
    z.object({ v: z.object({ a: z.boolean(), b: z.number() }) }),
    z.union([z.object({ v: fragile }), z.object({ v: z.unknown() })]),
    { v: { a: false, b: -1 } },
  ],
];

const halves = (b: ZodType): ZodType =>
  z.intersection(z.looseObject({ a: z.string() }), z.object({ a: z.string(), b: b.optional() }));

describe("what is not called safe", () => {
  it("equal intersections, of which one converts null first", () => {
    const [kept, converted] = [halves(z.coerce.number().nullable()), halves(z.union([z.coerce.number(), z.null()]))];
    expect(accepts(kept, { a: "", b: null })).toBe(true);
    expect(accepts(converted, { a: "", b: null })).toBe(false);
    expect(answer(kept, converted).verdict).toBe("unknown");
  });

  it.each(unsafe)("%s", (_, writer, reader, stored) => {
    expect(accepts(writer, stored)).toBe(true);
    expect(accepts(reader, stored)).toBe(false);
    expect(answer(writer, reader).verdict).not.toBe("yes");
  });
});
