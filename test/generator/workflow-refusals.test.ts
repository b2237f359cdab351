import { beforeAll, describe, expect, it } from "vitest";
import { diagnosticsOf, refusal, report } from "./support/problems.ts";

const imports =
  'import { and, defineJobs, eq, gt, job, lt, not, workflow } from "jobwright/schema";\nimport { z } from "zod";\n';

const jobs = `
  resize: job({ input: z.object({ picture: z.string() }), output: z.object({ file: z.string(), width: z.number().optional() }) }),
  sheet: job({
    input: z.object({ images: z.array(z.object({ file: z.string() })), title: z.string() }),
    output: z.object({ file: z.string(), at: z.date() }),
    errors: { TooLarge: z.object({ pages: z.number() }) },
  }),
  note: job({ input: z.object({ text: z.string(), at: z.date().optional(), kind: z.enum(["a", "b"]).optional() }) }),
`;

const input = "z.object({ names: z.array(z.string()), title: z.string().optional(), kind: z.enum(['a', 'c']) })";

/** What, nodes, and what is said of it. `SELF`: the name of the workflow. */
type Refused = readonly (readonly [what: string, nodes: string, messages: readonly string[], rest?: string])[];

/** What `defineJobs` says. */
const misdeclared: Refused = [
  [
    "a job that the schema does not have",
    'a: { job: "resise" }',
    ['flow.nodes.a.job is "resise", which is no job of the schema. → Did you mean "resize"?'],
  ],
  [
    "a workflow that the schema does not have",
    'a: { workflow: "flaw", input: {} }',
    ['flow.nodes.a.workflow is "flaw", which is no workflow of the schema.'],
  ],
  [
    "a workflow that contains itself",
    'a: { workflow: "SELF" }',
    ["flow → flow: a workflow cannot be a part of itself. → Let a job enqueue it, which can decide when that ends."],
  ],
  [
    "a node of two kinds, and one of none",
    'a: { job: "note", timer: "1h" }, b: {}',
    [
      "flow.nodes.a is job and timer of job, workflow, signal and timer. → Give exactly one of them.",
      "flow.nodes.b is none of job, workflow, signal and timer. → Give exactly one of them.",
    ],
  ],
  [
    "options that a kind does not have, durations and conditions that are none",
    'a: { timer: "soon", prioritie: 1 }, b: { timer: "1h", after: { a: "done" } }',
    [
      'flow.nodes.a.timer is "soon", which is not a duration',
      "flow.nodes.a.prioritie is not an option",
      'flow.nodes.b.after.a is "done". → Use one of "succeeded", "failed", "notFailed", "finished".',
    ],
  ],
  [
    "a node that is not there, in a reference and in `after`",
    'a: { job: "note", input: { text: nodes.b.output.file } }, c: { timer: "1h", after: { d: "failed" } }',
    ["flow: a needs b, which is no node of the flow.", "flow: c needs d, which is no node of the flow."],
  ],
  [
    "nodes in a circle",
    'a: { timer: "1h", after: { b: "succeeded" } }, b: { timer: "1h", after: { a: "succeeded" } }',
    ["flow: a → b → a: these nodes need each other in a circle, so none could ever run."],
  ],
  [
    "the output of a node that has to fail",
    'a: { job: "sheet", input: { images: [], title: "" } }, b: { job: "note", input: { text: nodes.a.output.file }, after: { a: "failed" } }',
    ["flow: b takes the output of a, but runs when that is failed: it could never have it."],
  ],
  [
    "an output without a result",
    'a: { timer: "1h" }',
    ["flow has an output, but nothing gives it. → Write result: ({ input, nodes }) => ({ … })."],
    "output: z.string(),",
  ],
  [
    "a value that cannot be stored",
    'a: { job: "note", input: { text: () => "x" } }',
    ["flow.nodes.a.input.text is a function, which cannot be stored."],
  ],
];

/** What the types say. */
const misfits: Refused = [
  [
    "a field that the input does not have",
    'a: { job: "note", input: { text: input.titl } }',
    ['flow.nodes.a.input.text takes input.titl, but input has no "titl". → Did you mean title?'],
  ],
  [
    "a field that the output of a job does not have",
    'a: { job: "resize", input: { picture: "p" } }, b: { job: "note", input: { text: nodes.a.output.fil } }',
    ['flow.nodes.b.input.text takes nodes.a.output.fil, but nodes.a.output has no "fil". → Did you mean file?'],
  ],
  [
    "a value of another type",
    'a: { job: "note", input: { text: 1, at: input.names } }',
    [
      "flow.nodes.a.input.text is 1, but string is wanted.",
      "flow.nodes.a.input.at takes input.names, which is string[], but Date | undefined is wanted.",
    ],
  ],
  [
    "what may be missing where it is wanted",
    'a: { job: "note", input: { text: input.title } }',
    ["flow.nodes.a.input.text takes input.title, which is undefined, but string is wanted."],
  ],
  [
    "a value that is not one of those that are wanted",
    'a: { job: "note", input: { text: "x", kind: input.kind } }',
    ['flow.nodes.a.input.kind takes input.kind, which is "c", but "a" | "b" | undefined is wanted.'],
  ],
  [
    "fields that are missing, and fields too many",
    'a: { job: "note", input: { tex: "x" } }',
    [
      'flow.nodes.a.input lacks "text", which is string. → Give a value, or a reference to one.',
      "flow.nodes.a.input.tex is no field of what is wanted there. → Did you mean text?",
    ],
  ],
  [
    "`each` over something that is no array",
    'a: { job: "resize", each: input.title, input: (picture) => ({ picture }) }',
    ["flow.nodes.a.each is string | undefined, not an array. → Give an array that is always there."],
  ],
  [
    "items of another type",
    'a: { job: "sheet", each: input.names, input: (name) => ({ images: [name], title: name.first }) }',
    [
      "flow.nodes.a.input.images[0] takes item, which is string, but { file } is wanted.",
      'flow.nodes.a.input.title takes item.first, but item has no "first". → Take it as a whole.',
    ],
  ],
  [
    "outputs of a map where one is wanted",
    'a: { job: "resize", each: input.names, input: (picture) => ({ picture }) }, b: { job: "note", input: { text: nodes.a.output.file } }',
    ['flow.nodes.b.input.text takes nodes.a.output.file, but nodes.a.output has no "file".'],
  ],
  [
    "an outcome that may not have what is taken",
    'a: { job: "sheet", input: { images: [], title: "" } }, b: { job: "note", input: { text: nodes.a.outcome.output.file } }',
    ["flow.nodes.b.input.text takes nodes.a.outcome.output.file, which is undefined, but string is wanted."],
  ],
  [
    "a condition that is no boolean, and values that have no order",
    'a: { timer: "1h", if: input.title }, b: { timer: "1h", if: gt(input.names as never, 1) }, c: { timer: "1h", if: and(input.kind as never, eq(input.kind, "a")) }',
    [
      "flow.nodes.a.if takes input.title, which is string, but boolean is wanted.",
      "flow.nodes.b.if compares string[] with 1 by `gt`, which have no order.",
      'flow.nodes.c.if joins "a" | "c" with `and`, which takes booleans.',
    ],
  ],
  [
    "what a signal does not carry",
    'a: { signal: z.object({ by: z.string() }) }, b: { job: "note", input: { text: nodes.a.output.who } }',
    ['flow.nodes.b.input.text takes nodes.a.output.who, but nodes.a.output has no "who".'],
  ],
  [
    "a result that is not the output",
    'a: { job: "sheet", input: { images: [], title: "" } }',
    ["flow.result.at takes nodes.a.output.file, which is string, but Date is wanted."],
    "output: z.object({ at: z.date() }), result: ({ nodes }) => ({ at: nodes.a.output.file }),",
  ],
];

/** All of them in one file, because to load one takes a second: what is said of each. */
async function problemsOf(cases: Refused): Promise<readonly (readonly string[])[]> {
  const flows = cases.map(([, nodes, , rest = ""], index) => {
    const name = `flow${index}`;
    const body = nodes.replaceAll("SELF", name);
    return `  ${name}: workflow({ input: ${input}, nodes: ({ input, nodes }) => ({ ${body} }), ${rest} }),\n`;
  });
  const used = "void [and, eq, gt, lt, not];\n";
  const error = await refusal(`${imports}${used}export default defineJobs({${jobs}${flows.join("")}});\n`);
  return cases.map((_, index) =>
    diagnosticsOf(error)
      .filter(({ job }) => job === `flow${index}`)
      .map(({ message, hint }) => `${message.replaceAll(/flow\d+/g, "flow")} → ${hint}`),
  );
}

describe.each([
  { who: "defineJobs", cases: misdeclared },
  { who: "codegen", cases: misfits },
])("$who refuses", ({ cases }) => {
  let problems: readonly (readonly string[])[] = [];

  beforeAll(async () => {
    problems = await problemsOf(cases);
  });

  it.each(cases.map(([what, , messages], index) => ({ what, messages, index })))("$what", ({ messages, index }) => {
    const said = problems[index] ?? [];
    expect(said).toHaveLength(messages.length);
    for (const message of messages)
      expect(
        said.filter((text) => text.startsWith(message)),
        said.join("\n"),
      ).toHaveLength(1);
  });
});

describe("problems of workflows", () => {
  it("stand at their places in the file, all of them", async () => {
    const error = await refusal(`${imports}
export default defineJobs({
  note: job({ input: z.object({ text: z.string() }) }),
  flow: workflow({
    input: z.object({ text: z.string() }),
    output: z.number(),
    nodes({ input, nodes }) {
      return {
        first: { job: "note", input: { text: input.txt } },
        second: { job: "note", each: input.text, input: (item) => ({ text: item }) },
        third: { job: "note", input: {}, if: nodes.first.output },
      };
    },
    result: ({ input }) => input.text,
  }),
});
`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_INVALID jobs.schema.ts:11:40
      flow.nodes.first.input.text takes input.txt, but input has no "txt".
         9 |     nodes({ input, nodes }) {
        10 |       return {
      > 11 |         first: { job: "note", input: { text: input.txt } },
           |                                        ^
        12 |         second: { job: "note", each: input.text, input: (item) => ({ text: item }) },
      → Did you mean text?

      JW_SCHEMA_INVALID jobs.schema.ts:12:32
      flow.nodes.second.each is string, not an array.
        10 |       return {
        11 |         first: { job: "note", input: { text: input.txt } },
      > 12 |         second: { job: "note", each: input.text, input: (item) => ({ text: item }) },
           |                                ^
        13 |         third: { job: "note", input: {}, if: nodes.first.output },
      → Give an array that is always there.

      JW_SCHEMA_INVALID jobs.schema.ts:13:31
      flow.nodes.third.input lacks "text", which is string.
        11 |         first: { job: "note", input: { text: input.txt } },
        12 |         second: { job: "note", each: input.text, input: (item) => ({ text: item }) },
      > 13 |         third: { job: "note", input: {}, if: nodes.first.output },
           |                               ^
        14 |       };
      → Give a value, or a reference to one.

      JW_SCHEMA_INVALID jobs.schema.ts:13:42
      flow.nodes.third.if takes nodes.first.output, which is undefined, but boolean is wanted.
        11 |         first: { job: "note", input: { text: input.txt } },
        12 |         second: { job: "note", each: input.text, input: (item) => ({ text: item }) },
      > 13 |         third: { job: "note", input: {}, if: nodes.first.output },
           |                                          ^
        14 |       };
      → Take another value, or change one of the two schemas.

      JW_SCHEMA_INVALID jobs.schema.ts:16:5
      flow.result takes input.text, which is string, but number is wanted.
        14 |       };
        15 |     },
      > 16 |     result: ({ input }) => input.text,
           |     ^
        17 |   }),
      → Take another value, or change one of the two schemas.
      "
    `);
  });
});
