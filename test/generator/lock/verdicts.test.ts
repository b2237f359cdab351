import { describe, expect, it } from "vitest";
import { z, type ZodType } from "zod";
import { compareContracts } from "../../../generator/lock/compare-contracts.ts";
import { printLock, emptyLock, parseLock } from "../../../generator/lock/lock.ts";
import { toGithub, toSarif } from "../../../generator/lock/sarif.ts";
import * as corpus from "../support/corpus.ts";
import { contractOfInput } from "./support.ts";

/** What a change of one field is called; what breaks both directions, once. */
function changes(before: ZodType, after: ZodType): readonly string[] {
  const [old, now] = [before, after].map((v) => contractOfInput(z.object({ v })));
  if (!old || !now) throw new Error("two schemas make two contracts");
  return [...new Set(compareContracts(old, now).map(({ rule, severity }) => `${severity} ${rule}`))];
}

describe("a change of a field", () => {
  it.each([
    ["enum + value", z.enum(["a"]), z.enum(["a", "b"]), ["breaking ENUM_VALUE_ADDED"]],
    ["enum − value", z.enum(["a", "b"]), z.enum(["a"]), ["breaking ENUM_VALUE_REMOVED"]],
    ["optional → required", z.string().optional(), z.string(), ["breaking FIELD_MADE_REQUIRED"]],
    ["required → optional", z.string(), z.string().optional(), ["breaking FIELD_MADE_OPTIONAL"]],
    ["null added", z.string(), z.string().nullable(), ["breaking NULL_ADDED"]],
    ["number → integer", z.number(), z.int(), ["breaking LIMIT_TIGHTENED"]],
    ["a format", z.string(), z.email(), ["breaking FORMAT_CHANGED"]],
    ["another pattern", z.string().regex(/a/), z.string().regex(/b/), ["unknown PATTERN_CHANGED"]],
    ["another default", z.string().default("a"), z.string().default("b"), ["behaviour DEFAULT_CHANGED"]],
    ["date → text", z.date(), z.string(), ["breaking TYPE_CHANGED"]],
    ["a longer tuple", z.tuple([z.string()]), z.tuple([z.string(), z.null()]), ["breaking TUPLE_LENGTH_CHANGED"]],
    ["strip → strict", z.object({}), z.strictObject({}), ["unknown OBJECT_MADE_STRICT"]],
    ["strict + field", z.strictObject({}), z.strictObject({ a: z.string().optional() }), ["breaking FIELD_REFUSED"]],
    [
      "a field of an open object",
      z.looseObject({}),
      z.looseObject({ a: z.string().optional() }),
      ["unknown FIELD_ADDED_TO_OPEN_OBJECT"],
    ],
    [
      "an alternative",
      z.union([z.string(), z.null()]),
      z.union([z.string(), z.null(), z.array(z.string())]),
      ["breaking UNION_MEMBER_ADDED"],
    ],
    ["catch − ", z.string().catch("a"), z.string(), ["unknown CATCH_REMOVED"]],
    ["coerce + ", z.number(), z.coerce.number(), ["unknown COERCION_CHANGED"]],
  ])("is named: %s", (_, before, after, names) => {
    expect(changes(before, after)).toEqual(names);
  });
});

describe("a recursive type", () => {
  const tree = (leaf: ZodType): ZodType => {
    const node: ZodType = z.object({ leaf, next: z.lazy(() => node).optional() });
    return node;
  };

  it("is followed to its end, and no further", () => {
    expect(changes(tree(z.string()), tree(z.string()))).toEqual([]);
    expect(changes(tree(z.enum(["a"])), tree(z.string()))).toEqual(["breaking TYPE_CHANGED"]);
  });
});

describe("a schema that did not change", () => {
  it.each(Object.entries(corpus))("has no finding: %s", (_, schema) => {
    expect(compareContracts(contractOfInput(schema), contractOfInput(schema))).toEqual([]);
  });
});

describe("the text of a lock", () => {
  it("reads back as it was, with sorted keys", () => {
    const lock = {
      ...emptyLock,
      retired: { b: { reason: "done", versions: {} }, a: { reason: "done", versions: {} } },
    };
    expect(parseLock(printLock(lock), "jobs.lock.json")).toEqual(lock);
    expect(printLock(lock).indexOf('"a"')).toBeLessThan(printLock(lock).indexOf('"b"'));
  });

  it("of another format is refused", () => {
    expect(() => parseLock('{ "format": 2 }', "jobs.lock.json")).toThrow("has the format 2");
  });
});

describe("formats for other programs", () => {
  const finding = {
    rule: "NULL_ADDED",
    severity: "breaking",
    job: "mail",
    version: 1,
    path: ["input", "to"],
    message: "50% more:\nnull",
    place: { file: "jobs.schema.ts", line: 3, column: 5 },
  } as const;

  it("escape what GitHub takes for its own", () => {
    expect(toGithub(finding)).toBe("::error file=jobs.schema.ts,line=3,col=5,title=NULL_ADDED::50%25 more:%0Anull");
  });

  it("name the rule and the place in SARIF", () => {
    expect(toSarif([finding])).toMatchObject({
      version: "2.1.0",
      runs: [
        { results: [{ ruleId: "NULL_ADDED", level: "error" }], tool: { driver: { rules: [{ id: "NULL_ADDED" }] } } },
      ],
    });
  });
});
