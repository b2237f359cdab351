import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { $ZodType } from "zod/v4/core";
import { contractsOf } from "../../../generator/load/contract-of.ts";
import { schemaOf } from "../../../runtime/core/schema-module.ts";
import { defineJobs, job, type JobDefinition } from "../../../runtime/schema/index.ts";
import * as corpus from "../support/corpus.ts";
import { contractOfInput } from "./support.ts";

const field = (schema: $ZodType): unknown => {
  const { input } = contractOfInput(z.object({ v: schema }));
  return input.kind === "object" ? input.properties["v"] : input;
};

describe("the contract of a schema", () => {
  it.each([
    [
      "limits of text",
      z.string().min(1).max(9).regex(/^a/),
      { kind: "string", minLength: 1, maxLength: 9, patterns: ["/^a/"] },
    ],
    [
      "the narrower of two limits",
      z.string().min(1).min(4).max(9).max(7),
      { kind: "string", minLength: 4, maxLength: 7 },
    ],
    ["a format, without the pattern that zod has for it", z.email(), { kind: "string", formats: [{ name: "email" }] }],
    [
      "a format with a pattern of its own",
      z.email({ pattern: /@example\.com$/ }),
      { kind: "string", formats: [{ name: "email" }], patterns: ["/@example\\.com$/"] },
    ],
    [
      "options of a format",
      z.iso.datetime({ precision: 3 }),
      { kind: "string", formats: [{ name: "datetime", options: { precision: 3 } }] },
    ],
    ["integers, with inclusive limits", z.int().gt(2).lt(9), { kind: "number", int: true, min: 3, max: 8 }],
    ["a range of numbers", z.int32(), { kind: "number", int: true, min: -2147483648, max: 2147483647 }],
    ["limits of a bigint", z.bigint().min(3n).multipleOf(3n), { kind: "bigint", min: "3", multipleOf: ["3"] }],
    ["limits of a date", z.date().min(new Date(0)), { kind: "date", min: "1970-01-01T00:00:00.000Z" }],
    [
      "sizes of lists and sets",
      z.array(z.set(z.null()).max(2)).nonempty(),
      { kind: "array", item: { kind: "set", item: { kind: "null" }, maxItems: 2 }, minItems: 1 },
    ],
    ["sorted literals", z.enum(["b", "a"]), { kind: "literal", values: ["a", "b"] }],
    ["literals that JSON lacks", z.literal([5n, null]), { kind: "literal", values: [null, { bigint: "5" }] }],
    [
      "a custom schema by its type and its code",
      z.custom(() => true).meta({ tsType: "X" }),
      { kind: "opaque", type: "X", hash: expect.any(String) },
    ],
  ])("keeps %s", (_, schema, type) => {
    expect(field(schema)).toEqual({ type });
  });

  it.each([
    ["optional", z.string().optional(), { type: { kind: "string" }, optional: true }],
    ["optional without undefined", z.string().exactOptional(), { type: { kind: "string" }, optional: "exact" }],
    [
      "nullish",
      z.string().nullish(),
      { type: { kind: "union", members: [{ kind: "string" }, { kind: "null" }] }, optional: true },
    ],
    ["defaulted", z.string().default("x"), { type: { kind: "string", default: { value: "x" } }, optional: true }],
    [
      "prefaulted",
      z.date().prefault(new Date(0)),
      { type: { kind: "date", prefault: { value: { date: "1970-01-01T00:00:00.000Z" } } }, optional: true },
    ],
    ["required again", z.string().optional().nonoptional(), { type: { kind: "string" } }],
    ["caught", z.string().catch("x"), { type: { kind: "string", catch: true } }],
    ["coerced", z.coerce.number(), { type: { kind: "number", coerce: true } }],
  ])("tells that a field is %s", (_, schema, member) => {
    expect(field(schema)).toEqual(member);
  });

  it("tells what becomes of other keys", () => {
    const modes = [z.object({}), z.strictObject({}), z.looseObject({}), z.object({}).catchall(z.string())];
    expect(modes.map((schema) => contractOfInput(schema).input)).toEqual(
      ["strip", "strict", "loose", { kind: "string" }].map((others) => ({ kind: "object", properties: {}, others })),
    );
  });

  it("does not depend on the order of keys, on documentation, or on the place in the file", () => {
    const one = z.object({ a: z.string().describe("first"), b: z.enum(["x", "y"]) });
    const other = z.object({ b: z.enum(["y", "x"]), a: z.string() }).meta({ title: "other" });
    expect(JSON.stringify(contractOfInput(one))).toBe(JSON.stringify(contractOfInput(other)));
  });

  it("changes its hash with code that has its say, and not with the white space in it", () => {
    const code = (check: (value: string) => boolean): string => JSON.stringify(field(z.string().refine(check)));
    expect(code((value) => value !== "a")).not.toBe(code((value) => value !== "b"));
    const spaced = new Function("value", "return  value !== 'a'") as (value: string) => boolean; // two texts of one function
    const plain = new Function("value", "return value !== 'a'") as (value: string) => boolean; // as above
    expect(code(spaced)).toBe(code(plain));
  });

  it("keeps limits that are checked after a change of the value as code", () => {
    expect(field(z.string().max(9).trim().min(2))).toEqual({
      type: { kind: "string", maxLength: 9, opaque: [{ kind: "overwrite", hash: expect.any(String) }] },
    });
    expect(field(z.string().trim().min(2))).not.toEqual(field(z.string().trim().min(3)));
  });

  it("names recursive types", () => {
    const names = new Map([[corpus.category, "category"]]);
    expect(contractOfInput(corpus.inner, names)).toMatchObject({
      input: { properties: { tree: { type: { kind: "ref", name: "category" } } } },
      types: { category: { properties: { children: { type: { item: { kind: "ref", name: "category" } } } } } },
    });
  });

  it("does not keep a default that a function makes anew each time", () => {
    const input = z.object({ at: z.date().default(() => new Date()), n: z.number().default(() => 4) });
    const { jobs } = schemaOf({ default: defineJobs({ a: job({ input }) }) }) as unknown as {
      readonly jobs: Readonly<Record<string, JobDefinition>>; // as in the child process
    };
    const [contract] = contractsOf(Object.values(jobs), new Map());
    expect(contract?.input).toMatchObject({
      properties: { at: { type: { default: { dynamic: true } } }, n: { type: { default: { value: 4 } } } },
    });
  });

  it.each(Object.entries(corpus))("of %s is plain JSON, and the same each time", (_, schema) => {
    const contract = contractOfInput(schema);
    expect(JSON.parse(JSON.stringify(contract))).toEqual(contract);
    expect(contractOfInput(schema)).toEqual(contract);
  });
});
