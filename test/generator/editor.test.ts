import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { type LanguageServer, placeOf, servers, startLanguageServer } from "./support/language-server.ts";
import { imports } from "./support/problems.ts";
import { createProject, type Project } from "./support/project.ts";

const schema = `${imports}
/** A postal address. */
export const Address = z.object({ city: z.string() }).meta({ id: "address" });

const money = z.object({ amount: z.bigint() });

export default defineJobs({
  /** Sends one email. */
  sendEmail: job({
    input: z.object({
      /** Who gets it. */
      to: z.email(),
      home: Address,
      lines: z.array(z.object({ "unit-price": money, count: z.int() }).strict()).min(1),
      pay: z.discriminatedUnion("by", [
        z.object({ by: z.literal("card"), last4: z.string() }),
        z.object({ by: z.literal("bank"), iban: z.string() }),
      ]),
    }),
    output: z.object({ messageId: z.string() }),
  }),
});
`;

const app = `import type { Jobs, SendEmailInput, SendEmailHandle, SendEmailPayload } from "./generated/index.ts";

export async function send(jobs: Jobs, input: SendEmailInput) {
  const handle = await jobs.sendEmail.enqueue({ ...input, to: "a@example.com" });
  return (await handle.result()).messageId;
}

export const handler: SendEmailHandle = async ({ to, home, lines, pay }: SendEmailPayload) => {
  const total = lines.map((line) => line["unit-price"].amount * BigInt(line.count));
  const account = pay.by === "card" ? pay.last4 : pay.iban;
  if (pay.by === "bank") return { messageId: pay.by };
  return { messageId: to + home.city + total + account };
};
`;

/** What one clicks in the application, and the line of the schema where one wants to be. */
const jumps: readonly (readonly [what: string, word: string, target: string])[] = [
  ["a job", "sendEmail", "sendEmail: job"],
  ["a type of a job's input", "SendEmailInput,", "input: z.object"],
  ["the client's type", "Jobs,", "defineJobs({"],
  ["a field of the input", 'to: "a@', "to: z.email"],
  ["a field of the output", "messageId", "messageId:"],
  ["a field of a type with a name", "city", "city:"],
  ["a field of an item", "count", "count:"],
  ["a field whose name is no identifier", '"unit-price"', '"unit-price"'],
  ["a field of a constant", "amount", "amount:"],
  ["a field of one member of a union", "iban", "iban:"],
];

describe.each(servers)("an editor with %s", (version) => {
  let project: Project;
  let server: LanguageServer;
  const file = (name: string): string => join(project.folder, name);

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema, "app.ts": app });
    project.write("tsconfig.json", tsconfig(project));
    await generate({ cwd: project.folder });
    server = startLanguageServer(version);
    server.open(file("app.ts"));
    // The first answer waits for the program to be read.
    await server.files(file("app.ts"));
  }, 180_000);

  afterAll(() => {
    server[Symbol.dispose]();
    project[Symbol.dispose]();
  });

  it("sees no error", async () => {
    expect(await server.errors(file("app.ts"))).toEqual([]);
  });

  it.each(jumps)("jumps from %s to the schema", async (_, word, target) => {
    const found = await server.definition(placeOf(file("app.ts"), word));
    expect(found).toEqual([placeOf(file("jobs.schema.ts"), target)]);
  });

  it("jumps from a field that every member of a union has to each of them", async () => {
    const found = await server.definition(placeOf(file("app.ts"), 'by === "card"'));
    const inSchema = [0, 1].map((nth) => placeOf(file("jobs.schema.ts"), "by: z.literal", nth));
    expect(found).toEqual(inSchema);
  });

  it("jumps from a member that the schema does not have to the generated file", async () => {
    const found = await server.definition(placeOf(file("app.ts"), "enqueue"));
    expect(found[0]).toMatchObject({ file: file("generated/types.d.ts") });
  });

  it("shows the flat type of a field, with its comment", async () => {
    expect(await server.hover(placeOf(file("app.ts"), 'to: "a@'))).toBe(
      "(property) SendEmailInput.to: string\nWho gets it.",
    );
    expect(await server.hover(placeOf(file("app.ts"), "sendEmail"))).toContain("Sends one email.");
  });

  it("completes fields after an edit", async () => {
    const at = placeOf(file("app.ts"), "city");
    server.change(at, { line: at.line, offset: at.offset + 4 }, "");
    expect(await server.completions(at)).toEqual(["city"]);
    server.change(at, at, "city");
    expect(await server.errors(file("app.ts"))).toEqual([]);
  });

  it("keeps the schema and zod out of the application's program", async () => {
    const names = await server.files(file("app.ts"));
    expect(names).toContain(file("generated/types.d.ts"));
    expect(names.filter((name) => /\/zod\/|jobs\.schema/.test(name))).toEqual([]);
  });
});

/** Only the application: with \`include\`, the editor would load the schema as well, as a file of its own. */
function tsconfig({ read }: Project): string {
  const { compilerOptions } = JSON.parse(read("tsconfig.json")) as { compilerOptions: object }; // what createProject wrote
  const options = {
    ...compilerOptions,
    target: "es2023",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  return JSON.stringify({ compilerOptions: { ...options, types: ["node"] }, files: ["app.ts"] });
}
