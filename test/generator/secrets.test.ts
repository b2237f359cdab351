import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import { redactText } from "../../runtime/core/redaction.ts";
import { createProject, linkToSource, type Project, repository } from "./support/project.ts";

const canary = "DE89-3704-0044";
const schema = readFileSync(join(repository, "test/generator/golden/secrets/jobs.schema.ts"), "utf8");

/** A value with the canary at every marked place of the job `everywhere` of the golden scenario. */
const everywhere = {
  password: canary,
  trimmed: canary,
  card: { number: canary, cvc: canary },
  plain: "in clear",
  list: [
    { token: canary, n: 1 },
    { token: canary, n: 2 },
  ],
  set: new Set([canary, `${canary}-2`]),
  map: new Map([["a", canary]]),
  hidden: new Map([[canary, 1]]),
  record: { a: canary, b: canary },
  keys: { [canary]: 1 },
  tuple: ["in clear", canary, canary],
  dotted: { "a.b": canary, n: 1 },
  option: { type: "card", number: canary },
  both: { left: canary, right: canary },
  parsed: canary,
  url: `https://${canary}@example.com`,
  later: { token: canary },
  rest: { id: "in clear", other: canary },
};

describe("marks of sensitive values", () => {
  const projects: Project[] = [];

  async function generated(text: string): Promise<Project> {
    const project = createProject({ "jobs.schema.ts": text });
    projects.push(project);
    await generate({ cwd: project.folder });
    return project;
  }

  let descriptor: SchemaDescriptor;

  beforeAll(async () => {
    const project = await generated(schema);
    linkToSource(project, "generated/codecs.ts", "generated/parsers.ts");
    const module: unknown = await import(join(project.folder, "generated/descriptor.ts"));
    ({ descriptor } = module as { readonly descriptor: SchemaDescriptor }); // as generated
  });

  afterAll(() => {
    for (const project of projects) project[Symbol.dispose]();
  });

  it("lead to every such value as it is stored, whatever holds it", () => {
    const job = descriptor.jobs.find(({ name }) => name === "everywhere");
    const text = JSON.stringify(job?.input?.encode(everywhere));
    expect(text.split(canary).length - 1).toBe(23);
    const shown = redactText(text, job?.sensitive?.input ?? []);
    expect(shown).not.toContain(canary);
    expect(JSON.parse(shown)).toMatchObject({
      plain: "in clear",
      list: [{ token: "[redacted]", n: 1 }, { n: 2 }],
      map: [["a", "[redacted]"]],
      hidden: [["[redacted]", 1]],
      option: { type: "card", number: "[redacted]" },
    });
  });

  it("of a schema that recurs hide all of its second level", () => {
    const job = descriptor.jobs.find(({ name }) => name === "recursive");
    const person = { name: "a", ssn: canary, children: [{ name: "b", ssn: canary, children: [] }] };
    expect(redactText(JSON.stringify(person), job?.sensitive?.input ?? [])).toBe(
      '{"name":"a","ssn":"[redacted]","children":["[redacted]"]}',
    );
  });

  it("change no type", async () => {
    const [marked, plain] = [await generated(schema), await generated(schema.replaceAll("sensitive: true", ""))];
    const types = (project: Project): string => project.read("generated/types.d.ts").replace(/^\/\/ Model .*$/m, "");
    expect(types(marked)).toBe(types(plain));
    expect(plain.read("generated/descriptor.ts")).not.toContain("sensitive");
  });
});
