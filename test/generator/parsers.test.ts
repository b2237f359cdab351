import { deepStrictEqual } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { $ZodType } from "zod/v4/core";
import type { EmitContext } from "../../generator/emit/emitter.ts";
import { parsersEmitter } from "../../generator/emit/parsers.ts";
import { createWalker } from "../../generator/load/walk.ts";
import type { Model } from "../../generator/model/model.ts";
import { type EmittedParser, invalid } from "../../runtime/core/emitted-parser.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import type { Parser } from "../../runtime/core/schema-module.ts";
import { withoutSchema } from "../../runtime/core/without-schema.ts";
import { planParse } from "../../runtime/schema/plan-parse.ts";
import { arbitraryOf } from "./support/arbitrary.ts";
import * as corpus from "./support/corpus.ts";
import { mutationsOf } from "./support/mutations.ts";
import * as parsed from "./support/parsed.ts";
import { samples } from "./support/samples.ts";
import { repository } from "./support/project.ts";

type Schema = $ZodType & Parser;

/** Names end with a letter for the file, because both may have one of a kind. */
const schemas = new Map<string, Schema>();
for (const [name, schema] of Object.entries(corpus)) schemas.set(`${name}C`, schema);
for (const [name, schema] of Object.entries(parsed)) schemas.set(`${name}P`, schema);

const planned = [...schemas].flatMap(([name, schema]) => {
  const plan = planParse(schema);
  return plan ? [{ name, schema, plan }] : [];
});

/** Prototypes, key order and what is shared with the input included. */
function expectSame(actual: unknown, expected: unknown, input: unknown): void {
  deepStrictEqual(actual, expected);
  deepStrictEqual(shapeOf(actual, partsOf(input)), shapeOf(expected, partsOf(input)));
}

function shapeOf(value: unknown, shared: ReadonlySet<object>): unknown {
  if (typeof value !== "object" || value === null) return typeof value;
  const inside = value instanceof Map || value instanceof Set ? [...value].flat() : Reflect.ownKeys(value);
  const parts = value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value);
  const length = Array.isArray(value) ? value.length : -1;
  return [
    shared.has(value),
    Object.isFrozen(value),
    length,
    inside.map((part) => (typeof part === "object" ? "an object" : String(part))),
    parts.map((part) => shapeOf(part, shared)),
  ];
}

function partsOf(value: unknown, found = new Set<object>()): ReadonlySet<object> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  const parts = value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value);
  for (const part of parts) partsOf(part, found);
  return found;
}

const thrown = Symbol("thrown");

/** Functions of the schema may throw at values that they were not made for. */
function answerOf<T>(ask: () => T): T | typeof thrown {
  try {
    return ask();
  } catch {
    return thrown;
  }
}

describe("emitted parsers", () => {
  const folder = mkdtempSync(join(tmpdir(), "jobwright-parsers-"));
  let parsers: Readonly<Record<string, EmittedParser>>;

  beforeAll(async () => {
    const jobs = planned.map(({ name, plan }) => ({ name, parse: { input: plan } }));
    const model = { jobs, named: [] } as unknown as Model; // nothing else is read
    const [printed] = parsersEmitter.emit(model, { header: "" } as EmitContext); // nor of the context
    const source = pathToFileURL(join(repository, "runtime/codegen/v1.ts")).href;
    const file = join(folder, "parsers.ts");
    writeFileSync(file, printed?.text.replace("jobwright/codegen/v1", source) ?? "");
    parsers = (await import(file)) as Readonly<Record<string, EmittedParser>>; // as emitted
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(planned)("answer as zod does: $name", ({ name, schema }) => {
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(schema, name, ["input"]);
    const parse = parsers[`parse${name.charAt(0).toUpperCase()}${name.slice(1)}Input`]?.bind(schema);
    if (!parse) throw new Error(`no parser for ${name}`);
    let accepted = 0;
    const check = (value: unknown): void => {
      const expected = answerOf(() => schema.safeParse(value));
      const actual = answerOf(() => parse(value));
      if (expected === thrown) expect([thrown, invalid]).toContain(actual);
      else if (!expected.success) expect(actual).toBe(invalid);
      else expectSame(actual, expected.data, value);
      if (expected !== thrown && expected.success) accepted++;
    };
    const given = samples[name.slice(0, -1)] ?? [];
    const values = fc.oneof(arbitraryOf(type, walker.named()), ...given.map((sample) => fc.constant(sample)));
    for (const sample of given) check(sample);
    fc.assert(fc.property(values, check), { numRuns: 100 });
    fc.assert(fc.property(mutationsOf(values), check), { numRuns: 300 });
    // A property that no value ever reached proves nothing.
    expect(accepted).toBeGreaterThan(0);
  });

  it.each(planned)("never refuse, without the schema, what zod accepts: $name", ({ name, schema }) => {
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(schema, name, ["input"]);
    const input = parsers[`parse${name.charAt(0).toUpperCase()}${name.slice(1)}Input`];
    if (!input) throw new Error(`no parser for ${name}`);
    const { job } = withoutSchema({ jobs: [{ name, parsers: { input } }] } as unknown as SchemaDescriptor); // nothing else is read
    const check = (value: unknown): void => {
      const expected = answerOf(() => schema.safeParse(value));
      if (expected !== thrown && expected.success) expect(job(name).input.safeParse(value).success).toBe(true);
    };
    const given = samples[name.slice(0, -1)] ?? [];
    for (const sample of given) check(sample);
    const values = fc.oneof(arbitraryOf(type, walker.named()), ...given.map((sample) => fc.constant(sample)));
    fc.assert(fc.property(mutationsOf(values), check), { numRuns: 100 });
    fc.assert(fc.property(values, check), { numRuns: 100 });
  });

  it("are there for all of these", () => {
    expect([...schemas.keys()].filter((name) => !planned.some((entry) => entry.name === name)).sort())
      .toMatchInlineSnapshot(`
        [
          "catchallDefaultC",
          "catchallRichC",
          "catchallSameC",
          "catchallStringC",
          "catchallWiderC",
          "categoryC",
          "categoryDatesC",
          "categoryDefaultsC",
          "defaultedOptionalC",
          "defaultedOptionalP",
          "frozenP",
          "jsonRootC",
          "mutualAC",
          "mutualBC",
          "protoKeyC",
          "protoKeyP",
          "readonlyRootC",
          "recursiveRootP",
          "refinedC",
          "rootC",
          "rootDateC",
          "rootNullableC",
          "treeCasesC",
          "treeHolesC",
          "treeMapC",
          "treeNamedC",
          "treeReadonlyC",
          "treeRecordC",
          "treeTupleC",
          "treeUnionC",
        ]
      `);
  });
});
