import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJobs } from "../../generated/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { imports } from "../generator/support/problems.ts";
import { createProject, type Project } from "../generator/support/project.ts";
import { type Ended, runCli } from "../support/cli.ts";

function git(project: Project, ...words: readonly string[]): void {
  const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...author, ...words], { cwd: project.folder, stdio: "ignore" });
}

const mail = (fields: string, options = ""): string =>
  `${imports}export default defineJobs({\n  sendEmail: job({ input: z.object({ to: z.string(), ${fields} }), ${options} }),\n});\n`;

const first = mail("subject: z.string()");
const breaking = mail("subject: z.number()");
const message =
  "sendEmail.input.subject: TYPE_CHANGED, old producer → new worker. A value is of another kind. " +
  "Add a field with another name, and keep the old one for a while.";

describe("jobwright diff", () => {
  let project: Project;

  beforeAll(() => {
    project = createProject({ "jobs.schema.ts": first });
    runCli(project, "codegen");
    git(project, "init", "-q");
    git(project, "add", "jobs.schema.ts", "jobs.lock.json");
    git(project, "commit", "-q", "-m", "first");
    git(project, "tag", "v1");
  }, 60_000);

  afterAll(() => project[Symbol.dispose]());

  it("says nothing of what did not change, and exits 0", () => {
    project.write("jobs.schema.ts", first);
    expect(runCli(project, "diff", "--against", "v1")).toEqual({
      status: 0,
      stdout: "",
      stderr: "✔ no change that matters to older builds or jobs\n",
    });
  });

  it.each([
    ["a git ref", "v1"],
    ["a git ref, named as such", "git:HEAD"],
    ["a file", "jobs.lock.json"],
  ])("compares with %s, tells each finding at its place, and exits 4", (_, against) => {
    project.write("jobs.schema.ts", breaking);
    const { status, stdout, stderr } = runCli(project, "diff", "--against", against);
    expect({ status, stderr }).toEqual({ status: 4, stderr: "" });
    expect(stdout.split("\n")[0]).toBe(`breaking   jobs.schema.ts:4:54 ${message}`);
  });

  it("exits 0 for what breaks nothing, and tells it all the same", () => {
    project.write("jobs.schema.ts", mail("subject: z.string()", 'queue: "mail"'));
    const { status, stdout } = runCli(project, "diff", "--against", "v1");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^behaviour {2}jobs\.schema\.ts:4:\d+ sendEmail\.queue: QUEUE_CHANGED\. /),
    });
  });

  it("prints one JSON object", () => {
    project.write("jobs.schema.ts", breaking);
    const { status, stdout, stderr } = runCli(project, "diff", "--against", "v1", "--json");
    expect({ status, stderr }).toEqual({ status: 4, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      findings: [
        {
          rule: "TYPE_CHANGED",
          severity: "breaking",
          job: "sendEmail",
          version: 1,
          path: ["input", "subject"],
          direction: "old producer → new worker",
          message,
          place: { file: "jobs.schema.ts", line: 4, column: 54 },
        },
        { rule: "TYPE_CHANGED", direction: "new producer → old worker" },
      ],
    });
  });

  it("prints workflow commands for GitHub", () => {
    project.write("jobs.schema.ts", breaking);
    const { status, stdout } = runCli(project, "diff", "--against", "v1", "--format", "github");
    expect(status).toBe(4);
    expect(stdout.split("\n")[0]).toBe(`::error file=jobs.schema.ts,line=4,col=54,title=TYPE_CHANGED::${message}`);
  });

  it("prints SARIF", () => {
    project.write("jobs.schema.ts", breaking);
    const { status, stdout } = runCli(project, "diff", "--against", "v1", "--format", "sarif");
    expect(status).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "jobwright", rules: [{ id: "TYPE_CHANGED" }] } },
          results: [
            {
              ruleId: "TYPE_CHANGED",
              level: "error",
              message: { text: message },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: "jobs.schema.ts" },
                    region: { startLine: 4, startColumn: 54 },
                  },
                },
              ],
            },
            {},
          ],
        },
      ],
    });
  });

  it("counts what is in flight in a store, and says which old versions can go", async () => {
    using own = createProject({
      "jobs.schema.ts": mail("name: z.string(), language: z.string(), issue: z.string()"),
    });
    runCli(own, "codegen");
    own.write(
      "jobs.schema.ts",
      mail(
        "name: z.number(), language: z.string(), issue: z.string()",
        "version: 2, upgrade: { 1: () => ({} as never) }",
      ),
    );
    runCli(own, "codegen");
    const url = join(own.folder, "jobs.db");
    const provider = sqlite(url);
    const jobs = await createJobs({ provider });
    expect(runCli(own, "diff", "--against", `sqlite:${url}`)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(
        "sendEmail version 1: no job is left; its block in the lock and its upgrade can go",
      ),
    });
    await jobs.sendEmail.enqueue({ to: "a@b.co", name: "a", language: "en", issue: "1" });
    await provider.stop();
    expect(runCli(own, "diff", "--against", `sqlite:${url}`)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("sendEmail version 1: 1 in flight"),
    });
    own.write("jobs.schema.ts", mail("name: z.number()", "version: 2"));
    expect(runCli(own, "diff", "--against", `sqlite:${url}`)).toMatchObject({
      status: 4,
      stdout: expect.stringContaining("JOB_UPGRADE_REMOVED"),
    });
    using bare = createProject({ "jobs.schema.ts": first });
    expect(runCli(bare, "diff", "--against", `sqlite:${url}`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("✖ JW_LOCK_INVALID There is no jobs.lock.json in"),
    });
  }, 60_000);

  it("counts flows in flight, and tells what becomes of those whose workflow changed or is gone", () => {
    const flows = (signal: string, ...names: readonly string[]): string => {
      const entries = names.map(
        (name) =>
          `  ${name}: workflow({ input: z.object({}), nodes: () => ({ ok: { signal: z.object({ by: ${signal} }) } }) }),\n`,
      );
      return `import { workflow } from "jobwright/schema";\n${imports}export default defineJobs({\n  mail: job({ input: z.string() }),\n${entries.join("")}});\n`;
    };
    using own = createProject({
      "jobs.schema.ts": flows("z.string()", "greet", "leave", "rest"),
      "begin.ts": `import { sqlite } from "jobwright/sqlite";
import { createJobs } from "./generated/index.ts";
const provider = sqlite("jobs.db");
const jobs = await createJobs({ provider });
for (const flow of [jobs.greet, jobs.greet, jobs.leave]) await flow.enqueue({});
const ended = await jobs.rest.enqueue({});
await ended.cancel();
await jobs.$flow.chain(jobs.mail.node("a")).next(() => jobs.mail.node("b")).enqueue();
await provider.stop();
`,
    });
    runCli(own, "codegen");
    execFileSync(process.execPath, ["--import", "tsx", "begin.ts"], { cwd: own.folder });
    const diff = (...more: readonly string[]): Ended => runCli(own, "diff", "--against", "sqlite:jobs.db", ...more);
    expect(diff()).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/flows of greet: 2 in flight\nflows of leave: 1 in flight\n(?!flows)/),
    });
    own.write("jobs.schema.ts", flows("z.number()", "greet", "rest"));
    const changed = diff("--json");
    expect(changed.status).toBe(4);
    const { flows: counts, findings } = JSON.parse(changed.stdout) as Record<string, unknown>;
    expect(counts).toEqual([
      { workflow: "greet", count: 2 },
      { workflow: "leave", count: 1 },
    ]);
    expect(findings).toMatchObject([
      { job: "greet", severity: "breaking", rule: "TYPE_CHANGED", note: "2 in flight." },
      { job: "greet", severity: "breaking", rule: "TYPE_CHANGED", note: "2 in flight." },
      { job: "leave", severity: "breaking", rule: "WORKFLOW_DELETED", note: "1 in flight." },
    ]);
  }, 60_000);

  it.each([
    [
      "a ref that does not exist",
      ["--against", "mian"],
      "✖ JW_LOCK_INVALID There is no file mian, and no jobs.lock.json",
    ],
    ["a ref that looks like an option", ["--against=--output=x"], "✖ JW_LOCK_INVALID There is no file --output=x"],
    ["a format that does not exist", ["--against", "v1", "--format", "xml"], "✖ JW_USAGE There is no format xml."],
    ["nothing to compare with", [], "required option"],
  ])("exits 2 for %s", (_, words, text) => {
    const { status, stdout, stderr } = runCli(project, "diff", ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(text);
  });

  it("exits 2 for a damaged lock, and for one of a newer jobwright", () => {
    project.write("damaged.lock.json", "<<<<<<< HEAD\n{}");
    expect(runCli(project, "diff", "--against", "damaged.lock.json")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("✖ JW_LOCK_INVALID damaged.lock.json cannot be read"),
    });
    project.write("newer.lock.json", '{ "format": 2 }');
    expect(runCli(project, "diff", "--against", "newer.lock.json")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("has the format 2; this jobwright knows 1."),
    });
  }, 60_000);
});

describe("jobwright accept", () => {
  it("takes a breaking change with a reason, once", () => {
    using project = createProject({ "jobs.schema.ts": first });
    runCli(project, "codegen");
    const accepted = (): unknown => JSON.parse(project.read("jobs.lock.json")).jobs.sendEmail.versions["1"].accepted;

    project.write("jobs.schema.ts", mail("subject: z.string(), cc: z.string().optional()"));
    expect(runCli(project, "accept", "sendEmail", "--reason", "nothing breaks")).toMatchObject({ status: 0 });
    expect(accepted()).toBeUndefined();

    project.write("jobs.schema.ts", breaking);
    const before = project.read("jobs.lock.json");
    expect(runCli(project, "accept", "sendEmail").status).toBe(2);
    expect(runCli(project, "accept", "sendEmail", "--reason", "  ")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("✖ JW_USAGE --reason is empty."),
    });
    expect(runCli(project, "accept", "another", "--reason", "never deployed")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        "✖ JW_UNKNOWN_JOB Neither the schema nor its lock has a job or workflow another.",
      ),
    });
    expect(project.read("jobs.lock.json")).toBe(before);

    const reasons = [{ rules: ["TYPE_CHANGED"], reason: "never deployed" }];
    expect(runCli(project, "accept", "sendEmail", "--reason", "never deployed")).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("breaking   sendEmail.input.subject: TYPE_CHANGED"),
    });
    expect(accepted()).toEqual(reasons);
    expect(runCli(project, "accept", "sendEmail", "--reason", "once more")).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("unchanged"),
    });
    expect(accepted()).toEqual(reasons);
    expect(runCli(project, "codegen", "--check").status).toBe(0);
  }, 90_000);
});
