import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { typesFile } from "../../generator/types-file.ts";
import { imports } from "./support/problems.ts";
import { createProject } from "./support/project.ts";

type Files = Readonly<Record<string, string>>;

const declaring = '{ "compilerOptions": { "declaration": true } }';
const lost: readonly (readonly [what: string, files: Files])[] = [
  ["a project that emits declarations", { "tsconfig.json": declaring }],
  ["a composite project", { "tsconfig.json": '{ "compilerOptions": { "composite": true } }' }],
  ["what it extends says so", { "tsconfig.json": '{ "extends": "./base" }', "base.json": declaring }],
  ["a build with a tsconfig of its own", { "tsconfig.json": "{}", "tsconfig.build.json": declaring }],
  [
    "a build of the schema's folder",
    { "tsconfig.build.json": '{ "include": ["src/**/*"], "compilerOptions": { "declaration": true } }' },
  ],
  [
    "a build of an entry that may import anything",
    { "tsconfig.build.json": '{ "files": ["main.ts"], "compilerOptions": { "declaration": true } }' },
  ],
  [
    "a project that is referred to",
    { "tsconfig.json": '{ "files": [], "references": [{ "path": "./config" }] }', "config/tsconfig.json": declaring },
  ],
  ["Git ignores declarations", { "tsconfig.json": "{}", ".gitignore": "*.js\n*.d.ts\n" }],
];
const kept: readonly (readonly [what: string, files: Files])[] = [
  ["no tsconfig", {}],
  ["a project that emits JavaScript only", { "tsconfig.json": '{ "compilerOptions": { "outDir": "dist" } }' }],
  [
    "a project that emits nothing",
    { "tsconfig.json": '{ "compilerOptions": { "declaration": true, "noEmit": true } }' },
  ],
  [
    "a build of other folders",
    { "tsconfig.build.json": '{ "include": ["lib", "scripts/**/*"], "compilerOptions": { "declaration": true } }' },
  ],
  ["a broken tsconfig", { "tsconfig.json": "{" }],
  ["Git ignores declarations of a folder", { ".gitignore": "lib/*.d.ts\n" }],
];

describe("the file of the types", () => {
  const fileIn = (files: Files): string => {
    using project = createProject({ "tsconfig.json": "{}", "src/jobs.schema.ts": "", ...files });
    return typesFile(join(project.folder, "src/jobs.schema.ts"));
  };

  it.each(lost)("is types.ts where declarations would get lost: %s", (_, files) => {
    expect(fileIn(files)).toBe("types.ts");
  });

  it.each(kept)("is types.d.ts, which editors follow, with %s", (_, files) => {
    expect(fileIn(files)).toBe("types.d.ts");
  });
});

const schema = `${imports}export default defineJobs({ ping: job({ input: z.object({ to: z.string() }) }) });\n`;
const app = `import type { PingInput } from "./generated/index.js";\nexport const input: PingInput = { to: "" };\n`;

/** Only the project's own files: those of the package are the affair of other tests. */
const emit = {
  noEmit: false,
  allowImportingTsExtensions: false,
  rewriteRelativeImportExtensions: true,
  noResolve: true,
  noCheck: true,
  outDir: "dist",
  rootDir: ".",
};

describe("a build of the compiler", () => {
  it("has all declarations that its declarations import", async () => {
    using project = createProject({ "jobs.schema.ts": schema, "app.ts": app });
    project.write("tsconfig.build.json", declaring);
    await generate({ cwd: project.folder });
    expect(project.compile({ ...emit, declaration: true })).toBe("");
    const imported = [...project.read("dist/generated/index.d.ts").matchAll(/from "\.\/(\w+)\.[jt]s"/g)];
    expect(imported.map(([, name]) => name)).toContain("types");
    expect(project.list("dist/generated")).toEqual(expect.arrayContaining(imported.map(([, name]) => `${name}.d.ts`)));
  });

  it("needs no types when it has JavaScript only", async () => {
    using project = createProject({ "jobs.schema.ts": schema, "app.ts": app });
    await generate({ cwd: project.folder });
    expect(project.list("generated")).toContain("types.d.ts");
    expect(project.compile(emit)).toBe("");
    expect(project.read("dist/generated/index.js")).not.toContain("types");
  });
});

describe("a type that the user wrote", () => {
  it("is an error of the compiler when it does not exist, though nobody looks into declarations", async () => {
    const input = 'z.string().meta({ tsType: "Monney", import: "./money.js" })';
    using project = createProject({
      "jobs.schema.ts": `${imports}export default defineJobs({ pay: job({ input: ${input} }) });\n`,
      "money.ts": "export type Money = string;\n",
    });
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", "export {};\n");
    expect(project.compile()).toMatch(/^generated\/foreign\.ts.*'Monney'/m);
  });
});

describe("the map of the declarations", () => {
  it("is the same for a schema in every folder", async () => {
    const mapIn = async (folder: string): Promise<string> => {
      using project = createProject({ [`${folder}/jobs.schema.ts`]: schema });
      await generate({ cwd: join(project.folder, folder) });
      return project.read(`${folder}/generated/types.d.ts.map`);
    };
    expect(await mapIn("a")).toBe(await mapIn("b/c"));
    expect(JSON.parse(await mapIn("a"))).toMatchObject({ sources: ["../jobs.schema.ts"], file: "types.d.ts" });
  });
});
