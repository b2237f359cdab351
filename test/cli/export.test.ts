import { describe, expect, it } from "vitest";
import { errorCodes } from "../../runtime/contract/errors.ts";
import { remedies } from "../../generator/explain/remedies.ts";
import { imports } from "../generator/support/problems.ts";
import { createProject } from "../generator/support/project.ts";
import { runCli } from "../support/cli.ts";

const schema = `${imports}export default defineJobs({ a: job({ input: z.string() }) });\n`;

describe("jobwright export", () => {
  it("prints nothing but the document on stdout, and writes nothing", () => {
    using project = createProject({ "jobs.schema.ts": schema });
    const before = project.list(".");
    const { status, stdout, stderr } = runCli(project, "export", "json-schema");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ $defs: { "a.input": { type: "string" } } });
    expect(project.list(".")).toEqual(before);
  });

  it("writes into the file of --out what it would print", () => {
    using project = createProject({ "jobs.schema.ts": schema });
    const { stdout } = runCli(project, "export", "markdown");
    expect(JSON.parse(runCli(project, "export", "markdown", "--out", "jobs.md", "--json").stdout)).toMatchObject({
      ok: true,
    });
    expect(project.read("jobs.md")).toBe(stdout);
  });

  it.each([
    ["a format that does not exist", ["export", "openapi"], "Take one of json-schema, asyncapi, markdown."],
    ["a name that every object has", ["export", "constructor"], "Take one of json-schema, asyncapi, markdown."],
    ["a folder that does not exist", ["export", "asyncapi", "--out", "no/where.json"], "Check that its folder exists"],
  ])("exits 2 for %s, with a way out", (_, args, hint) => {
    using project = createProject({ "jobs.schema.ts": schema });
    const { status, stdout, stderr } = runCli(project, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(hint);
  });
});

describe("jobwright explain", () => {
  it("tells meaning, cause and fix of a code, however it is written", () => {
    using project = createProject({});
    const { status, stdout } = runCli(project, "explain", "jw_queue_full");
    expect(status).toBe(0);
    const { cause, fix } = remedies.JW_QUEUE_FULL;
    expect(stdout).toBe(`JW_QUEUE_FULL\n${errorCodes.JW_QUEUE_FULL}\n\nCause: ${cause}\nFix:   ${fix}\n`);
    expect(runCli(project, "explain", "toString").status).toBe(2);
  });

  it("has something to say about every code", () => {
    for (const [code, { cause, fix }] of Object.entries(remedies)) {
      expect(cause, code).toMatch(/^[A-Z`].*\.$/);
      expect(fix, code).toMatch(/^[A-Z`].*\.$/);
    }
    expect(Object.keys(remedies).sort()).toEqual(Object.keys(errorCodes).sort());
  });
});
