import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check, generate, type GenerateReport } from "../../../generator/index.ts";
import { JobwrightError } from "../../../runtime/contract/errors.ts";
import { imports, report } from "../support/problems.ts";
import { createProject, type Project } from "../support/project.ts";

const schema = (jobs: string): string => `${imports}export default defineJobs({\n${jobs}\n});\n`;
const mail = (fields: string, options = ""): string =>
  schema(`  mail: job({ input: z.object({ to: z.string(), ${fields} }), ${options} }),`);

describe("codegen and the lock", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": mail("subject: z.string().max(80)") });
    await generate({ cwd: project.folder });
  });

  afterAll(() => project[Symbol.dispose]());

  /** In a copy of the project, whose lock is that of the first schema. */
  async function after(text: string, options: object = {}): Promise<GenerateReport & { readonly lock: unknown }> {
    using copy = createProject({ "jobs.schema.ts": text, "jobs.lock.json": project.read("jobs.lock.json") });
    const done = await generate({ cwd: copy.folder, ...options });
    return { ...done, lock: JSON.parse(copy.read("jobs.lock.json")) };
  }

  async function refused(text: string): Promise<string> {
    const error: unknown = await after(text).catch((reason: unknown) => reason);
    if (!JobwrightError.is(error)) throw new Error("nothing was refused");
    return report(error);
  }

  const rulesOf = ({ changes }: GenerateReport): readonly string[] =>
    changes.flatMap(({ change, findings }) => findings.map(({ rule }) => `${change} ${rule}`));

  it("writes the contract of every job, one small part per line", () => {
    expect(project.read("jobs.lock.json")).toMatchInlineSnapshot(`
      "{
        "format": 1,
        "jobs": {
          "mail": {
            "versions": {
              "1": {
                "contract": {
                  "input": {
                    "kind": "object",
                    "others": "strip",
                    "properties": {
                      "subject": { "type": { "kind": "string", "maxLength": 80 } },
                      "to": { "type": { "kind": "string" } }
                    }
                  }
                },
                "policy": {
                  "maxCrashes": 3,
                  "priority": 0,
                  "queue": "default",
                  "retry": {
                    "backoff": { "delayMs": 1000, "factor": 2, "jitter": "equal", "kind": "exponential", "maxMs": 3600000 },
                    "maxAttempts": 10
                  },
                  "timeoutMs": 600000
                }
              }
            }
          }
        }
      }
      "
    `);
  });

  it("refuses a required field, with its place, both directions of it, and three ways out", async () => {
    expect(await refused(mail("subject: z.string().max(80), html: z.boolean()"))).toMatchInlineSnapshot(`
      "JW_CONTRACT_BREAKING jobs.schema.ts:4:78
      mail.input.html: FIELD_ADDED_REQUIRED, old producer → new worker. A field is new, and required. What was stored before lacks it. Make it optional, or give it a default.
        2 | import { z } from "zod";
        3 | export default defineJobs({
      > 4 |   mail: job({ input: z.object({ to: z.string(), subject: z.string().max(80), html: z.boolean() }),  }),
          |                                                                              ^
        5 | });
      → Make it compatible; or set \`version: 2, upgrade: { 1: (old) => … }\`; or take it upon yourself: \`jobwright accept mail --reason "…"\`.
      "
    `);
  });

  it.each([
    ["a wider limit", "subject: z.string().max(90)", "LIMIT_LOOSENED, new producer → old worker"],
    ["a narrower limit", "subject: z.string().max(70)", "LIMIT_TIGHTENED, old producer → new worker"],
    ["another kind", "subject: z.number()", "TYPE_CHANGED"],
    ["null", "subject: z.string().max(80).nullable()", "NULL_ADDED, new producer → old worker"],
    ["a required field that is gone", "", "FIELD_REMOVED_REQUIRED, new producer → old worker"],
  ])("refuses %s", async (_, fields, text) => {
    expect(await refused(mail(fields))).toContain(text);
  });

  it.each([
    ["an optional field", mail("subject: z.string().max(80), cc: z.string().optional()"), []],
    ["another queue", mail("subject: z.string().max(80)", 'queue: "mail"'), ["behaviour QUEUE_CHANGED"]],
    [
      "code that has its say",
      mail("subject: z.string().max(80).refine((text) => text !== '')"),
      ["unknown CODE_CHANGED"],
    ],
    ["a version that is new", mail("subject: z.string().max(90)", "version: 2"), ["compatible JOB_VERSION_ADDED"]],
    [
      "a version that cannot read the old one",
      mail("subject: z.number()", "version: 2"),
      ["unknown JOB_VERSION_ADDED", "unknown JOB_UPGRADE_MISSING"],
    ],
    [
      "a version that carries the old one forward",
      mail("subject: z.number()", "version: 2, upgrade: { 1: () => ({ to: '', subject: 0 }) }"),
      ["compatible JOB_VERSION_ADDED"],
    ],
    [
      "a version that carries another one forward only",
      mail("subject: z.number()", "version: 3, upgrade: { 2: () => ({ to: '', subject: 0 }) }"),
      ["unknown JOB_VERSION_ADDED", "unknown JOB_UPGRADE_MISSING"],
    ],
  ])("takes %s, and says so", async (_, text, rules) => {
    expect(rulesOf(await after(text))).toEqual(rules);
  });

  it("keeps the old version beside the new one", async () => {
    const { lock } = await after(mail("subject: z.number()", "version: 2"));
    expect(lock).toMatchObject({ jobs: { mail: { versions: { 1: {}, 2: {} } } } });
  });

  describe("of a version that is carried forward", () => {
    const upgrade = "version: 2, upgrade: { 1: () => ({ to: '', subject: 0 }) }";
    const third = mail("subject: z.bigint()", "version: 3, upgrade: { 2: () => ({ to: '', subject: 0n }) }");

    async function upgraded(): Promise<Project> {
      const copy = createProject({ "jobs.schema.ts": mail("subject: z.number()", upgrade) });
      copy.write("jobs.lock.json", project.read("jobs.lock.json"));
      await generate({ cwd: copy.folder });
      return copy;
    }

    const versionsOf = (copy: Project): unknown => JSON.parse(copy.read("jobs.lock.json")).jobs.mail.versions;

    it("says so in the block of that version alone, and what is fresh stays fresh", async () => {
      using copy = await upgraded();
      expect(versionsOf(copy)).toMatchObject({ 1: { upgraded: true } });
      expect(versionsOf(copy)).not.toMatchObject({ 2: { upgraded: true } });
      expect(await check({ cwd: copy.folder })).toMatchObject({ fresh: true });
    });

    it.each([
      ["and nothing else is changed", mail("subject: z.number()", "version: 2"), "jobs.schema.ts:4:3"],
      ["and others stay", third, "jobs.schema.ts:4:85"],
      ["though the schema could read it", mail("subject: z.any()", "version: 3"), "jobs.schema.ts:4:3"],
    ])("refuses to lose the function: %s", async (_, text, place) => {
      using copy = await upgraded();
      copy.write("jobs.schema.ts", text);
      const error: unknown = await generate({ cwd: copy.folder }).catch((reason: unknown) => reason);
      if (!JobwrightError.is(error)) throw new Error("nothing was refused");
      const lines = report(error).split("\n");
      expect(lines[0]).toBe(`JW_CONTRACT_BREAKING ${place}`);
      expect(lines[1]).toContain("mail.upgrade.1: JOB_UPGRADE_REMOVED, old producer → new worker.");
      expect(lines.at(-2)).toBe(
        "→ Put `upgrade: { 1: (old) => … }` back; or, if `jobwright diff --against <store>` counts no job of version 1, " +
          'take its block out of the lock; or take it upon yourself: `jobwright accept mail --reason "…"`.',
      );
    });

    it("lets it go when the block of the version is gone, or somebody accepts", async () => {
      using copy = await upgraded();
      const lock = JSON.parse(copy.read("jobs.lock.json"));
      copy.write("jobs.schema.ts", mail("subject: z.number()", "version: 2"));
      await generate({ cwd: copy.folder, accept: { jobs: ["mail"], reason: "drained" } });
      expect(versionsOf(copy)).toMatchObject({
        2: { accepted: [{ rules: ["JOB_UPGRADE_REMOVED"], reason: "drained" }] },
      });
      expect(versionsOf(copy)).not.toMatchObject({ 1: { upgraded: true } });
      await generate({ cwd: copy.folder });

      delete lock.jobs.mail.versions[1];
      copy.write("jobs.lock.json", JSON.stringify(lock));
      await generate({ cwd: copy.folder });
      expect(Object.keys(versionsOf(copy) as object)).toEqual(["2"]);
    });
  });

  it("keeps the reason of a breaking change that somebody accepts", async () => {
    const accept = { jobs: ["mail"], reason: "never deployed" };
    const { lock } = await after(mail("subject: z.number()"), { accept });
    expect(lock).toMatchObject({
      jobs: { mail: { versions: { 1: { accepted: [{ rules: ["TYPE_CHANGED"], reason: "never deployed" }] } } } },
    });
  });

  it.each([
    ["mails", "Did you mean mail?"],
    ["elsewhere", "`jobwright codegen` names what would break."],
  ])("refuses leave for %s, which nobody knows, and writes nothing", async (name, hint) => {
    using copy = createProject({ "jobs.schema.ts": mail("subject: z.number()") });
    copy.write("jobs.lock.json", project.read("jobs.lock.json"));
    const before = copy.list(".");
    const accept = { jobs: ["mail", name], reason: "r" };
    await expect(generate({ cwd: copy.folder, accept })).rejects.toMatchObject({
      code: "JW_UNKNOWN_JOB",
      message: `Neither the schema nor its lock has a job or workflow ${name}. Nothing was written.`,
      hint,
    });
    expect(copy.list(".")).toEqual(before);
    expect(copy.read("jobs.lock.json")).toBe(project.read("jobs.lock.json"));
  });

  it("lets one job break its contract, and no other", async () => {
    const two = (type: string): string =>
      mail(`subject: ${type}`).replace("  mail:", `  post: job({ input: ${type} }),\n  mail:`);
    using copy = createProject({ "jobs.schema.ts": two("z.string()") });
    await generate({ cwd: copy.folder });
    copy.write("jobs.schema.ts", two("z.number()"));
    const error = await generate({ cwd: copy.folder, accept: { jobs: ["post"], reason: "r" } }).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({
      code: "JW_CONTRACT_BREAKING",
      details: { diagnostics: [{ job: "mail" }, { job: "mail" }] },
    });
  });

  it("refuses to lose a job, knows it under another name, and retires it with a reason", async () => {
    const renamed = schema("  post: job({ input: z.object({ to: z.string(), subject: z.string().max(80) }) }),");
    expect(await refused(renamed)).toContain("JOB_RENAMED");
    expect(await refused(renamed)).toContain("It looks like post.");
    const other = schema("  post: job({ input: z.string() }),");
    expect(await refused(other)).toContain("JOB_DELETED");
    const { lock } = await after(other, { accept: { jobs: ["mail"], reason: "queue is empty" } });
    expect(lock).toMatchObject({ jobs: { post: {} }, retired: { mail: { reason: "queue is empty" } } });
  });

  it("remembers the type of a field that is gone", async () => {
    using copy = createProject({ "jobs.schema.ts": mail("at: z.string().optional()") });
    await generate({ cwd: copy.folder });
    copy.write("jobs.schema.ts", mail(""));
    await generate({ cwd: copy.folder });
    copy.write("jobs.schema.ts", mail("at: z.number().optional()"));
    await expect(generate({ cwd: copy.folder })).rejects.toMatchObject({
      code: "JW_CONTRACT_BREAKING",
      message: expect.stringContaining("FIELD_REUSED"),
    });
  });

  it("is fresh after codegen, and stale after a compatible change", async () => {
    using copy = createProject({ "jobs.schema.ts": mail("") });
    await generate({ cwd: copy.folder });
    expect(await check({ cwd: copy.folder })).toMatchObject({ fresh: true });
    copy.write("jobs.schema.ts", mail("", "maxCrashes: 4"));
    const { stale } = await check({ cwd: copy.folder });
    expect(stale.map(({ file }) => file)).toContain("jobs.lock.json");
  });

  it("refuses a lock that a merge has left in pieces", async () => {
    using copy = createProject({ "jobs.schema.ts": mail(""), "jobs.lock.json": "<<<<<<< HEAD\n{}" });
    await expect(generate({ cwd: copy.folder })).rejects.toMatchObject({ code: "JW_LOCK_INVALID" });
  });
});
