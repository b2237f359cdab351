import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate, type GenerateReport } from "../../../generator/index.ts";
import { JobwrightError } from "../../../runtime/contract/errors.ts";
import { report } from "../support/problems.ts";
import { createProject, type Project } from "../support/project.ts";

const schema = (workflows: string): string => `import { defineJobs, job, workflow } from "jobwright/schema";
import { z } from "zod";
export default defineJobs({
  mail: job({ input: z.object({ to: z.string() }) }),
${workflows}
});
`;
interface Shape {
  readonly input?: string;
  readonly signal?: string;
  readonly more?: string;
}
const greet = (
  { input = "to: z.string()", signal = "by: z.string()", more = "" }: Shape = {},
  name = "greet",
): string =>
  `  ${name}: workflow({
    input: z.object({ ${input} }),
    nodes: ({ input, nodes }) => ({
      approved: { signal: z.object({ ${signal} }) },
      mail: { job: "mail", input: { to: input.to }, after: { approved: "succeeded" } },${more}
    }),
  }),`;
const around = `  around: workflow({
    input: z.object({}),
    nodes: () => ({ inner: { workflow: "greet", input: { to: "a" } } }),
  }),`;

describe("workflows in the lock", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema([around, greet()].join("\n")) });
    await generate({ cwd: project.folder });
  });
  afterAll(() => project[Symbol.dispose]());

  /** In a copy of the project, whose lock is that of the first schema. */
  async function after(workflows: string, options: object = {}): Promise<GenerateReport & { readonly lock: string }> {
    const lock = project.read("jobs.lock.json");
    using copy = createProject({ "jobs.schema.ts": schema(workflows), "jobs.lock.json": lock });
    const done = await generate({ cwd: copy.folder, ...options });
    return { ...done, lock: copy.read("jobs.lock.json") };
  }
  const changed = (shape: Shape, options?: object) => after([around, greet(shape)].join("\n"), options);

  async function refused(done: Promise<unknown>): Promise<string> {
    const error: unknown = await done.catch((reason: unknown) => reason);
    if (!JobwrightError.is(error)) throw new Error("nothing was refused");
    return report(error);
  }

  const rulesOf = ({ changes }: GenerateReport): readonly string[] =>
    changes.flatMap(({ job, findings }) => findings.map(({ rule, severity }) => `${job} ${severity} ${rule}`));

  it("have their inputs and the payloads of their own signals there, sorted, one small part per line", () => {
    const { workflows } = JSON.parse(project.read("jobs.lock.json")) as { readonly workflows: object };
    expect(Object.keys(workflows)).toEqual(["around", "greet"]);
    expect(project.read("jobs.lock.json").split('  "workflows": ')[1]).toMatchInlineSnapshot(`
      "{
          "around": {
            "versions": {
              "1": {
                "contract": { "input": { "kind": "object", "others": "strip", "properties": {} } }
              }
            }
          },
          "greet": {
            "versions": {
              "1": {
                "contract": {
                  "input": { "kind": "object", "others": "strip", "properties": { "to": { "type": { "kind": "string" } } } },
                  "signals": {
                    "approved": {
                      "kind": "object",
                      "others": "strip",
                      "properties": { "by": { "type": { "kind": "string" } } }
                    }
                  }
                }
              }
            }
          }
        }
      }
      "
    `);
  });

  it("are refused with a breaking change of an input, its place, its direction and the ways out", async () => {
    expect(await refused(changed({ input: "to: z.string().max(70)" }))).toMatchInlineSnapshot(`
      "JW_CONTRACT_BREAKING jobs.schema.ts:10:23
      greet.input.to: LIMIT_TIGHTENED, old producer → new worker. A limit is narrower. What was stored before may lie outside.
         8 |   }),
         9 |   greet: workflow({
      > 10 |     input: z.object({ to: z.string().max(70) }),
           |                       ^
        11 |     nodes: ({ input, nodes }) => ({
      → Make it compatible; or declare it under another name, and keep this one until its flows have ended; or take it upon yourself: \`jobwright accept greet --reason "…"\`.
      "
    `);
  });

  it("are refused with a breaking change of what a signal carries", async () => {
    expect(await refused(changed({ signal: "by: z.number()" }))).toMatchInlineSnapshot(`
      "JW_CONTRACT_BREAKING jobs.schema.ts:12:38
      greet.nodes.approved.signal.by: TYPE_CHANGED, old producer → new worker. A value is of another kind. Add a field with another name, and keep the old one for a while.
        10 |     input: z.object({ to: z.string() }),
        11 |     nodes: ({ input, nodes }) => ({
      > 12 |       approved: { signal: z.object({ by: z.number() }) },
           |                                      ^
        13 |       mail: { job: "mail", input: { to: input.to }, after: { approved: "succeeded" } },
      → Make it compatible; or declare it under another name, and keep this one until its flows have ended; or take it upon yourself: \`jobwright accept greet --reason "…"\`.

      JW_CONTRACT_BREAKING jobs.schema.ts:12:38
      greet.nodes.approved.signal.by: TYPE_CHANGED, new producer → old worker. A value is of another kind. Add a field with another name, and keep the old one for a while.
        10 |     input: z.object({ to: z.string() }),
        11 |     nodes: ({ input, nodes }) => ({
      > 12 |       approved: { signal: z.object({ by: z.number() }) },
           |                                      ^
        13 |       mail: { job: "mail", input: { to: input.to }, after: { approved: "succeeded" } },
      → Make it compatible; or declare it under another name, and keep this one until its flows have ended; or take it upon yourself: \`jobwright accept greet --reason "…"\`.
      "
    `);
  });

  it.each<[string, Shape, readonly string[]]>([
    ["an optional field", { input: "to: z.string(), html: z.boolean().optional()" }, []],
    ["another graph", { more: '\n      again: { job: "mail", input: { to: "b" }, after: { mail: "failed" } },' }, []],
  ])("may get %s", async (_, shape, rules) => {
    const found = rulesOf(await changed(shape)).map((rule) => rule.split(" ").at(-1));
    expect(found).toEqual(rules);
  });

  it("keep the reason of who takes a change upon himself", async () => {
    const accept = { jobs: ["greet"], reason: "No flow is open." };
    const { lock } = await changed({ signal: "by: z.number()" }, { accept });
    expect(lock).toContain('"reason": "No flow is open."');
    expect(lock).toContain('"rules": ["TYPE_CHANGED"]');
  });

  it("are not to be left out or have their names used again for something else", async () => {
    expect(await refused(after(greet({}, "welcome")))).toContain("greet: WORKFLOW_DELETED");
    const accept = { jobs: ["greet", "around"], reason: "All are done." };
    const { lock } = await after(greet({}, "welcome"), { accept });
    using copy = createProject({
      "jobs.schema.ts": schema(greet({ input: "to: z.string(), cc: z.string()" })),
      "jobs.lock.json": lock,
    });
    const reused = generate({ cwd: copy.folder, accept: { jobs: ["welcome"], reason: "x" } });
    expect(await refused(reused)).toContain("greet: WORKFLOW_RETIRED_NAME_REUSED");
  });

  it("may be there for the first time", async () => {
    expect(rulesOf(await after([around, greet(), greet({}, "welcome")].join("\n")))).toEqual([
      "welcome compatible WORKFLOW_ADDED",
    ]);
  });
});
