import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { imports } from "../generator/support/problems.ts";
import { createProject, type Project } from "../generator/support/project.ts";
import { cliFile, type Ended, runCli } from "../support/cli.ts";

/** Each type is a version of its own, so that none breaks the contract of another. */
const versions = ["string", "number"];
const schema = (type: string): string =>
  `${imports}export default defineJobs({ a: job({ input: z.${type}(), version: ${versions.indexOf(type) + 1 || 1} }) });\n`;

const codegen = (project: Project, ...args: readonly string[]): Ended => runCli(project, "codegen", ...args);

describe("codegen on the command line", () => {
  it("says what it made, and where", () => {
    using project = createProject({ "jobs.schema.ts": schema("string") });
    const { status, stdout, stderr } = codegen(project);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toMatch(/^✔ 1 job → generated\/ \(4 files, \d+ ms\)\n$/);
    expect(codegen(project).stderr).toContain("unchanged");
  });

  it("prints one JSON object", () => {
    using project = createProject({ "jobs.schema.ts": schema("string") });
    const { status, stdout, stderr } = codegen(project, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      jobs: 1,
      written: ["types.d.ts.map", "types.d.ts", "descriptor.ts", "index.ts"],
    });
  });

  it("shows a refusal with place, code frame and way out, and exits 2", () => {
    using project = createProject({ "jobs.schema.ts": schema("function") });
    const { status, stdout, stderr } = codegen(project);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatchInlineSnapshot(`
      "✖ JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:3:38
        a.input is a function, which cannot be stored.
            1 | import { defineJobs, job } from "jobwright/schema";
            2 | import { z } from "zod";
          > 3 | export default defineJobs({ a: job({ input: z.function(), version: 1 }) });
              |                                      ^
            4 |
        → Put data into the job that tells the handler what to do, for example a z.enum of the choices.
      "
    `);
    expect(project.list(".")).not.toContain("generated");
  });

  it("gives a refusal as JSON, with its place", () => {
    using project = createProject({ "jobs.schema.ts": schema("function") });
    const { status, stdout } = codegen(project, "--json");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: {
        code: "JW_SCHEMA_UNREPRESENTABLE",
        details: { diagnostics: [{ file: "jobs.schema.ts", line: 3, column: 38, job: "a" }] },
      },
    });
  });

  it("--check exits 0 when the files are fresh, and 4 with a diff when they are stale", () => {
    using project = createProject({ "jobs.schema.ts": schema("string") });
    codegen(project);
    expect(codegen(project, "--check")).toMatchObject({ status: 0, stdout: "" });
    project.write("jobs.schema.ts", schema("number"));
    const { status, stdout, stderr } = codegen(project, "--check");
    expect(status).toBe(4);
    expect(stdout).toContain("-export type AInput = string;\n+export type AInput = number;\n");
    expect(stderr).toContain("JW_CODEGEN_STALE");
    expect(JSON.parse(codegen(project, "--check", "--json").stdout)).toMatchObject({ ok: false });
  });

  it.each([
    ["an option that does not exist", ["--chekc"], "Did you mean --check?"],
    ["a schema that does not exist", ["--schema", "nowhere.ts"], "JW_SCHEMA_NOT_FOUND"],
  ])("exits 2 for %s", (_, args, text) => {
    using project = createProject({ "jobs.schema.ts": schema("string") });
    const { status, stderr } = codegen(project, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("--watch goes on after an error, and ends with 0 at SIGTERM", async () => {
    using project = createProject({ "jobs.schema.ts": schema("string") });
    const child: ChildProcessByStdio<null, null, Readable> = spawn(process.execPath, [cliFile, "codegen", "--watch"], {
      cwd: project.folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const exit = once(child, "exit");
    const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
    const until = async (text: string): Promise<void> => {
      for (let line = await lines.next(); !line.done; line = await lines.next()) if (line.value.includes(text)) return;
      throw new Error(`ended without saying ${text}`);
    };
    await until("✔ 1 job");
    project.write("jobs.schema.ts", schema("function"));
    await until("JW_SCHEMA_UNREPRESENTABLE");
    project.write("jobs.schema.ts", schema("number"));
    await until("✔ 1 job");
    expect(project.read("generated/types.d.ts")).toContain("AInput = number");
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });
});
