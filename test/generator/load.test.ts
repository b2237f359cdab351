import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject } from "./support/project.ts";
import { diagnosticsOf, imports, refusal, report } from "./support/problems.ts";

const oneJob = "export default defineJobs({ a: job({ input: z.string() }) });\n";

describe("a schema file that cannot be loaded", () => {
  it("is shown with the line that threw", async () => {
    const error = await refusal(`${imports}throw new Error("no mail");\n${oneJob}`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_LOAD jobs.schema.ts:3:7
      could not be loaded: Error: no mail
        1 | import { defineJobs, job } from "jobwright/schema";
        2 | import { z } from "zod";
      > 3 | throw new Error("no mail");
          |       ^
        4 | export default defineJobs({ a: job({ input: z.string() }) });
      → Repair the line shown; run the file with \`npx tsx\` to see the whole trace.
      "
    `);
  });

  it("is shown with the line that does not parse", async () => {
    expect(report(await refusal(`${imports}export default defineJobs({ a: job({ );\n`))).toMatchInlineSnapshot(`
      "JW_SCHEMA_LOAD jobs.schema.ts:3:37
      could not be loaded: Expected identifier but found ")"
        1 | import { defineJobs, job } from "jobwright/schema";
        2 | import { z } from "zod";
      > 3 | export default defineJobs({ a: job({ );
          |                                     ^
        4 |
      → Repair the line shown; run the file with \`npx tsx\` to see the whole trace.
      "
    `);
  });

  it("is shown with the line in the file that it imports", async () => {
    const error = await refusal({
      "jobs.schema.ts": `${imports}import "./settings.ts";\n${oneJob}`,
      "settings.ts": 'export const ok = true;\nthrow new Error("no settings");\n',
    });
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_LOAD settings.ts:2:7
      could not be loaded: Error: no settings
        1 | export const ok = true;
      > 2 | throw new Error("no settings");
          |       ^
        3 |
      → Repair the line shown; run the file with \`npx tsx\` to see the whole trace.
      "
    `);
  });

  it("is shown with the import that leads nowhere", async () => {
    expect(report(await refusal(`${imports}import "./nowhere.ts";\n${oneJob}`))).toMatchInlineSnapshot(`
      "JW_SCHEMA_LOAD jobs.schema.ts:3:11
      imports a file that does not exist: nowhere.ts.
        1 | import { defineJobs, job } from "jobwright/schema";
        2 | import { z } from "zod";
      > 3 | import "./nowhere.ts";
          |           ^
        4 | export default defineJobs({ a: job({ input: z.string() }) });
      → Check the path; it is relative to the importing file.
      "
    `);
  });

  it("names a package that is not installed", async () => {
    expect(report(await refusal(`${imports}import "not-installed";\n${oneJob}`))).toMatchInlineSnapshot(`
      "JW_SCHEMA_LOAD jobs.schema.ts:3:9
      imports a package that is not installed: not-installed.
        1 | import { defineJobs, job } from "jobwright/schema";
        2 | import { z } from "zod";
      > 3 | import "not-installed";
          |         ^
        4 | export default defineJobs({ a: job({ input: z.string() }) });
      → Run \`npm install not-installed\`.
      "
    `);
  });

  it.each([
    ["throws something that is no error", 'throw "plain";', "could not be loaded: a thrown string: plain"],
    ["ends the process", "process.exit(3);", "ended its process with exit code 3"],
    ["ends the process with success", "process.exit(0);", "ended its process with exit code 0"],
    [
      "is killed",
      'process.kill(process.pid, "SIGKILL");\nawait new Promise(() => setInterval(() => {}, 1e3));',
      "SIGKILL",
    ],
    ["awaits forever", "await new Promise(() => {});", "waits at its top level"],
    [
      "leaves a promise to fail",
      'Promise.reject(new Error("late"));\nawait new Promise((done) => setTimeout(done, 1e3));',
      "Error: late",
    ],
    ["exports nothing", "", "has no default export"],
    ["exports something else", "export default { jobs: {} };", "has no default export"],
    [
      "exports a job by name only",
      `${imports}export const jobs = defineJobs({ a: job({ input: z.string() }) });`,
      "no default export",
    ],
  ])("is told what it does wrong when it %s", async (_, text, message) => {
    const error = await refusal(text);
    expect(error.code).toBe("JW_SCHEMA_LOAD");
    expect(error.message).toContain(message);
    expect(diagnosticsOf(error)).toHaveLength(1);
    expect(error.message).not.toContain("    at ");
  });

  it.each([
    ["loops", "while (true) {}"],
    ["waits for a timer", "await new Promise(() => setInterval(() => {}, 1000));"],
  ])("is ended when it %s for longer than the limit", async (_, text) => {
    const error = await refusal(text, { timeoutMs: 1_500 });
    expect(error.code).toBe("JW_SCHEMA_TIMEOUT");
    expect(error.message).toBe("jobs.schema.ts did not finish loading within 1.5 s.");
  });

  it("is searched from the working directory upward", async () => {
    using project = createProject({ "jobs.schema.ts": imports + oneJob, "packages/app/x.txt": "" });
    const { schema, out } = await generate({ cwd: `${project.folder}/packages/app` });
    expect([schema, out]).toEqual([`${project.folder}/jobs.schema.ts`, `${project.folder}/generated`]);
  });

  it("is missed by name", async () => {
    using project = createProject({});
    await expect(generate({ cwd: project.folder, schema: "other.ts" })).rejects.toMatchObject({
      code: "JW_SCHEMA_NOT_FOUND",
      message: "There is no schema file other.ts.",
    });
  });

  it("may print, leave timers and change the time zone without harm", async () => {
    const noise =
      'console.log("x".repeat(100_000));\nconsole.error("y");\nsetInterval(() => {}, 10);\nprocess.env.TZ = "Asia/Tokyo";\n';
    using project = createProject({ "jobs.schema.ts": imports + noise + oneJob });
    expect(await generate({ cwd: project.folder })).toMatchObject({ jobs: 1 });
  });

  it.each(["jobs.schema.mts", "jobs.schema.js", "jobs.schema.mjs"])("may be called %s", async (name) => {
    using project = createProject({ [name]: imports + oneJob });
    expect(await generate({ cwd: project.folder })).toMatchObject({ jobs: 1 });
    expect(project.read("generated/descriptor.ts")).toContain(`"../${name}"`);
  });

  it("may await at its top level and import other files", async () => {
    using project = createProject({
      "jobs.schema.ts": `${imports}import { Address } from "./parts/address.js";\nconst max = await Promise.resolve(3);\nexport default defineJobs({ a: job({ input: z.object({ list: z.array(Address).max(max) }) }) });\n`,
      "parts/address.ts": 'import { z } from "zod";\nexport const Address = z.object({ city: z.string() });\n',
    });
    await generate({ cwd: project.folder });
    expect(project.read("generated/types.d.ts")).toContain("city: string;");
  });

  it("may tell whoever started it that it is ready, as it does under a process manager", async () => {
    using project = createProject({
      "jobs.schema.ts": `${imports}process.send?.("ready");\nprocess.send?.({ type: "loaded", jobs: [1] });\n${oneJob}`,
    });
    expect(await generate({ cwd: project.folder })).toMatchObject({ jobs: 1 });
  });
});
