import { describe, expect, it } from "vitest";
import { z } from "zod";
import { invalid, withEmittedParser } from "../../runtime/core/emitted-parser.ts";
import type { Parser } from "../../runtime/core/schema-module.ts";
import { defineJobs, job } from "../../runtime/schema/index.ts";
import { parseFingerprint } from "../../runtime/schema/plan-parse.ts";

const schema = z.object({ to: z.string().max(3) });
const fingerprintOf = (parser: Parser): string | undefined => parseFingerprint(parser as unknown as z.ZodType); // it is one

/** Accepts everything that is not an error, and says that it did. */
const eager = { of: fingerprintOf(schema) ?? "", bind: () => () => ({ by: "the emitted parser" }) };

describe("an emitted parser", () => {
  it("answers in place of zod for the schema that it was printed for", () => {
    const parser = withEmittedParser(schema, eager, fingerprintOf);
    expect(parser.safeParse({ to: "abc" })).toEqual({ success: true, data: { by: "the emitted parser" } });
  });

  it("is left alone once the schema is another one", () => {
    const stricter = z.object({ to: z.string().max(2) });
    expect(withEmittedParser(stricter, eager, fingerprintOf).safeParse({ to: "abc" }).success).toBe(false);
  });

  it("is left alone with a version of zod that it was not tried with", () => {
    const other = z.object({ to: z.string().max(3) });
    Object.defineProperty(other._zod, "version", { value: { major: 4, minor: 5, patch: 0 } });
    expect(withEmittedParser(other, eager, fingerprintOf).safeParse({ to: "abc" })).toEqual({
      success: true,
      data: { to: "abc" },
    });
  });

  it("leaves what it refuses to zod, whose error the caller gets", () => {
    const refusing = { ...eager, bind: () => () => invalid };
    expect(withEmittedParser(schema, refusing, fingerprintOf).safeParse({ to: 5 })).toEqual(
      schema.safeParse({ to: 5 }),
    );
  });

  it("is looked at when it is first needed", () => {
    const asked: Parser[] = [];
    const parser = withEmittedParser(schema, eager, (one) => {
      asked.push(one);
      return eager.of;
    });
    expect(asked).toEqual([]);
    parser.safeParse({ to: "a" });
    parser.safeParse({ to: "b" });
    expect(asked).toEqual([schema]);
  });
});

describe("the fingerprint of a schema", () => {
  it.each<readonly [change: string, one: z.ZodType, other: z.ZodType]>([
    ["a bound", z.object({ a: z.int().min(1) }), z.object({ a: z.int().min(2) })],
    ["the order of keys", z.object({ a: z.int(), b: z.int() }), z.object({ b: z.int(), a: z.int() })],
    ["what happens to other keys", z.object({}), z.strictObject({})],
    ["a part that zod does", z.object({ a: z.string() }), z.object({ a: z.string().trim() })],
  ])("changes with %s", (_, one, other) => {
    expect(parseFingerprint(one)).not.toBe(parseFingerprint(other));
  });

  it("is the same for a schema that is written again, and comes with defineJobs", () => {
    const schemas = defineJobs({ a: job({ input: schema }) });
    expect(schemas).toMatchObject({ fingerprintOf: parseFingerprint });
    expect(parseFingerprint(z.object({ to: z.string().max(3) }))).toBe(parseFingerprint(schema));
  });

  it("does not exist for a schema whose getters have no end", () => {
    const endless = (): z.ZodType =>
      z.object({
        get next() {
          return endless();
        },
      });
    expect(parseFingerprint(endless())).toBeUndefined();
  });
});
