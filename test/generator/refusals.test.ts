import { beforeAll, describe, expect, it } from "vitest";
import { type Diagnostic } from "../../generator/index.ts";
import { diagnosticsOf, imports, refusal, refusedField, report } from "./support/problems.ts";

/** What, as an input field, and a part of the message. */
const refusedFields: readonly (readonly [name: string, zod: string, message: string])[] = [
  ["a function", "z.function()", "is a function"],
  ["a file", "z.file()", "is a File"],
  ["a symbol", "z.symbol()", "is a symbol"],
  ["a symbol literal", "z.literal(Symbol.iterator as never)", "is a symbol"],
  ["a promise", "z.promise(z.string())", "is a promise"],
  ["void", "z.void()", "is void"],
  ["a transform without a result type", "z.string().transform((text) => JSON.parse(text))", "ends in a transform"],
  ["a custom schema without a type", "z.custom()", "is a custom schema"],
  ["a custom schema of a type that cannot be stored", "z.custom<() => void>()", "is a custom schema"],
  ["a custom schema of a type that nobody can import", "z.custom<Local>()", "is a custom schema"],
  ["a result of a type that nobody can import", "z.string().transform((): Local => ({}))", "ends in a transform"],
  ["a kind that zod does not have yet", "future()", "is a zod schema of the unknown kind quantum"],
  ["an instance of a class", "z.instanceof(Error)", "is an instance of Error"],
  ["an instance of Buffer", "z.instanceof(Buffer)", "is an instance of Buffer"],
  ["an async refinement", "z.string().refine(async () => true)", "async function"],
  ["an async transform", "z.string().transform(async () => 1).pipe(z.number())", "async function"],
  ["an async codec", "z.codec(z.string(), z.number(), { decode: async () => 1, encode: String })", "async function"],
  ["elements of a list that may be both", "z.array(z.string().nullish())", "both undefined and null"],
  ["members of a set that may be both", "z.set(z.string().nullable().optional())", "both undefined and null"],
  ["values of a map that may be both", "z.map(z.string(), z.string().nullish())", "both undefined and null"],
  ["an item that may be both", "z.tuple([z.string().nullish(), z.string().optional()])", "both undefined and null"],
  ["an item before a rest that may be both", "z.tuple([z.string().nullish()], z.string())", "both undefined and null"],
  ["a record with symbols as keys", "z.record(z.symbol(), z.string())", "symbol"],
  ["a string beside a date", "z.union([z.string(), z.date()])", "a Date and a string"],
  [
    "a template beside a bigint",
    'z.union([z.templateLiteral(["a", z.string()]), z.bigint()])',
    "a bigint and a string",
  ],
  ["bytes beside a date", "z.union([z.instanceof(Uint8Array), z.date()])", "a Uint8Array and a Date"],
  [
    "a date beside a text that looks like one",
    'z.union([z.date(), z.literal("2020-01-01T00:00:00.000Z")])',
    "a literal of the same form",
  ],
  [
    "a bigint beside a text that looks like one",
    'z.union([z.bigint(), z.enum(["12", "x"])])',
    "a literal of the same form",
  ],
  ["a set beside a list", "z.union([z.set(z.string()), z.array(z.string())])", "an array and a Set"],
  ["a map beside a set", "z.union([z.map(z.string(), z.string()), z.set(z.string())])", "a Map and a Set"],
  ["two kinds of sets", "z.union([z.set(z.string()), z.set(z.date())])", "a Set and a Set"],
  ["lists that need a codec each", "z.union([z.array(z.date()), z.array(z.bigint())])", "an array and an array"],
  ["a date beside anything", "z.union([z.date(), z.any()])", "a Date and a value of any kind"],
  [
    "objects without a mark",
    "z.union([z.object({ a: z.date() }), z.object({ b: z.string() })])",
    "cannot be told apart",
  ],
  [
    "a record with a codec in an intersection",
    "z.record(z.string(), z.date()).and(z.object({ a: z.date() }))",
    "not made of plain objects",
  ],
  [
    "a key that two sides declare differently",
    "z.object({ a: z.date() }).and(z.object({ a: z.bigint() }))",
    "differently",
  ],
];

const before =
  "interface Local {}\n" +
  'const future = () => { const schema = z.string(); (schema as any)._zod.def.type = "quantum"; return schema; };\n';

describe("what cannot be carried", () => {
  let diagnostics: readonly Diagnostic[];

  beforeAll(async () => {
    // All in one file, a job each: starting a process per schema would take minutes.
    const jobs = refusedFields.map(([, zod], index) => `  job${index}x: job({ input: z.object({ v: ${zod} }) }),\n`);
    diagnostics = diagnosticsOf(await refusal(`${imports}${before}export default defineJobs({\n${jobs.join("")}});\n`));
  });

  it.each(refusedFields.map(([name, , message], index) => [name, message, index] as const))(
    "is refused: %s",
    (_, message, index) => {
      const own = diagnostics.filter(({ job }) => job === `job${index}x`);
      expect(own.map((diagnostic) => diagnostic.message).join("\n")).toContain(message);
      for (const diagnostic of own) {
        expect(diagnostic).toMatchObject({
          code: "JW_SCHEMA_UNREPRESENTABLE",
          file: "jobs.schema.ts",
          line: 6 + index,
        });
        expect(diagnostic.hint).not.toBe("");
        expect(diagnostic.frame).toContain("^");
      }
    },
  );

  it.each([
    ["an optional object", "z.object({}).optional()", "may be undefined"],
    ["a default", "z.object({}).default({})", "may be undefined"],
    ["undefined", "z.undefined()", "may be undefined"],
  ])("is refused as an input: %s", async (_, zod, message) => {
    const error = await refusal(`${imports}export default defineJobs({ a: job({ input: ${zod} }) });\n`);
    expect(error.message).toContain(message);
  });

  it("is refused with every place at once, in the order of the file", async () => {
    const error = await refusal(`${imports}
const Attachment = z.object({
  file: z.file(),
});

export default defineJobs({
  upload: job({
    input: z.object({
      attachments: z.array(Attachment.nullish()),
      onDone: z.function().optional(),
    }),
    output: z.void(),
  }),
});
`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:5:3
      upload.input.attachments[].file is a File, which cannot be stored in a job.
        3 |
        4 | const Attachment = z.object({
      > 5 |   file: z.file(),
          |   ^
        6 | });
      → Keep the file in an object store or on disk and put its address into the job (z.url()), or use z.instanceof(Uint8Array) for a few KB.

      JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:11:28
      upload.input.attachments[] may be both undefined and null, which JSON cannot tell apart here.
         9 |   upload: job({
        10 |     input: z.object({
      > 11 |       attachments: z.array(Attachment.nullish()),
           |                            ^
        12 |       onDone: z.function().optional(),
      → Use either .nullable() or .optional() for elements of arrays, sets, maps and tuples.

      JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:12:7
      upload.input.onDone is a function, which cannot be stored.
        10 |     input: z.object({
        11 |       attachments: z.array(Attachment.nullish()),
      > 12 |       onDone: z.function().optional(),
           |       ^
        13 |     }),
      → Put data into the job that tells the handler what to do, for example a z.enum of the choices.

      JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:14:5
      upload.output is void, which is not a value.
        12 |       onDone: z.function().optional(),
        13 |     }),
      > 14 |     output: z.void(),
           |     ^
        15 |   }),
      → For a handler that returns nothing leave \`output\` out; for a field that may be absent use .optional().
      "
    `);
  });

  it("is refused in a getter that makes a new schema at every call", async () => {
    const error = await refusedField(
      "make()",
      "const make = (): z.ZodType => z.object({ get next() { return make(); } });\n",
    );
    expect(error.message).toContain("100 levels");
  });
});

describe("declarations that make no sense", () => {
  it.each([
    [
      "two of the three at once",
      'unique: { by: [] }, throttle: { by: [], per: "1h" }',
      "throttle and unique are both given",
    ],
    ["no `by`", "unique: {}", "unique.by is missing"],
    ["a `by` that is a text", 'unique: { by: "n" }', 'unique.by is "n"'],
    ["an empty path", 'unique: { by: [""] }', "unique.by is an array"],
    ["a scope that does not exist", 'unique: { by: [], while: "lives" }', 'Did you mean "live"?'],
    ["a window without length", 'unique: { by: [], for: "0s" }', "unique.for is shorter than 1 ms"],
    ["a debounce without its time", "debounce: { by: [] }", "debounce.wait is missing"],
    [
      "a limit shorter than the wait",
      'debounce: { by: [], wait: "2s", maxWait: "1s" }',
      "maxWait is shorter than wait",
    ],
    ["a throttle with a scope", 'throttle: { by: [], per: "1h", while: "live" }', "throttle.while is not an option"],
    ["a policy that is no object", "throttle: true", "throttle is true, not an object"],
  ])("are refused in unique keys: %s", async (_, options, message) => {
    const error = await refusal(
      `${imports}export default defineJobs({ a: job({ input: z.object({ n: z.int() }), ${options} } as never) });\n`,
    );
    expect(report(error)).toContain(message);
  });

  it("are all reported, at their option", async () => {
    const error = await refusal(`${imports}
export default defineJobs({
  sendEmail: job({
    input: z.string(),
    prioritty: 3,
    timeout: "30 s",
    retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] },
  }),
  Report: job({ input: z.string(), queue: "my queue" }),
  sendemail: job({}),
});
`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_INVALID jobs.schema.ts:7:5
      sendEmail.prioritty is not an option.
        5 |   sendEmail: job({
        6 |     input: z.string(),
      > 7 |     prioritty: 3,
          |     ^
        8 |     timeout: "30 s",
      → Did you mean priority?

      JW_SCHEMA_INVALID jobs.schema.ts:8:5
      sendEmail.timeout is "30 s", which is not a duration.
        6 |     input: z.string(),
        7 |     prioritty: 3,
      > 8 |     timeout: "30 s",
          |     ^
        9 |     retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] },
      → Write a number and a unit without a space, such as "500ms", "30s", "5m", "2h" or "7d", at most 100 years.

      JW_SCHEMA_INVALID jobs.schema.ts:9:47
      sendEmail.retry.delays has 2 entries, but only 1 wait can happen with maxAttempts 2.
         7 |     prioritty: 3,
         8 |     timeout: "30 s",
      >  9 |     retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] },
           |                                               ^
        10 |   }),
      → Shorten it, or raise maxAttempts.

      JW_SCHEMA_INVALID jobs.schema.ts:11:3
      "Report" cannot be the name of a job: only letters and digits are allowed, and a small letter comes first.
         9 |     retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] },
        10 |   }),
      > 11 |   Report: job({ input: z.string(), queue: "my queue" }),
           |   ^
        12 |   sendemail: job({}),
      → Use a camelCase word such as "sendEmail": a small letter, then letters and digits, at most 100 with all namespaces.

      JW_SCHEMA_INVALID jobs.schema.ts:11:36
      Report.queue is "my queue", which cannot name a queue.
         9 |     retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] },
        10 |   }),
      > 11 |   Report: job({ input: z.string(), queue: "my queue" }),
           |                                    ^
        12 |   sendemail: job({}),
      → Start with a letter, then letters, digits, \`_\`, \`.\` or \`-\`; at most 128 characters.

      JW_SCHEMA_INVALID jobs.schema.ts:12:3
      The job names sendEmail and sendemail differ only in case, so their generated types are too alike.
        10 |   }),
        11 |   Report: job({ input: z.string(), queue: "my queue" }),
      > 12 |   sendemail: job({}),
           |   ^
        13 | });
      → Rename one of them.

      JW_SCHEMA_INVALID jobs.schema.ts:12:3
      sendemail has no input.
        10 |   }),
        11 |   Report: job({ input: z.string(), queue: "my queue" }),
      > 12 |   sendemail: job({}),
           |   ^
        13 | });
      → Write input: z.object({ … }).
      "
    `);
  });
});
