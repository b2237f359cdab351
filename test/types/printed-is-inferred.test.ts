import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project, repository } from "../generator/support/project.ts";

const corpusText = readFileSync(join(repository, "test/generator/support/corpus.ts"), "utf8");
const coercedText = readFileSync(join(repository, "test/generator/support/coerced.ts"), "utf8");
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^export const (\w+) =/gm)].map(([, name]) => name ?? "");
const names = namesIn(corpusText);

const schema = `
import { defineJobs, job } from "jobwright/schema";
import * as coerced from "./coerced.ts";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries({ ...corpus, ...coerced }).map(([name, input]) => [name + "Job", job({ input, output: input })])));
`;

const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Job`;

/** Identity, not assignability: the two types are told apart by `readonly`, `any` and optional keys. */
const identity = `
import type { z } from "zod";
import type * as coerced from "./coerced.ts";
import type * as corpus from "./corpus.ts";
import type * as printed from "./generated/index.ts";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Prove<T extends true> = T;
`;

function proofs(of: readonly string[]): string {
  const lines = of.flatMap((name) => {
    const type = pascal(name);
    return [
      `export type ${type}In = Prove<Equal<printed.${type}Input, z.input<typeof corpus.${name}>>>;`,
      `export type ${type}Out = Prove<Equal<printed.${type}Payload, z.output<typeof corpus.${name}>>>;`,
      `export type ${type}Ret = Prove<Equal<printed.${type}Return, z.input<typeof corpus.${name}>>>;`,
      `export type ${type}Res = Prove<Equal<printed.${type}Output, z.output<typeof corpus.${name}>>>;`,
    ];
  });
  return `${identity}${lines.join("\n")}\n`;
}

/** What is coerced goes in as what it becomes, because anything may be coerced and zod infers `unknown`. */
function coercedProofs(of: readonly string[]): string {
  const lines = of.flatMap((name) => [
    `export type ${name}In = Prove<Equal<printed.${pascal(name)}Input, z.output<typeof coerced.${name}>>>;`,
    `export type ${name}Out = Prove<Equal<printed.${pascal(name)}Payload, z.output<typeof coerced.${name}>>>;`,
  ]);
  return `${identity}${lines.join("\n")}\n`;
}

/** Each must be found: with `readonly`, `any`, an optional key and another type. */
const different = [
  "{ v: string }, { readonly v: string }",
  "{ v: any }, { v: string }",
  "{ v: unknown }, { v: any }",
  "{ v?: string }, { v: string | undefined }",
  "{ v?: string }, { v?: string | undefined }",
  "string | null, string",
  "[string, number?], [string, number | undefined]",
  "never, any",
];

describe("printed types", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject({ "coerced.ts": coercedText, "corpus.ts": corpusText, "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
  });

  afterAll(() => project[Symbol.dispose]());

  it("are the types that zod infers, for every kind, and could not be others", () => {
    expect(names.length).toBeGreaterThanOrEqual(150);
    project.write("proof.ts", proofs(names));
    project.write("coerced-proof.ts", coercedProofs(namesIn(coercedText).filter((name) => name !== "coercedOptional")));
    const refuted = different.map((pair, i) => `// @ts-expect-error\nexport type No${i} = Prove<Equal<${pair}>>;\n`);
    project.write("different.ts", identity + refuted.join(""));
    // With declarations checked as well: an error in one would make its type `any`, which hides every difference.
    expect(project.compile({ skipLibCheck: false })).toBe("");
    // The compiler infers a thousand types of zod here, on whatever the machine has left.
  }, 240_000);
});
