import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { build } from "../../generator/build.ts";
import { check, generate } from "../../generator/index.ts";
import { unifiedDiff } from "../../generator/write/diff.ts";
import { planWrite } from "../../generator/write/plan.ts";
import { replaceFile, writeFiles } from "../../generator/write/write.ts";
import { imports } from "./support/problems.ts";
import { createProject, type Project } from "./support/project.ts";

/** Of another version than `rich`: it may store something else. */
const plain = `${imports}export default defineJobs({ a: job({ input: z.string(), version: 2 }) });\n`;
const rich = `${imports}export default defineJobs({ a: job({ input: z.date() }) });\n`;

function contents(project: Project): Readonly<Record<string, string>> {
  return Object.fromEntries(project.list("generated").map((name) => [name, project.read(`generated/${name}`)]));
}

describe("the generated folder", () => {
  it("is the same whatever the time zone, the language and the working directory", async () => {
    using project = createProject({ "jobs.schema.ts": rich, "deep/er/x.txt": "" });
    await generate({ cwd: project.folder });
    const first = contents(project);
    rmSync(`${project.folder}/generated`, { recursive: true });
    const before = { TZ: process.env["TZ"], LANG: process.env["LANG"] };
    Object.assign(process.env, { TZ: "Pacific/Apia", LANG: "tr_TR.UTF-8" });
    await generate({ cwd: `${project.folder}/deep/er` }).finally(() => {
      for (const [key, value] of Object.entries(before)) {
        if (value === undefined) Reflect.deleteProperty(process.env, key);
        else process.env[key] = value;
      }
    });
    expect(contents(project)).toEqual(first);
    expect(JSON.stringify(first)).not.toContain(project.folder);
  });

  it("is not written again when nothing changed", async () => {
    using project = createProject({ "jobs.schema.ts": plain });
    await generate({ cwd: project.folder });
    const times = (): readonly number[] =>
      project.list("generated").map((name) => statSync(`${project.folder}/generated/${name}`).mtimeMs);
    const before = times();
    const second = await generate({ cwd: project.folder });
    expect(second).toMatchObject({
      written: [],
      removed: [],
      unchanged: ["types.d.ts.map", "types.d.ts", "descriptor.ts", "index.ts"],
    });
    expect(times()).toEqual(before);
  });

  it("loses the files that are not needed any more", async () => {
    using project = createProject({ "jobs.schema.ts": rich });
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", plain);
    expect(await generate({ cwd: project.folder })).toMatchObject({ removed: ["codecs.ts"] });
    expect(project.list("generated")).toEqual([
      ".manifest.json",
      "descriptor.ts",
      "index.ts",
      "types.d.ts",
      "types.d.ts.map",
    ]);
  });

  it("keeps files of others", async () => {
    using project = createProject({ "jobs.schema.ts": plain, "generated/notes.md": "mine" });
    await generate({ cwd: project.folder });
    expect(project.read("generated/notes.md")).toBe("mine");
  });

  it.each([
    ["an edited file", (project: Project) => project.write("generated/types.d.ts", "// mine\n"), "types.d.ts"],
    ["an edited orphan", (project: Project) => project.write("generated/codecs.ts", "// mine\n"), "codecs.ts"],
  ])("is left alone when it holds %s", async (_, edit, name) => {
    using project = createProject({ "jobs.schema.ts": rich });
    await generate({ cwd: project.folder });
    edit(project);
    project.write("jobs.schema.ts", plain);
    const before = contents(project);
    await expect(generate({ cwd: project.folder })).rejects.toMatchObject({
      code: "JW_CODEGEN_CONFLICT",
      details: { files: [name] },
    });
    expect(contents(project)).toEqual(before);
    await generate({ cwd: project.folder, force: true });
    expect((await check({ cwd: project.folder })).fresh).toBe(true);
  });

  it("is left alone when a file of the user stands in the way", async () => {
    using project = createProject({ "jobs.schema.ts": plain, "generated/index.ts": "export const mine = 1;\n" });
    await expect(generate({ cwd: project.folder })).rejects.toMatchObject({ code: "JW_CODEGEN_CONFLICT" });
    expect(project.list("generated")).toEqual(["index.ts"]);
  });

  it("is taken up again after a run that was cut short", async () => {
    using project = createProject({ "jobs.schema.ts": plain });
    await generate({ cwd: project.folder });
    const out = `${project.folder}/generated`;
    const files = ["types.d.ts", "index.ts"].map((name) => ({ name, text: `// new ${name}\n` }));
    const plan = planWrite(out, files);
    // The second file cannot be written: a folder took its place after the plan was made.
    rmSync(`${out}/index.ts`);
    mkdirSync(`${out}/index.ts`);
    expect(() => writeFiles(out, files, plan, false)).toThrow(expect.objectContaining({ code: "JW_CODEGEN_WRITE" }));
    expect(project.read("generated/types.d.ts")).toBe("// new types.d.ts\n");
    rmSync(`${out}/index.ts`, { recursive: true });
    expect(await generate({ cwd: project.folder })).toMatchObject({ written: ["types.d.ts", "index.ts"] });
  });

  it("never loses a file outside of it, whatever a manifest says", async () => {
    using project = createProject({ "jobs.schema.ts": plain, "precious.txt": "x" });
    await generate({ cwd: project.folder });
    const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    project.write("generated/.manifest.json", JSON.stringify({ format: 1, files: { "../precious.txt": hash } }));
    await generate({ cwd: project.folder, force: true });
    expect(project.read("precious.txt")).toBe("x");
  });

  it("may be elsewhere", async () => {
    using project = createProject({ "jobs.schema.ts": rich });
    await generate({ cwd: project.folder, out: "src/made/here" });
    expect(project.read("src/made/here/descriptor.ts")).toContain('"../../../jobs.schema.ts"');
    expect(project.compile()).toBe("");
  });

  it("imports with .js where the compiler does not allow .ts", async () => {
    using project = createProject({ "jobs.schema.ts": rich });
    const paths = JSON.parse(project.read("tsconfig.json")).compilerOptions.paths;
    project.write("base.json", JSON.stringify({ compilerOptions: { paths, module: "nodenext" } }));
    project.write("tsconfig.json", '{\n  // a comment\n  "extends": "./base.json",\n}\n');
    await generate({ cwd: project.folder });
    const text = Object.values(contents(project)).join("");
    expect(text).toContain('"../jobs.schema.js"');
    expect(text).not.toMatch(/from "\.\/\w+\.ts"/);
    expect(project.compile({ allowImportingTsExtensions: false })).toBe("");
  });
});

describe("the steps of a change", () => {
  const schema = (jobs: string): string =>
    `${imports}const tree = (leaf) => { const node = z.object({ leaf, get left() { return node.optional(); } }); return node; };\n` +
    `export default defineJobs({ kept: job({ input: z.object({ at: z.date() }) }), ${jobs} });\n`;
  const gone =
    "gone: job({ input: tree(z.date()), output: z.object({ v: z.string(), m: z.map(z.url(), z.date()).optional() }) })";
  const come =
    "come: job({ input: tree(z.bigint()), output: z.object({ v: z.array(z.set(z.int()).default(() => new Set())) }) })";

  const tsx = import.meta.resolve("tsx");

  /** Keeps the folder as it is at this moment. */
  function keep({ folder }: Project, states: string[]): void {
    const state = `states/${states.length}`;
    cpSync(`${folder}/generated`, `${folder}/${state}/generated`, { recursive: true });
    states.push(state);
  }

  /** As programs would that started at those moments. */
  function run({ folder }: Project, states: readonly string[]): void {
    const code = `for (const state of ${JSON.stringify(states)}) {
      const { descriptor } = await import("./" + state + "/generated/index.ts");
      for (const { parsers = {} } of descriptor.jobs) for (const { bind } of Object.values(parsers)) {
        try { bind({ _zod: { def: {} } })({ v: "a", m: new Map(), at: new Date(0), left: undefined, leaf: 1n }); } catch (error) { if (error instanceof ReferenceError) throw error; }
      }
    }`;
    execFileSync(process.execPath, ["--import", tsx, "--input-type=module", "-e", code], {
      cwd: folder,
      stdio: "pipe",
    });
  }

  it.each([
    [gone, come],
    [come, gone],
    [`${gone}, ${come}`, come],
    [come, `${gone}, ${come}`],
    ["other: job({ input: z.string() })", `${gone}, ${come}`],
  ])("leave the folder usable after each: %# ", { timeout: 60_000 }, async (before, after) => {
    using project = createProject({ "jobs.schema.ts": schema(before) });
    await generate({ cwd: project.folder });
    const states: string[] = [];
    keep(project, states);
    project.write("jobs.schema.ts", schema(after));
    rmSync(`${project.folder}/jobs.lock.json`);
    const { out, files } = await build({ cwd: project.folder });
    for (const { name, text } of planWrite(out, files).steps) {
      replaceFile(out, name, text);
      keep(project, states);
    }
    run(project, states);
    for (const { name, text } of files) expect(project.read(`generated/${name}`)).toBe(text);
  });

  it("are known as generated when they are cut short", async () => {
    using project = createProject({ "jobs.schema.ts": schema(gone) });
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", schema(come));
    rmSync(`${project.folder}/jobs.lock.json`);
    const { out, files } = await build({ cwd: project.folder });
    const plan = planWrite(out, files);
    const steps = plan.steps.slice(
      0,
      plan.steps.findIndex(({ name }) => name === "descriptor.ts"),
    );
    expect(steps.some(({ name, text }) => name === "codecs.ts" && files.every((file) => file.text !== text))).toBe(
      true,
    );
    // What comes next cannot be written.
    const broken = { ...plan, steps: [...steps, { name: "missing/file.ts", text: "" }] };
    expect(() => writeFiles(out, files, broken, false)).toThrow(expect.objectContaining({ code: "JW_CODEGEN_WRITE" }));
    await generate({ cwd: project.folder });
    expect((await check({ cwd: project.folder })).fresh).toBe(true);
  });
});

describe("check", () => {
  it("is content with what generate left", async () => {
    using project = createProject({ "jobs.schema.ts": rich });
    await generate({ cwd: project.folder });
    expect(await check({ cwd: project.folder })).toMatchObject({ fresh: true, stale: [], jobs: 1 });
  });

  it("names missing, changed and orphaned files with a diff, and writes nothing", async () => {
    using project = createProject({ "jobs.schema.ts": rich });
    await generate({ cwd: project.folder });
    rmSync(`${project.folder}/generated/index.ts`);
    project.write("jobs.schema.ts", plain);
    const before = contents(project);
    const { fresh, stale } = await check({ cwd: project.folder });
    expect(fresh).toBe(false);
    expect(stale.map(({ file, reason }) => [file, reason])).toEqual([
      ["generated/types.d.ts", "changed"],
      ["generated/descriptor.ts", "changed"],
      ["generated/index.ts", "missing"],
      ["generated/codecs.ts", "orphan"],
      ["jobs.lock.json", "changed"],
    ]);
    expect(stale[0]?.diff).toContain("-export type AInput = Date;\n+export type AInput = string;\n");
    expect(contents(project)).toEqual(before);
  });
});

describe("a unified diff", () => {
  it("has three lines of context and the right line numbers", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`);
    const after = before.toSpliced(9, 1, "other\n", "and more\n").toSpliced(0, 1);
    expect(unifiedDiff("f.ts", before.join(""), after.join(""))).toBe(
      `--- a/f.ts\n+++ b/f.ts\n@@ -1,4 +1,3 @@\n-line 1\n line 2\n line 3\n line 4\n` +
        `@@ -7,7 +6,8 @@\n line 7\n line 8\n line 9\n-line 10\n+other\n+and more\n line 11\n line 12\n line 13\n`,
    );
  });

  it("is empty for equal texts", () => {
    expect(unifiedDiff("f.ts", "a\n", "a\n")).toBe("");
  });

  it("shows new and removed files as a whole", () => {
    expect(unifiedDiff("f.ts", "", "a\n")).toBe("--- /dev/null\n+++ b/f.ts\n@@ -0,0 +1,1 @@\n+a\n");
    expect(unifiedDiff("f.ts", "a\n", "")).toBe("--- a/f.ts\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
  });
});
