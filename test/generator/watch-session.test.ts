import { rmSync } from "node:fs";
import { assert, asyncProperty, array, constantFrom, oneof, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { generate, generateIn } from "../../generator/generate.ts";
import { createSession } from "../../generator/session.ts";
import { imports } from "./support/problems.ts";
import { createProject, type Project } from "./support/project.ts";

const inputs = [
  "z.string()",
  "z.object({ /** When. */ at: z.date(), total: z.bigint().optional() })",
  "Shared",
  "z.object({ part: Part, tree: Tree.optional() })",
  "Tree",
  "z.object({ id: Id, kind: z.enum(Kind) })",
  "z.array(z.object({ v: z.union([z.date(), z.literal(1n)]) }))",
  "z.object({ name: Name, left: Tree })",
  // Holds code, which only a whole run reads.
  'z.string().refine((text) => text !== "no")',
  // Refused, each in another step.
  "z.function()",
  "z.array(z.string().nullish())",
  "Missing",
];
const rests = [
  "",
  ", output: z.object({ ok: z.boolean(), shared: Shared.optional() })",
  ', errors: { Full: z.object({ /** For how long. */ seconds: z.number() }) }, description: "Sends."',
  ', progress: z.int(), queue: "other", unique: true',
  ", retry: 3, output: Tree",
];
const shared = ["z.object({ /** A. */ a: z.string() })", "z.object({ a: z.number().default(1) })", "z.date()"];
const parts = ["z.object({ v: z.string() })", "z.object({ v: z.map(z.string(), z.date()) })"];
const comments = ["", "/** Says a. */", "/**\n * Says b.\n * @deprecated Not any more.\n */"];

/** Fits most inputs of `first`, and is refused with others. */
const flow = `  flow: workflow({
    input: Shared,
    nodes: ({ input }) => ({ begin: { job: "first", input } }),
  }),
`;

interface State {
  jobs: Record<string, { input: string; rest: string; comment: string; version: number }>;
  shared: string;
  part: string;
  isExported: boolean;
}

const edit = oneof(
  record({
    kind: constantFrom("job" as const),
    name: constantFrom("a", "b", "tree"),
    input: constantFrom(...inputs),
    rest: constantFrom(...rests),
    comment: constantFrom(...comments),
  }),
  record({ kind: constantFrom("reverse" as const) }),
  record({ kind: constantFrom("drop" as const), name: constantFrom("a", "tree") }),
  // These leave what runs as it is.
  record({ kind: constantFrom("comment" as const), text: constantFrom(...comments) }),
  record({ kind: constantFrom("shared" as const), text: constantFrom(...shared) }),
  record({ kind: constantFrom("part" as const), text: constantFrom(...parts) }),
  record({ kind: constantFrom("export" as const, "line" as const) }),
);
type Edit = typeof edit extends { generate: (...args: never) => { value: infer T } } ? T : never;

const breaking: ReadonlySet<string> = new Set(["drop", "shared", "part"]);

function schemaOf({ jobs, shared: text, isExported }: State, lines: string): string {
  const entries = Object.entries(jobs).map(
    ([name, { input, rest, comment, version }]) =>
      `  ${comment}\n  ${name}: job({ version: ${version}, input: ${input}${rest} }),\n`,
  );
  const before = isExported ? "export " : "";
  return (
    `${imports}import { workflow } from "jobwright/schema";\nimport { Kind, Part } from "./part.ts";\n${lines}` +
    `${before}const Shared = ${text};\n/** A tree. */\n${before}const Tree = z.object({ v: z.date(), get left() { return Tree.optional(); } });\n` +
    `const Id = z.string().brand<"Id">();\nconst Name = z.string().meta({ id: "Name" });\nexport default defineJobs({\n${entries.join("")}${flow}});\n`
  );
}

/** All that codegen leaves in a folder, or what it says when it refuses. */
async function outcomeOf(run: Promise<unknown>, project: Project): Promise<unknown> {
  const said = await run.then(
    () => "generated",
    (error: Error) => error.message,
  );
  const names = project.list(".").includes("generated") ? project.list("generated") : [];
  const lock = project.list(".").includes("jobs.lock.json") ? project.read("jobs.lock.json") : undefined;
  return { said, lock, files: names.map((name) => [name, project.read(`generated/${name}`)]) };
}

function apply(state: State, change: Edit): void {
  if (change.kind === "job") {
    const { input, rest, comment, name } = change;
    const version = (state.jobs[name]?.version ?? 0) + 1;
    state.jobs[name] = { input, rest, comment, version };
  } else if (change.kind === "drop") Reflect.deleteProperty(state.jobs, change.name);
  else if (change.kind === "reverse") state.jobs = Object.fromEntries(Object.entries(state.jobs).reverse());
  else if (change.kind === "comment") {
    for (const job of Object.values(state.jobs)) job.comment = change.text;
  } else if (change.kind === "shared") state.shared = change.text;
  else if (change.kind === "part") state.part = change.text;
  else if (change.kind === "export") state.isExported = !state.isExported;
}

describe("a session", () => {
  it("evaluates an entry where the rest has run, until that turns out to be another thing at every run", async () => {
    const schema = (...names: readonly string[]): string => {
      const jobs = names.map((name) => `  ${name}: job({ input: z.string(), description: ran }),\n`);
      return `${imports}const ran = "Run by " + process.pid;\nexport default defineJobs({\n${jobs.join("")}});\n`;
    };
    using project = createProject({ "jobs.schema.ts": schema("a") });
    const session = createSession();
    const runs = async (...names: readonly string[]): Promise<readonly string[]> => {
      project.write("jobs.schema.ts", schema(...names));
      await generateIn(session, { cwd: project.folder });
      return [...new Set(project.read("generated/types.d.ts").match(/Run by \d+/g))];
    };
    try {
      await runs("a");
      session.prepare(() => {});
      const whole = await runs("a", "b");
      expect(whole).toHaveLength(1);
      expect(await runs("a", "b", "c")).toEqual(whole);
      session.prepare(() => {});
      // The run that would raise a doubt of the last answer is too late for this one.
      expect(await runs("a", "c", "b", "d")).toEqual(whole);
      await new Promise<void>((resolve) => session.prepare(resolve));
      const [after] = await runs("a", "c", "b", "d", "e");
      expect(after).not.toBe(whole[0]);
    } finally {
      session.close();
    }
  });

  it("gives after any sequence of edits, byte by byte, what a cold run gives", { timeout: 300_000 }, async () => {
    const property = asyncProperty(array(edit, { minLength: 5, maxLength: 7 }), async (edits) => {
      using warm = createProject({});
      using cold = createProject({});
      const session = createSession();
      let doubts = 0;
      const state: State = {
        jobs: {
          first: { input: "Shared", rest: "", comment: "/** The first. */", version: 1 },
          grown: { input: "Tree", rest: "", comment: "", version: 1 },
        },
        shared: shared[0] ?? "",
        part: parts[0] ?? "",
        isExported: false,
      };
      let lines = "";
      try {
        for (const change of [undefined, ...edits]) {
          const before = structuredClone(state);
          if (change) apply(state, change);
          if (change?.kind === "line") lines += "// moves what follows\n";
          for (const project of [warm, cold]) {
            // Else most of them would be refused.
            if (change && breaking.has(change.kind)) rmSync(`${project.folder}/jobs.lock.json`, { force: true });
            project.write(
              "part.ts",
              `import { z } from "zod";\nexport enum Kind { A = "a" }\nexport const Part = ${state.part};\n`,
            );
            project.write("jobs.schema.ts", schemaOf(state, lines));
          }
          const [ours, theirs] = await Promise.all([
            outcomeOf(generateIn(session, { cwd: warm.folder }), warm),
            outcomeOf(generate({ cwd: cold.folder }), cold),
          ]);
          expect(ours).toEqual(theirs);
          session.prepare(() => doubts++);
          // What was refused is taken back, so that not every later edit is refused as well.
          if (JSON.stringify(ours).includes('"said":"generated"')) continue;
          Object.assign(state, before);
        }
      } finally {
        session.close();
      }
    });
    await assert(property, { numRuns: 2, seed: 20, endOnFailure: true });
  });
});
