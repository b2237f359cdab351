import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";

const schema = `
import { defineJobs, job, workflow } from "jobwright/schema";
import { z } from "zod";
export default defineJobs({
  resize: job({ input: z.object({ picture: z.string(), width: z.number().optional() }), output: z.object({ file: z.string(), note: z.string().optional(), at: z.date() }) }),
  sheet: job({ input: z.object({ images: z.array(z.object({ file: z.string() })) }), output: z.object({ file: z.string(), pages: z.number() }) }),
  mail: job({ input: z.object({ to: z.string(), at: z.date().optional() }), errors: { Bounced: z.object({ code: z.number() }) } }),
  report: job({ input: z.object({ how: z.unknown() }) }),
  keep: job({ input: z.object({ data: z.json().optional(), size: z.tuple([z.string(), z.number()]).optional() }) }),
  album: workflow({
    input: z.object({ pictures: z.array(z.string()), title: z.string().default("Album") }),
    output: z.object({ file: z.string() }),
    nodes: ({ input, nodes }) => ({
      resize: { job: "resize", each: input.pictures, input: (picture) => ({ picture }) },
      sheet: { job: "sheet", input: { images: nodes.resize.output }, after: { approved: "succeeded" } },
      approved: { signal: z.object({ by: z.string(), at: z.date() }) },
      go: { signal: z.string().optional() },
    }),
    result: ({ nodes }) => ({ file: nodes.sheet.output.file }),
  }),
  silent: workflow({ input: z.string(), nodes: ({ input }) => ({ mail: { job: "mail", input: { to: input } } }) }),
});
`;

const imports = `
import type { FlowClient, NodeOutcome, TransactionKind } from "jobwright/codegen/v1";
import type { HandlersFor, Jobs, JobHandlers, QueueName } from "./generated/index.ts";
declare const jobs: Jobs;
export type Used = [FlowClient, NodeOutcome<string>, TransactionKind, HandlersFor<QueueName>, JobHandlers];
export const used = jobs;
`;

const resize = 'jobs.resize.node({ picture: "a" })';
const draw = (body: string): string =>
  `void jobs.$flow.enqueue((flow) => { const small = flow.add(${resize}); ${body} });`;
const onAlbum = (use: string): string => `void jobs.album.enqueue({ pictures: [] }).then((flow) => ${use});`;

/** What a user may write, one statement each. */
const right: readonly string[] = [
  onAlbum("flow.result().then(({ file }) => file.length)"),
  onAlbum('flow.signal("approved", { by: "Ada", at: new Date() })'),
  onAlbum('flow.signal("go")'),
  onAlbum('flow.signal("go", "now")'),
  draw("flow.add(jobs.album.node({ pictures: [small.output.file] }));"),
  'void jobs.album.handle("1").settled().then((end) => (end.status === "succeeded" ? end.output.file : end.reason));',
  'void jobs.silent.enqueue("a").then((flow) => flow.result()).then((nothing: undefined) => nothing);',
  draw("flow.add(jobs.sheet.node({ images: [small.output] }));"),
  draw("flow.add(jobs.mail.node({ to: small.output.file, at: small.output.at }));"),
  draw("flow.add(jobs.report.node({ how: small.outcome }));"),
  draw(
    "flow.add(jobs.keep.node({ data: { deep: [1, [small.output.file], { file: small.output.file }], at: null } }));",
  ),
  draw("flow.add(jobs.keep.node({ data: small.output.file, size: [small.output.file, 1] }));"),
  draw(
    'flow.add(jobs.album.node({ pictures: [small.output.file], title: "a" }, { delay: "1m" }), { after: [[small, "succeeded"]] });',
  ),
  draw('flow.add(jobs.mail.node({ to: flow.map(["a"], (picture) => jobs.resize.node({ picture })).name }));'),
  draw('flow.add(jobs.mail.node({ to: "a" }), { if: jobs.$flow.eq(small.output.file, "a") });'),
  `void jobs.$flow.chain(${resize}).next((small) => jobs.mail.node({ to: small.output.file })).enqueue();`,
  `void jobs.$flow.chain(${resize}).next((small) => jobs.sheet.node({ images: [small.output] })).enqueue().then((flow) => flow.result()).then(({ pages }) => pages.toFixed());`,
  `void jobs.$flow.batch([${resize}, ${resize}], { follow: (all) => jobs.sheet.node({ images: all.output }) });`,
  `void jobs.$flow.batch([${resize}]).then((flow) => flow.result()).then(([first]) => first?.status === "succeeded" && first.output.file);`,
  'void jobs.$flow.handle("1").signal("anything", 1);',
  'export const handlers: JobHandlers = { resize: () => ({ file: "", at: new Date() }), sheet: () => ({ file: "", pages: 1 }), mail: () => {}, report: () => {}, keep: () => {} };',
];

/** What must be refused, and a part of the compiler's message. */
const wrong: readonly (readonly [statement: string, message: string])[] = [
  ["void jobs.album.enqueue({ picture: [] });", "'picture' does not exist"],
  ["void jobs.album.enqueue({ pictures: [1] });", "not assignable to type 'string'"],
  ["void jobs.album.enqueue({});", "'pictures' is missing"],
  [onAlbum("flow.result().then(({ sheet }) => sheet)"), "'sheet' does not exist"],
  [onAlbum('flow.signal("approved", { by: 1, at: new Date() })'), "not assignable to type 'string'"],
  [onAlbum('flow.signal("approved")'), "Expected 2 arguments"],
  [onAlbum('flow.signal("aproved", { by: "Ada", at: new Date() })'), "'\"aproved\"' is not assignable"],
  [draw("flow.add(jobs.mail.node({ to: small.output.at }));"), "not assignable to type"],
  [draw("flow.add(jobs.mail.node({ to: small.output.flie }));"), "'flie' does not exist"],
  [draw("flow.add(jobs.mail.node({ to: small.output.note }));"), "not assignable to type"],
  [draw("flow.add(jobs.mail.node({ to: small.maybe.file }));"), "not assignable to type"],
  [draw("flow.add(jobs.mail.node({ too: small.output.file }));"), "'too' does not exist"],
  [draw("flow.add(jobs.mail.node({ to: small.outcome.output }));"), "'output' does not exist"],
  [draw("flow.add(jobs.keep.node({ data: { deep: [small.output.at] } }));"), "not assignable to type"],
  [draw("flow.add(jobs.keep.node({ size: [1, small.output.file] }));"), "not assignable to type"],
  [draw("flow.add(jobs.keep.node({ size: [small.output.file] }));"), "not assignable to type"],
  [draw("flow.add(jobs.keep.node({ size: [small.output.file, 1, 2] }));"), "not assignable to type"],
  [draw('flow.add(jobs.mail.node({ to: "a" }), { after: [[small, "done"]] });'), "not assignable to type"],
  [draw('flow.add(jobs.mail.node({ to: "a" }), { if: small.output.file });'), "not assignable to type"],
  [draw('flow.add(jobs.album.node({ title: "a" }));'), "'pictures' is missing"],
  [
    `void jobs.$flow.chain(${resize}).next((small) => jobs.mail.node({ to: small.output.pages }));`,
    "'pages' does not exist",
  ],
  [
    `void jobs.$flow.batch([${resize}], { follow: (all) => jobs.sheet.node({ images: all.outcome }) });`,
    "not assignable to type",
  ],
  ['void jobs.$flow.chain(jobs.mail.handle("1"));', "not assignable to parameter"],
  [
    'export const handlers: JobHandlers = { resize: () => ({ file: "", at: new Date() }), sheet: () => ({ file: "", pages: 1 }), mail: () => {}, report: () => {}, keep: () => {}, album: () => {} };',
    "'album' does not exist",
  ],
];

describe("the types of flows", () => {
  let project: Project;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
    // What the compiler says of the schema is not the question here.
    project.write("jobs.schema.ts", "export {};\n");
  });

  afterAll(() => project[Symbol.dispose]());

  it("let through what is right, and refuse what is wrong, each for its reason", () => {
    right.forEach((statement, index) => project.write(`right${index}.ts`, `${imports}${statement}\n`));
    wrong.forEach(([statement], index) => project.write(`wrong${index}.ts`, `${imports}${statement}\n`));
    const output = project.compile();
    const others = output.split("\n").filter((line) => line !== "" && !/^(wrong| )/.test(line));
    expect(others).toEqual([]);
    const unsaid = wrong.filter(([, message], index) => !saidOf(output, `wrong${index}.ts`).includes(message));
    expect(
      unsaid.map(([statement], index) => [statement, index]),
      output,
    ).toEqual([]);
  }, 240_000);
});

/** The message of one file, with the lines that explain it. */
function saidOf(output: string, file: string): string {
  const lines = output.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`${file}(`));
  if (from < 0) return "";
  const rest = lines.slice(from + 1).findIndex((line) => !line.startsWith(" ") && !line.startsWith(file));
  return lines.slice(from, rest < 0 ? undefined : from + 1 + rest).join("\n");
}
