import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { $ZodType } from "zod/v4/core";
import { generate } from "../../generator/index.ts";
import { createWalker } from "../../generator/load/walk.ts";
import type { WireCodec } from "../../runtime/core/descriptor.ts";
import type { Parser } from "../../runtime/core/schema-module.ts";
import { arbitraryOf } from "./support/arbitrary.ts";
import * as coerced from "./support/coerced.ts";
import * as corpus from "./support/corpus.ts";
import { damaged } from "./support/damage.ts";
import { samples } from "./support/samples.ts";
import { createProject, type Project, repository } from "./support/project.ts";

const schemas: ReadonlyMap<string, $ZodType & Parser> = new Map([
  ...Object.entries(corpus),
  ...Object.entries(coerced),
]);

const schema = `
import { defineJobs, job } from "jobwright/schema";
import * as coerced from "./coerced.ts";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries({ ...corpus, ...coerced }).map(([name, input]) => [name + "Job", job({ input })])));
`;

/** JSON has no `undefined`: an optional key, or the end of a tuple, is absent afterwards. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value))
    return value.slice(0, value.findLastIndex((entry) => entry !== undefined) + 1).map(withoutUndefined);
  if (value instanceof Map)
    return new Map(Array.from(value, ([key, entry]) => [withoutUndefined(key), withoutUndefined(entry)]));
  if (value instanceof Set) return new Set(Array.from(value, withoutUndefined));
  const prototype: unknown = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (value === null || typeof value !== "object" || (prototype !== Object.prototype && prototype !== null))
    return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutUndefined(entry)]));
}

describe("the stored form", () => {
  let project: Project;
  let codecs: Readonly<Record<string, WireCodec>>;

  beforeAll(async () => {
    const read = (file: string): string => readFileSync(join(repository, "test/generator/support", file), "utf8");
    project = createProject({
      "coerced.ts": read("coerced.ts"),
      "corpus.ts": read("corpus.ts"),
      "jobs.schema.ts": schema,
    });
    await generate({ cwd: project.folder });
    const source = pathToFileURL(join(repository, "runtime/codegen/v1.ts")).href;
    project.write("codecs.test-copy.ts", project.read("generated/codecs.ts").replace("jobwright/codegen/v1", source));
    codecs = (await import(join(project.folder, "codecs.test-copy.ts"))) as Readonly<Record<string, WireCodec>>; // as emitted
  });

  afterAll(() => project[Symbol.dispose]());

  function schemaOf(name: string): $ZodType & Parser {
    const schema = schemas.get(name);
    if (!schema) throw new Error(`no schema ${name}`);
    return schema;
  }

  function valuesOf(name: string): fc.Arbitrary<unknown> {
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(schemaOf(name), name, ["input"]);
    return arbitraryOf(type, walker.named());
  }

  /** What the worker sees of a value that a client has sent. `replacer`: for what has no stored form. */
  function stored(name: string, value: unknown, replacer?: typeof bigintText): unknown {
    const codec = codecs[`${name}JobInput`];
    const wire: unknown = JSON.parse(JSON.stringify(codec ? codec.encode(value) : value, replacer) ?? "null");
    return codec ? codec.decode(wire) : wire;
  }

  it.each([...schemas.keys()])("gives back what zod accepted: %s", (name) => {
    const zod = schemaOf(name);
    let accepted = 0;
    const check = (value: unknown): void => {
      const before = zod.safeParse(value);
      if (!before.success) return;
      accepted++;
      // Not toStrictEqual, which looks at a key "constructor" for the class.
      deepStrictEqual(withoutUndefined(zod.safeParse(stored(name, value))), withoutUndefined(before));
    };
    for (const sample of samples[name] ?? []) check(sample);
    fc.assert(fc.property(valuesOf(name), check), { numRuns: 100, ignoreEqualValues: true });
    // A property that no value ever reached proves nothing.
    expect(accepted).toBeGreaterThan(0);
  });

  it.each([...schemas.keys()])("leaves to zod what zod refuses, with its issues: %s", (name) => {
    const zod = schemaOf(name);
    const check = (value: unknown): void => {
      const before = zod.safeParse(value);
      const after = zod.safeParse(stored(name, value, bigintText));
      if (before.success || isDeepStrictEqual(verdict(after), verdict(before)))
        return deepStrictEqual(verdict(after), verdict(before));
      const present = before.error.issues.reduce((whole, { path }) => withKey(whole, path), value);
      deepStrictEqual(verdict(after), verdict(zod.safeParse(present)));
    };
    const samplesOrValues = samples[name] ? fc.constantFrom(...samples[name]) : valuesOf(name);
    fc.assert(fc.property(damaged(samplesOrValues), check), { numRuns: 100 });
  });

  it.each([...schemas.keys()])("never throws at JSON that somebody else stored: %s", (name) => {
    const codec = codecs[`${name}JobInput`];
    fc.assert(
      fc.property(fc.jsonValue(), (wire) => {
        schemaOf(name).safeParse(codec ? codec.decode(wire) : wire);
      }),
      { numRuns: 50 },
    );
  });
});

/** JSON cannot tell a key that is missing from one that is `undefined`, so that the worker takes either for the other. */
function withKey(value: unknown, [key, ...rest]: readonly PropertyKey[]): unknown {
  if (key === undefined || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((part, index) => (index === key ? withKey(part, rest) : part));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return { ...value, [key]: withKey((value as Readonly<Record<PropertyKey, unknown>>)[key], rest) }; // any key may be asked for
}

/** A bigint in an object of no known case is nobody's to encode. */
function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

type Verdict = ReturnType<Parser["safeParse"]>;

/** The value, or where and how it is wrong. What a union says about each member is left out: it depends on the member tried. */
function verdict(result: Verdict): unknown {
  if (result.success) return withoutUndefined(result);
  return result.error.issues.map(({ code, path, message }) => ({ code, path, message }));
}
