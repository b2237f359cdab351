import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { $ZodType } from "zod/v4/core";
import { generate } from "../../generator/index.ts";
import { createWalker } from "../../generator/load/walk.ts";
import type { WireCodec } from "../../runtime/core/descriptor.ts";
import type { Parser } from "../../runtime/core/schema-module.ts";
import { arbitraryOf } from "./support/arbitrary.ts";
import * as corpus from "./support/corpus.ts";
import { createProject, type Project, repository } from "./support/project.ts";

/** Kinds whose values no generator of random values finds. */
const samples: Readonly<Record<string, readonly unknown[]>> = {
  formats: [
    {
      a: "a@example.com",
      b: "7c0e9a2e-1f0e-4f9e-9d0a-0b4c5c1f2d3e",
      c: "https://example.com",
      d: "2020-01-01T00:00:00Z",
      e: "127.0.0.1",
      f: "AAAA",
      g: "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    },
  ],
  int: [{ a: -1, b: 2, c: 3, d: 0.5 }],
  bigints: [{ a: -(2n ** 63n), b: 2n ** 64n - 1n }],
  codec: [{ v: "2020-01-01T00:00:00Z" }],
  codecUrl: [{ v: "https://example.com/" }],
  stringbool: [{ v: "yes" }, { v: "0" }],
  nan: [{ v: Number.NaN }],
  numberOrNan: [{ v: Number.NaN }, { v: 1 }],
  infinite: [{ v: Infinity }],
  rootList: [[], [1, -2, 3]],
  mapObjectKey: [{ v: new Map([[{ id: 1 }, "a"]]) }],
  discriminatedNumber: [{ v: { n: 1, d: new Date(0) } }, { v: { n: 2, d: "2020-01-01T00:00:00.000Z" } }],
  writtenCustom: [{ v: "3px" }],
  templateNested: [{ v: "a1truenull" }],
  nevers: [{}, { v: undefined }],
};

const schema = `
import { defineJobs, job } from "jobwright/schema";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries(corpus).map(([name, input]) => [name + "Job", job({ input })])));
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
    project = createProject({
      "corpus.ts": readFileSync(join(repository, "test/generator/support/corpus.ts"), "utf8"),
      "jobs.schema.ts": schema,
    });
    await generate({ cwd: project.folder });
    const source = pathToFileURL(join(repository, "runtime/codegen/v1.ts")).href;
    project.write("codecs.test-copy.ts", project.read("generated/codecs.ts").replace("jobwright/codegen/v1", source));
    codecs = (await import(join(project.folder, "codecs.test-copy.ts"))) as Readonly<Record<string, WireCodec>>; // as emitted
  });

  afterAll(() => project[Symbol.dispose]());

  it.each(Object.keys(corpus))("gives back what zod accepted: %s", (name) => {
    const zod = (corpus as unknown as Readonly<Record<string, $ZodType & Parser>>)[name];
    if (!zod) throw new Error(`no schema ${name}`);
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(zod, name, ["input"]);
    const codec = codecs[`${name}JobInput`];
    let accepted = 0;
    const check = (value: unknown): void => {
      const before = zod.safeParse(value);
      if (!before.success) return;
      accepted++;
      const wire: unknown = JSON.parse(JSON.stringify(codec ? codec.encode(value) : value) ?? "null");
      const after = zod.safeParse(codec ? codec.decode(wire) : wire);
      // Not toStrictEqual, which looks at a key "constructor" for the class.
      deepStrictEqual(withoutUndefined(after), withoutUndefined(before));
    };
    for (const sample of samples[name] ?? []) check(sample);
    fc.assert(fc.property(arbitraryOf(type, walker.named()), check), { numRuns: 100, ignoreEqualValues: true });
    // A property that no value ever reached proves nothing.
    expect(accepted).toBeGreaterThan(0);
  });
});
