import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { diagnosticsOf, imports, refusal } from "./support/problems.ts";
import { type LanguageServer, placeOf, startLanguageServer } from "./support/language-server.ts";
import { createProject, linkPackage, type Project, repository } from "./support/project.ts";

const billing = `${imports}
import { workflow } from "jobwright/schema";
export default defineJobs({
  /** Charges an account. */
  charge: job({
    input: z.object({
      /** How much. */
      cents: z.int(),
      due: z.date(),
    }),
    output: z.object({ paid: z.date() }),
    queue: "money",
  }),
  close: workflow({
    input: z.object({ due: z.date() }),
    output: z.object({ paid: z.date() }),
    nodes: ({ input }) => ({ first: { job: "charge", input: { cents: 5, due: input.due } } }),
    result: ({ nodes }) => ({ paid: nodes.first.output.paid }),
  }),
});
`;

const schema = `${imports}
import billing from "./billing/jobs.schema.ts";
export default defineJobs({ ping: job({ input: z.string() }), billing });
`;

const app = `import { sqlite } from "jobwright/sqlite";
import { createJobs, createWorker, type JobHandlers } from "./generated/index.ts";

const billing: JobHandlers["billing"] = { charge: async ({ cents, due }) => ({ paid: new Date(due.getTime() + cents) }) };
const provider = sqlite(":memory:");
const jobs = await createJobs({ provider });
const worker = await createWorker({ provider, queues: { money: 1 }, handlers: { billing } });
await worker.start();
const handle = await jobs.billing.charge.enqueue({ cents: 7, due: new Date(0) });
const { paid } = await handle.result();
const flow = await jobs.billing.close.enqueue({ due: new Date(0) });
const closed = await flow.result();
const chain = await jobs.$flow.chain(jobs.billing.charge.node({ cents: 1, due: new Date(0) })).enqueue();
const { nodes } = await chain.status();
await chain.result();
const page = await jobs.$control.list({ names: ["billing.charge"] });
const missing = await createWorker({ provider, handlers: { ping: () => {} } as unknown as JobHandlers }).catch((e: Error) => e.message);
console.log(JSON.stringify({ name: jobs.billing.charge.name, paid, closed, stored: page.jobs.map(({ name }) => name), nodes: nodes.map(({ name }) => name), missing }));
await worker.stop();
await provider.stop();
`;

function run({ folder }: Project, file: string): unknown {
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(folder, "tsconfig.json") };
  const tsx = join(repository, "node_modules/tsx/dist/cli.mjs");
  return JSON.parse(execFileSync(process.execPath, [tsx, file], { cwd: folder, env, encoding: "utf8" }));
}

describe("jobs of a namespace", () => {
  let project: Project;
  let server: LanguageServer;
  const file = (name: string): string => join(project.folder, name);

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema, "billing/jobs.schema.ts": billing, "app.ts": app });
    await generate({ cwd: project.folder });
    server = startLanguageServer("typescript");
    server.open(file("app.ts"));
    await server.files(file("app.ts"));
  }, 180_000);

  afterAll(() => {
    server[Symbol.dispose]();
    project[Symbol.dispose]();
  });

  it("are enqueued, stored, run and awaited under their full names", () => {
    expect(run(project, "app.ts")).toEqual({
      name: "billing.charge",
      paid: "1970-01-01T00:00:00.007Z",
      closed: { paid: "1970-01-01T00:00:00.005Z" },
      stored: ["billing.charge", "billing.charge", "billing.charge"],
      nodes: ["billingCharge"],
      missing: "No handler for billing.charge.",
    });
  });

  it.each([
    ["the job", "charge.enqueue", "charge: job"],
    ["a field of its input", "cents: 7", "cents: z.int"],
    ["a field of its output", "paid } = await", "paid: z.date"],
  ])("lead an editor to %s in the file that declares it", async (_, word, target) => {
    const found = await server.definition(placeOf(file("app.ts"), word));
    expect(found).toEqual([placeOf(file("billing/jobs.schema.ts"), target)]);
  });

  it("have the comments of the file that declares them", async () => {
    expect(await server.hover(placeOf(file("app.ts"), "charge.enqueue"))).toContain("Charges an account.");
    expect(await server.hover(placeOf(file("app.ts"), "cents: 7"))).toContain("How much.");
  });
});

describe("a job that moves into a namespace", () => {
  it("is another one to the lock, which has kept the old one", async () => {
    const before = `${imports}export const jobs = { charge: job({ input: z.string() }) };\n`;
    using project = createProject({ "jobs.schema.ts": `${before}export default defineJobs(jobs);\n` });
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", `${before}export default defineJobs({ billing: defineJobs(jobs) });\n`);
    await expect(generate({ cwd: project.folder })).rejects.toThrow(
      /charge: JOB_RENAMED\..* Keep the old definition until its jobs are done\. It looks like billing\.charge\./,
    );
    project.write("jobs.schema.ts", `${before}export default defineJobs({ ...jobs, billing: defineJobs(jobs) });\n`);
    await generate({ cwd: project.folder });
    const lock = JSON.parse(project.read("jobs.lock.json")) as { readonly jobs: object }; // as written
    expect(Object.keys(lock.jobs)).toEqual(["billing.charge", "charge"]);
  });
});

describe("problems of a namespace", () => {
  it.each([
    ["that defineJobs finds", "charge: job({ input: z.string(), priority: 0.5 })", "charge"],
    ["that codegen finds", "charge: job({ input: z.object({ at: z.symbol() }) })", "billing.charge"],
  ])("%s are told at their place in the file that declares it", async (_, declaration, name) => {
    const error = await refusal({
      "jobs.schema.ts": schema,
      "billing/jobs.schema.ts": `${imports}\n\nexport default defineJobs({\n  ${declaration},\n});\n`,
    });
    const [first, ...others] = diagnosticsOf(error);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ file: "billing/jobs.schema.ts", line: 6, job: name });
    expect(first?.frame).toContain(`> 6 |   ${declaration}`);
  });
});

describe("a package of a workspace", () => {
  it("is a namespace like a file, and its comments and brands are read", async () => {
    using project = createProject({
      "jobs.schema.ts": `${imports}import billing from "@acme/billing";\nexport default defineJobs({ billing });\n`,
      "packages/billing/package.json": '{ "name": "@acme/billing", "type": "module", "exports": "./jobs.ts" }',
      "packages/billing/jobs.ts": `${imports}
/** Money. */
const cents = z.int().brand<"Cents">();
export default defineJobs({
  /** Charges an account. */
  charge: job({ input: z.object({ cents }) }),
});
`,
    });
    linkPackage(project, "@acme/billing", "packages/billing");
    await generate({ cwd: project.folder });
    const types = project.read("generated/types.d.ts");
    expect(types).toContain("/** Charges an account. */\n    readonly charge: BillingChargeHandler");
    expect(types).toContain('cents: number & $brand<"Cents">;');
    expect(project.read("generated/types.d.ts.map")).toContain('"../packages/billing/jobs.ts"');
  });
});
