import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { $ZodType } from "zod/v4/core";
import { generate } from "../../generator/index.ts";
import { createWalker } from "../../generator/load/walk.ts";
import type { WireCodec } from "../../runtime/core/descriptor.ts";
import type { Parser } from "../../runtime/core/schema-module.ts";
import { arbitraryOf } from "./support/arbitrary.ts";
import * as coerced from "./support/coerced.ts";
import * as corpus from "./support/corpus.ts";
import { createProject, linkToSource, type Project, repository } from "./support/project.ts";
import { samples } from "./support/samples.ts";

const schemas: ReadonlyMap<string, $ZodType & Parser> = new Map([
  ...Object.entries(corpus),
  ...Object.entries(coerced),
]);

const schema = `
import { defineJobs, job } from "jobwright/schema";
import * as coerced from "./coerced.ts";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries({ ...corpus, ...coerced }).map(([name, input]) => [name + "Job", job({ input, output: input })])));
`;

const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Job`;

/** What JSON makes of a type, written once more. Numbers are plain here: the types do not tell which may be NaN. */
const stored = `
import type * as printed from "./generated/index.ts";
type IsAnything<T> = unknown extends T ? true : false;
type MayBeAbsent<T> = IsAnything<T> extends true ? true : undefined extends T ? true : false;
type Element<T> = IsAnything<T> extends true ? T : undefined extends T ? Stored<Exclude<T, undefined>> | null : Stored<T>;
type Absent<T> = { [K in keyof T]-?: MayBeAbsent<T[K]> extends true ? K : never }[keyof T];
type Kept<T> = IsAnything<T> extends true ? T : Stored<Exclude<T, undefined>>;
type Properties<T> = string extends keyof T
  ? { [K in keyof T]: K extends string ? (string extends K ? Element<T[K]> : Kept<T[K]>) : Element<T[K]> }
  : { [K in Exclude<keyof T, Absent<T>>]: Kept<T[K]> } & { [K in Absent<T>]?: Kept<T[K]> };
type Stored<T> =
  IsAnything<T> extends true ? T
  : T extends undefined ? null
  : T extends bigint ? (bigint extends T ? string : \`\${T}\`)
  : T extends Date | Uint8Array ? string
  : T extends string | number | boolean | null ? T
  : T extends ReadonlyMap<infer K, infer V> ? [Element<K>, Element<V>][]
  : T extends ReadonlySet<infer V> ? Element<V>[]
  : T extends readonly unknown[] ? { [K in keyof T]: Element<T[K]> }
  : Properties<T>;
type Mutable<T> = T extends string | number | boolean | null ? T : { -readonly [K in keyof T]: Mutable<T[K]> };
type Fit<A, B> = [Mutable<A>] extends [Mutable<B>] ? ([Mutable<B>] extends [Mutable<A>] ? true : false) : false;
type Prove<T extends true> = T;
`;

/** What the type alone does not tell, so that only the values prove it. */
const untold = new Set(
  [
    // Numbers that JSON lacks, which are stored as text.
    "nan infinite numberOrNan mapOfNumbers",
    // A record, whose undefined values are stored as null, from an object, whose are not.
    "recordEnumOptional recordEnumDefault recordPartialString holesBehindName",
    // The compiler gives up: JSON in itself.
    "json jsonRoot listOfUnknown mapOfAnything",
  ].flatMap((names) => names.split(" ")),
);

/** The compiler takes what stands at such a key for a method of all objects, whatever the type says. */
const isMethod = /"(?:constructor|valueOf|toString|toLocaleString|hasOwnProperty|isPrototypeOf|propertyIsEnumerable)":/;

describe("the printed types of what is stored", () => {
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
    const text = project.read("generated/codecs.ts");
    linkToSource(project, "generated/codecs.ts");
    codecs = (await import(pathToFileURL(join(project.folder, "generated/codecs.ts")).href)) as typeof codecs; // as emitted
    // As the compiler is to see it.
    project.write("generated/codecs.ts", text);
  });

  afterAll(() => project[Symbol.dispose]());

  /** Values that zod accepts, as they are stored. */
  function storedValues(name: string, zod: $ZodType & Parser): readonly string[] {
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(zod, name, ["input"]);
    const accepted = fc
      .sample(arbitraryOf(type, walker.named()), { numRuns: 60, seed: 1 })
      .filter((value) => zod.safeParse(value).success);
    const texts = (accepted.length > 0 ? accepted : (samples[name] ?? [])).map((value) =>
      JSON.stringify((codecs[`${name}JobInput`] ?? plain).encode(value)),
    );
    return [...new Set(texts)].filter((text) => !isMethod.test(text));
  }

  it("fit everything that the codecs store of what zod accepts", () => {
    for (const [name, zod] of schemas) {
      const texts = storedValues(name, zod);
      expect(texts.length, name).toBeGreaterThan(0);
      const literals = texts.map((text) => `  ${text},\n`);
      for (const side of ["Input", "Output"])
        project.write(
          `values/${name}-${side}.ts`,
          `import type { ${pascal(name)}${side}Wire as Wire } from "../generated/index.ts";\n` +
            `export const stored: readonly Wire[] = [\n${literals.join("")}];\n`,
        );
    }
    expect(project.compile({ skipLibCheck: false })).toBe("");
  }, 240_000);

  it("say no more than what JSON makes of the types that go in", () => {
    const lines = [...schemas.keys()].flatMap((name) => {
      if (untold.has(name)) return [];
      const type = pascal(name);
      return [
        `export type ${type}In = Prove<Fit<printed.${type}InputWire, Stored<printed.${type}Input>>>;`,
        `export type ${type}Out = Prove<Fit<printed.${type}OutputWire, Stored<printed.${type}Return>>>;`,
      ];
    });
    project.write("proof.ts", `${stored}${lines.join("\n")}\n`);
    // In JSON a key that is undefined is one that is absent.
    expect(project.compile({ skipLibCheck: false, exactOptionalPropertyTypes: false })).toBe("");
  }, 240_000);

  it("are told once where JSON carries the type as it is", () => {
    const text = project.read("generated/types.d.ts");
    const missing = [
      "export type FormatsJobInputWire = FormatsJobInput;",
      "export type FormatsJobOutputWire = FormatsJobReturn;",
      "export interface DateJobInputWire {\n  v: string;\n}",
      "export interface CategoryDatesJobInputParentNodeWire {\n  at: string;\n  parent: CategoryDatesJobInputParentNodeWire | null;\n}",
    ].filter((declaration) => !text.includes(declaration));
    expect(missing).toEqual([]);
  });
});

const plain: WireCodec = { encode: (value) => value, decode: (wire) => wire };
