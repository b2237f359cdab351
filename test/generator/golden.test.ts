import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project, repository } from "./support/project.ts";

const golden = join(repository, "test/generator/golden");

/** What a strict user may set, and a bundler's settings. */
const compilers = [
  ["a strict Node project", { declaration: true, isolatedDeclarations: true, noUnusedLocals: true }],
  ["a bundler", { module: "esnext", moduleResolution: "bundler", noUncheckedSideEffectImports: true }],
] as const;

describe.each(readdirSync(golden))("the scenario %s", (scenario) => {
  const folder = join(golden, scenario);
  let project: Project;

  beforeAll(async () => {
    const sources = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    project = createProject(
      Object.fromEntries(sources.map(({ name }) => [name, readFileSync(join(folder, name), "utf8")])),
    );
    await generate({ cwd: project.folder });
  });

  afterAll(() => project[Symbol.dispose]());

  it("gives the files that are committed", async () => {
    const names = project.list("generated");
    expect(readdirSync(join(folder, "generated")).sort()).toEqual(names);
    for (const name of names)
      await expect(project.read(`generated/${name}`)).toMatchFileSnapshot(join(folder, "generated", name));
  });

  it("gives files as a formatter leaves them", () => {
    project.write(".oxfmtrc.json", '{ "printWidth": 120 }');
    const oxfmt = join(repository, "node_modules/oxfmt/bin/oxfmt");
    const { stdout, stderr } = spawnSync(process.execPath, [oxfmt, "--list-different", "generated"], {
      cwd: project.folder,
      encoding: "utf8",
    });
    expect(stdout + stderr).toBe("");
  });
});

describe("all scenarios together", () => {
  let project: Project;

  beforeAll(() => {
    project = createProject({});
    for (const scenario of readdirSync(golden)) {
      cpSync(join(golden, scenario), join(project.folder, scenario), { recursive: true });
      // Compilers that skip declaration files would see no error in one: its text is checked as a module.
      const types = `${scenario}/generated/types`;
      for (const file of ["codecs", "descriptor", "parsers"].map((name) => `${scenario}/generated/${name}.ts`)) {
        if (!existsSync(join(project.folder, file))) continue;
        project.write(file, project.read(file).replace(/^\/\/ @ts-nocheck.*$/m, ""));
      }
      project.write(`${types}-as-module.ts`, project.read(`${types}.d.ts`));
    }
  });

  afterAll(() => project[Symbol.dispose]());

  it.each(compilers)("compile in %s", (_, options) => {
    // Only what users write is allowed to leave its types to inference, under --isolatedDeclarations.
    const errors = project
      .compile(options)
      .split("\n")
      .filter((line) => line.includes("/generated/") || !/: error TS90\d\d: /.test(line));
    expect(errors.join("\n")).toBe("");
  });
});
