import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";

const billing = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
export const billing = defineJobs({
  charge: job({ input: z.object({ cents: z.int() }), output: z.object({ at: z.date() }), queue: "money" }),
  eu: defineJobs({ report: job({ input: z.object({ year: z.int() }), queue: "reports" }) }),
});
`;

const schema = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
import { billing } from "./billing.ts";
const all = defineJobs({
  sendEmail: job({ input: z.object({ to: z.email() }), queue: "mail" }),
  refund: job({ input: z.object({ cents: z.int() }), queue: "money", transactional: true }),
  billing,
});
export default all;
export const cents: z.ZodObject<{ cents: z.ZodInt }> = all.jobs["billing.charge"].input;
export const year: z.ZodObject<{ year: z.ZodInt }> = all.jobs["billing.eu.report"].input;
// @ts-expect-error There is no such job.
export const none: unknown = all.jobs["billing.pay"];
// @ts-expect-error A namespace is what defineJobs returns.
export const plain = (): unknown => defineJobs({ billing: { charge: job({ input: z.string() }) } });
`;

const imports = `
import type { Provider } from "jobwright/codegen/v1";
import { createWorker, type BillingChargeHandle, type JobHandlers, type Jobs } from "./generated/index.ts";
declare const provider: Provider;
declare const jobs: Jobs;
declare const charge: BillingChargeHandle;
declare const billing: JobHandlers["billing"];
export const used = [provider, jobs, charge, billing, createWorker];
`;

const worker = (queues: string, handlers: string, more = ""): string =>
  `void createWorker({ provider, queues: { ${queues} }, handlers: ${handlers}, ${more} });`;

const right: readonly string[] = [
  "void jobs.billing.charge.enqueue({ cents: 1 }).then((job) => job.result()).then(({ at }) => at.getTime());",
  "void jobs.billing.eu.report.enqueue({ year: 2026 });",
  "void jobs.$flow;",
  'void jobs.billing.charge.on("succeeded", ({ job, output }) => `${job satisfies "billing.charge"}${output.at.getTime()}`);',
  "const all: JobHandlers = { sendEmail: () => {}, refund: async () => {}, billing: { charge, eu: { report: () => {} } } }; void all;",
  worker("mail: 1", "{ sendEmail: ({ to }) => void to.length }"),
  worker("reports: 1", "{ billing: { eu: { report: ({ year }) => void year.toFixed() } } }"),
  worker("reports: 1, mail: 2", "{ sendEmail: () => {}, billing: { eu: { report: () => {} } } }"),
  worker("reports: 1", "{ billing }"),
  worker("reports: 1", "{ billing: { eu: { report: (_, ctx) => void ctx.db } } }", "context: () => ({ db: 1 })"),
  `${worker("mail: 1", "{ sendEmail: () => {} }").slice(0, -1)}.then((made) => made.on("succeeded", (event) => (event.job === "billing.charge" ? event.output.at : event.id)));`,
];

const wrong: readonly (readonly [what: string, statement: string, message: string])[] = [
  ["a job at the root", "void jobs.charge;", "'charge' does not exist"],
  ["a job that the namespace lacks", "void jobs.billing.pay;", "'pay' does not exist"],
  ["a namespace as a job", "void jobs.billing.enqueue({});", "'enqueue' does not exist"],
  ["a dotted name", 'void jobs["billing.charge"];', "'billing.charge' does not exist"],
  ["another input", 'void jobs.billing.charge.enqueue({ cents: "1" });', "'string' is not assignable"],
  ["a missing namespace", worker("reports: 1", "{}"), "'billing' is missing"],
  ["a missing namespace within", worker("reports: 1", "{ billing: {} }"), "'eu' is missing"],
  ["a missing handler", worker("reports: 1", "{ billing: { eu: {} } }"), "'report' is missing"],
  [
    "a handler of another queue",
    worker("mail: 1", "{ sendEmail: () => {}, billing: { charge } }"),
    "'billing' does not exist",
  ],
  [
    "a handler of another queue within",
    worker("reports: 1", "{ billing: { charge, eu: { report: () => {} } } }"),
    "'charge' does not exist",
  ],
  [
    "a handler that returns something else",
    worker("money: 1", "{ billing: { charge: () => ({ at: 1 }) } }"),
    "'number' is not assignable",
  ],
  [
    "a flat handler",
    worker("mail: 1", '{ sendEmail: () => {}, "billing.charge": charge }'),
    '"billing.charge"\' does not exist',
  ],
  [
    "a transactional job on a provider without transactions",
    worker("money: 1", "{ billing: { charge }, refund: async () => {} }"),
    "to type 'never'",
  ],
];

describe("namespaces, to the compiler", () => {
  let project: Project;
  let errors: readonly string[];
  const firstLine = imports.split("\n").length;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema, "billing.ts": billing });
    await generate({ cwd: project.folder });
    project.write("wrong.ts", `${imports}${wrong.map(([, statement]) => statement).join("\n")}\n`);
    project.write("right.ts", `${imports}${right.join("\n")}\n`);
    errors = project.compile().split(/\n(?! )/);
  });

  afterAll(() => project[Symbol.dispose]());

  it("are right where they are used as they should be", () => {
    expect(errors.filter((error) => !error.startsWith("wrong.ts"))).toEqual([]);
  });

  it.each(wrong.map(([what, , message], index) => [what, message, firstLine + index] as const))(
    "leave no place for %s",
    (_, message, line) => {
      expect(errors.find((error) => error.startsWith(`wrong.ts(${line},`)) ?? "no error").toContain(message);
    },
  );
});
