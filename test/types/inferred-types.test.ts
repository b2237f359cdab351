import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { diagnosticsOf, imports, refusal } from "../generator/support/problems.ts";
import { createProject, type Project } from "../generator/support/project.ts";

/** Transforms and custom schemas: neither zod knows what they give, nor does the text of the file say it so that it could be printed. */
const fields = {
  number: "z.string().transform((text) => text.length)",
  text: "z.int().transform(String)",
  boolean: 'z.string().transform((text) => text === "yes")',
  bigint: "z.string().transform(BigInt)",
  nothing: "z.string().transform(() => null)",
  perhaps: 'z.string().transform((text) => (text === "" ? undefined : text))',
  literals: 'z.string().transform((text) => (text === "a" ? ("b" as const) : 3))',
  template: "z.int().transform((n) => `${n}px` as const)",
  list: 'z.string().transform((text) => text.split(","))',
  tuple: "z.string().transform((text): [string, number?] => [text])",
  tupleRest: "z.string().transform((text): readonly [string, ...number[]] => [text, 1])",
  object: "z.string().transform((text) => ({ text, length: text.length, at: new Date(text) }))",
  optionalKey: "z.string().transform((text): { a?: string; b: number | undefined } => ({ a: text, b: 1 }))",
  constant: "z.string().transform((text) => ({ kind: 'text', text, all: [text] }) as const)",
  frozen: "z.string().transform((text) => Object.freeze({ text, deep: { text } }))",
  union: 'z.string().transform((text) => (text === "" ? { ok: false as const } : { ok: true as const, text }))',
  record: "z.string().transform((text): Record<string, number> => ({ [text]: 1 }))",
  odd: 'z.string().transform((text) => ({ "odd key": text, __proto: 1, "__proto__x": 2 }))',
  map: "z.string().transform((text) => new Map([[text, new Set([1n])]]))",
  readonlySet: "z.string().transform((text): ReadonlySet<string> => new Set([text]))",
  bytes: "z.string().transform((text) => new TextEncoder().encode(text))",
  url: "z.string().transform((text) => new URL(text))",
  local: "z.string().transform((text): Local => ({ text, more: [{ cents: 1 }] }))",
  imported: "z.string().transform(parseMoney)",
  importedValue: "z.string().transform((text) => [parseMoney(text)])",
  generic: "z.string().transform(wrapped)",
  constantFunction: "z.string().transform(toLength)",
  twice: "z.string().transform((text) => text.length).transform((n) => ({ n }))",
  functional: "z.pipe(z.string(), z.transform((text) => ({ text })))",
  inside: "z.array(z.object({ a: z.string().transform((text) => text.length).optional() }))",
  inUnion: "z.union([z.int(), z.string().transform((text) => ({ text }))])",
  defaulted: "z.string().transform((text) => text.length).default(1)",
  ofObject: "z.object({ a: z.string(), b: z.date() }).transform(({ a, b }) => ({ a, time: b.getTime() }))",
  ofConstant: "Length.nullable()",
  elsewhere: "Elsewhere",
  custom: "z.custom<Local>()",
  customRich: "z.custom<{ at: Date; total: bigint; byName?: Map<string, Date> }>()",
  customBigint: "z.custom<bigint>()",
  customPerhaps: 'z.custom<"a" | Date | undefined>()',
  customInside: "z.array(z.object({ a: z.custom<Local[]>().optional(), b: z.custom<Wrapped<string>>().nullable() }))",
  customChecked: 'z.custom<Wrapped<number>>((value) => typeof value === "object").refine(() => true)',
  customOfConstant: "Custom",
  customAfter: "z.string().transform((text): Wrapped<string> => ({ value: text })).pipe(z.custom<Wrapped<string>>())",
} as const;

const names = Object.keys(fields);
const lines = Object.entries(fields).map(([name, zod]) => `export const ${name}Job = z.object({ v: ${zod} });\n`);

const before = `${imports}import { Elsewhere } from "./elsewhere.ts";
import { parseMoney } from "./money.ts";
interface Local {
  /** What was said. */
  readonly text: string;
  more: { cents: number }[];
}
type Wrapped<T> = { value: T };
const Custom = z.custom<Wrapped<bigint>>();
const wrapped = <T,>(value: T) => ({ value });
const toLength = (text: string) => text.length;
const Length = z.string().transform((text) => text.length);
`;

const files = {
  "money.ts":
    "interface Money {\n  readonly cents: number;\n}\nexport function parseMoney(text: string): Money {\n  return { cents: Number(text) };\n}\n",
  "elsewhere.ts":
    'import { z } from "zod";\nexport const Elsewhere = z.string().transform((text) => ({ elsewhere: text }));\n',
  "jobs.schema.ts": `${before}${lines.join("")}export default defineJobs({\n${names.map((name) => `  ${name}Job: job({ input: ${name}Job }),\n`).join("")}});\n`,
};

const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Job`;

/** The model has no readonly keys beside others, only an intersection of the two. */
const question = (name: string): string =>
  name === "local" || name === "custom" || name === "customInside" ? "Mutual" : "Equal";

const proofs = names.map(
  (name) =>
    `export type ${name}Out = Prove<${question(name)}<printed.${pascal(name)}Payload, z.output<typeof all.${name}Job>>>;\n` +
    `export type ${name}In = Prove<${question(name)}<printed.${pascal(name)}Input, z.input<typeof all.${name}Job>>>;\n`,
);

describe("types that only the compiler knows", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject(files);
    await generate({ cwd: project.folder });
  }, 60_000);

  afterAll(() => project[Symbol.dispose]());

  it("are printed as they are inferred, without a name of the schema file", () => {
    project.write(
      "proof.ts",
      `import type { z } from "zod";
import type * as all from "./jobs.schema.ts";
import type * as printed from "./generated/index.ts";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Mutual<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Prove<T extends true> = T;
${proofs.join("")}`,
    );
    // With the settings that the project has: they are in what is inferred.
    expect(project.compile({ skipLibCheck: false, exactOptionalPropertyTypes: false })).toBe("");
    const types = project.read("generated/types.d.ts");
    expect(types).not.toMatch(/from "\.\./);
    expect(types).toContain("/** What was said. */");
  }, 240_000);

  it("say how the values of a custom schema are stored", () => {
    const codecs = project.read("generated/codecs.ts");
    expect(codecs).toContain("at: wire.date, total: wire.bigint, byName: wire.map(wire.json, wire.date)");
    expect(codecs).toContain("customBigintJobInput: WireCodec = wire.object({ v: wire.bigint })");
    expect(codecs).toContain(
      "customOfConstantJobInput: WireCodec = wire.object({ v: wire.object({ value: wire.bigint }) })",
    );
  });

  it("are the same at every run", async () => {
    const first = project.read("generated/types.d.ts");
    await generate({ cwd: project.folder });
    expect(project.read("generated/types.d.ts")).toBe(first);
  }, 60_000);
});

const refused: Readonly<Record<string, readonly [zod: string, called: string]>> = {
  anything: ["z.string().transform((text) => JSON.parse(text))", "any"],
  instance: ["z.string().transform((text) => new Money(text))", "Money"],
  callback: ["z.string().transform((text) => () => text)", "() => string"],
  method: ["z.string().transform((text) => ({ text, print() {} }))", "{ text: string; print(): void; }"],
  sign: ["z.string().transform((text) => Symbol(text))", "symbol"],
  enumerated: ["z.string().transform(() => Color.Red)", "Color"],
  recursive: ["z.string().transform((text): Tree => ({ text, children: [] }))", "Tree"],
};

describe("what the compiler infers, but nobody could print", () => {
  it("is refused at its place, with the ways out", async () => {
    const jobs = Object.entries(refused).map(
      ([name, [zod]]) => `  ${name}: job({ input: z.object({ v: ${zod} }) }),\n`,
    );
    const schema = `${imports}
class Money { readonly #text: string; constructor(text: string) { this.#text = text; } print() { return this.#text; } }
enum Color { Red, Blue }
interface Tree { text: string; children: Tree[] }
export default defineJobs({\n${jobs.join("")}});\n`;
    const diagnostics = diagnosticsOf(await refusal(schema));
    expect(diagnostics.map(({ job }) => job)).toEqual(Object.keys(refused));
    for (const [name, [, called]] of Object.entries(refused)) {
      const found = diagnostics.find(({ job }) => job === name);
      expect(found).toMatchObject({
        code: "JW_SCHEMA_UNREPRESENTABLE",
        message: `${name}.input.v ends in a transform, whose result the compiler infers as ${called}, which cannot be printed.`,
      });
      expect(found?.hint).toMatch(/plain data.*\(text\): Money =>.*tsType: "Money"/);
      expect(found?.frame).toContain(`${name}: job(`);
    }
  }, 60_000);

  it("is refused as a custom schema, too, whose values would have to be stored", async () => {
    const types = ["Money", "() => void", "symbol", "URL", "{ a: RegExp }", "any", "unknown", "Missing"];
    const jobs = types.map((type, index) => `  job${index}: job({ input: z.object({ v: z.custom<${type}>() }) }),\n`);
    const schema = `${imports}class Money { cents = 1; }\nexport default defineJobs({\n${jobs.join("")}});\n`;
    const diagnostics = diagnosticsOf(await refusal(schema));
    expect(diagnostics.map(({ job }) => job)).toEqual(types.map((_, index) => `job${index}`));
    for (const { message } of diagnostics) expect(message).toContain(".input.v is a custom schema, whose type");
    expect(diagnostics[0]?.message).toContain("the compiler reads as Money, which cannot be stored.");
  }, 60_000);
});
