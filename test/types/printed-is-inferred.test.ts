import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project, repository } from "../generator/support/project.ts";

const corpusText = readFileSync(join(repository, "test/generator/support/corpus.ts"), "utf8");
const names = [...corpusText.matchAll(/^export const (\w+) =/gm)].map(([, name]) => name ?? "");

const schema = `
import { defineJobs, job } from "jobwright/schema";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries(corpus).map(([name, input]) => [name + "Job", job({ input, output: input })])));
`;

const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Job`;

/** Identity, not assignability: the two types are told apart by \`readonly\`, \`any\` and optional keys. */
const identity = `
import type { z } from "zod";
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

describe("printed types", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject({ "corpus.ts": corpusText, "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
  });

  afterAll(() => project[Symbol.dispose]());

  it("are the types that zod infers, for every kind", () => {
    expect(names.length).toBeGreaterThan(100);
    project.write("proof.ts", proofs(names));
    expect(project.compile()).toBe("");
  });
});
