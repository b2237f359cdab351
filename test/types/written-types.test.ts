import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { imports } from "../generator/support/problems.ts";
import { createProject, type Project } from "../generator/support/project.ts";

/** Schemas whose types zod does not know when it runs; the text of the file does. */
const fields = {
  brand: 'z.string().brand<"UserId">()',
  brandRefined: 'z.string().min(1).brand<"A">().max(9)',
  brandTwice: 'z.string().brand<"A">().brand<"B">()',
  brandOfOptional: 'z.string().optional().brand<"A">()',
  optionalBrand: 'z.optional(z.string().brand<"A">())',
  nullishBrand: 'z.date().brand<"Day">().nullish()',
  brandBoth: 'z.string().brand<"A", "inout">()',
  brandIn: 'z.string().brand<"A", "in">()',
  brandInList: 'z.array(z.int().brand<"N">())',
  brandInUnion: 'z.union([z.string().brand<"S">(), z.int().brand<"N">()])',
  brandInOr: 'z.string().brand<"S">().or(z.null())',
  brandOfConstant: "UserId.nullable()",
  brandInPipe: 'z.string().pipe(z.string().brand<"P">())',
  brandInLazy: 'z.lazy(() => z.string().brand<"L">())',
  brandOfObject: 'z.object({ a: z.string().brand<"In">() }).brand<"Out">()',
  custom: "z.custom<Money>((value) => typeof value === 'object')",
  customList: "z.custom<Money[]>(Array.isArray).optional()",
  customText: "z.custom<`${number}px`>((value) => /^\\d+px$/.test(String(value)))",
  customUnion: 'z.custom<"a" | { readonly b: number }>()',
  transform: "z.string().transform((text): Money => ({ cents: Number(text) }))",
  transformText: "z.string().transform((text): bigint => BigInt(text)).default(1n)",
  transformTwice: "z.string().transform((text): number => text.length).transform((n): `${number}` => `${n}`)",
  enumText: "z.enum(Color)",
  enumNumber: "z.nativeEnum(Level).optional()",
  enumBesideDate: "z.union([z.enum(Color), z.date()])",
  enumObject: "z.enum(Plain)",
} as const;

const names = Object.keys(fields);
const lines = Object.entries(fields).map(([name, zod]) => `export const ${name} = z.object({ v: ${zod} });\n`);
const jobs = names.map((name) => `  ${name}: job({ input: ${name} }),\n`);

const files = {
  "money.ts": "export interface Money {\n  readonly cents: number;\n}\n",
  "enums.ts":
    'export enum Color {\n  Red = "red",\n  Blue = "blue",\n}\nexport enum Level {\n  Low,\n  High,\n}\nexport const Plain = { A: "a" } as const;\n',
  "jobs.schema.ts": `${imports}import { Color, Level, Plain } from "./enums.ts";
import type { Money } from "./money.ts";
const UserId = z.string().brand<"UserId">();
${lines.join("")}export default defineJobs({\n${jobs.join("")}});
`,
};

const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** To the compiler an enum is not identical with the union of all of its members, which is what zod infers. */
const question = (name: string): string => (name === "enumText" ? "Mutual" : "Equal");

const proofs = names.map(
  (name) =>
    `export type ${name}In = Prove<${question(name)}<printed.${pascal(name)}Input, z.input<typeof all.${name}>>>;\n` +
    `export type ${name}Out = Prove<${question(name)}<printed.${pascal(name)}Payload, z.output<typeof all.${name}>>>;\n`,
);

describe("types that only the text of the schema file knows", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject(files);
    await generate({ cwd: project.folder });
  });

  afterAll(() => project[Symbol.dispose]());

  it("are printed as zod infers them", () => {
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
    // Enums are what this is about, though types alone cannot erase them.
    expect(project.compile({ erasableSyntaxOnly: false })).toBe("");
  }, 240_000);

  it("come from where the schema file has them, never from the schema file", () => {
    const types = project.read("generated/types.d.ts");
    expect(types).toContain('import type { Color, Level } from "../enums.ts";');
    expect(types).toContain('import type { Money } from "../money.ts";');
    expect(types).not.toMatch(/from ".*jobs\.schema/);
  });
});
