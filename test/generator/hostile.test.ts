import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { diagnosticsOf, imports, refusal } from "./support/problems.ts";
import { createProject } from "./support/project.ts";

const one = (zod: string, before = ""): string =>
  `${imports}${before}export default defineJobs({ work: job({ input: z.object({ v: ${zod} }) }) });\n`;

/** Texts that end comments, templates and lines, or that objects have a meaning for. */
const texts = [
  "*/ throw 1; /*",
  "`${process.exit(1)}`",
  '"; throw 1; //',
  "a\u2028b\u2029c",
  "\\u{110000} \\",
  "\u0000\u001b[31m",
  "\ud800",
  "</script>",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "@deprecated * @param",
] as const;

describe("texts that mean something to a compiler", () => {
  it("are texts in keys, literals, descriptions, ids, queues and names of types, in code that compiles", async () => {
    const literal = JSON.stringify;
    const shape = texts.map((text) => `${`[${literal(text)}]`}: z.string().describe(${literal(text)}).optional()`);
    const jobs = [
      `  keys: job({ input: z.object({ ${shape.join(", ")} }), description: ${literal(texts.join("\n"))} }),`,
      `  values: job({ input: z.object({ v: z.enum(${literal(texts)}), w: z.literal(${literal(texts)}) }), output: z.date() }),`,
      `  cases: job({ input: z.discriminatedUnion("k", [${texts.map((text) => `z.object({ k: z.literal(${literal(text)}), at: z.date() })`).join(", ")}]) }),`,
      `  records: job({ input: z.record(z.enum(${literal(texts)}), z.bigint()) }),`,
      `  named: job({ input: z.object({ ${texts.map((text, i) => `v${i}: z.object({ at: z.date() }).meta({ id: ${literal(text)} })`).join(", ")} }) }),`,
      `  old: job({ input: z.string(), deprecated: ${literal(texts.join(" "))} }),`,
    ];
    using project = createProject({
      "jobs.schema.ts": `${imports}export default defineJobs({\n${jobs.join("\n")}\n});\n`,
    });
    await generate({ cwd: project.folder });
    project.write("types-as-module.ts", project.read("generated/types.d.ts"));
    project.write(
      "use.ts",
      `import type { KeysInput, ValuesInput, CasesInputWire, RecordsInputWire } from "./generated/index.ts";\n` +
        `({ ${texts.map((text) => `[${literal(text)}]: ""`).join(", ")} }) satisfies KeysInput;\n` +
        texts.map((text) => `(${literal(text)}) satisfies ValuesInput["v"];\n`).join("") +
        texts.map((text) => `({ k: ${literal(text)}, at: "" }) satisfies CasesInputWire;\n`).join("") +
        `({ ${texts.map((text) => `[${literal(text)}]: "1"`).join(", ")} }) satisfies RecordsInputWire;\n`,
    );
    expect(project.compile()).toBe("");
    // A second run reads what the first one wrote.
    expect((await generate({ cwd: project.folder })).written).toEqual([]);
  }, 120_000);

  it("are keys that come and go like others", async () => {
    const keys = ["constructor", "toString", "hasOwnProperty"];
    const fields = (schema: string): string => keys.map((key) => `${key}: ${schema}, `).join("");
    using project = createProject({ "jobs.schema.ts": one("z.object({})") });
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", one(`z.object({ ${fields("z.string().optional()")} })`));
    await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", one(`z.object({ ${fields("z.string()")} })`));
    await expect(generate({ cwd: project.folder })).rejects.toMatchObject({ code: "JW_CONTRACT_BREAKING" });
    project.write("jobs.schema.ts", one("z.object({})"));
    await generate({ cwd: project.folder });
  }, 60_000);

  it.each(["__proto__", "constructor", "prototype", "*/", "${x}", "a\u2028b"])(
    "cannot name a job: %j",
    async (name) => {
      const error = await refusal(
        `${imports}export default defineJobs({ [${JSON.stringify(name)}]: job({ input: z.string() }) });\n`,
      );
      expect(diagnosticsOf(error)).toMatchObject([{ code: "JW_SCHEMA_INVALID" }]);
    },
  );
});

const mb = 1_000_000;

describe("ten megabytes", () => {
  it.each([
    [
      "of jobs",
      `${imports}const fields = Object.fromEntries(Array.from({ length: 300 }, (_, i) => ["field" + i + "x".repeat(80), z.string().describe("d".repeat(100))]));
export default defineJobs(Object.fromEntries(Array.from({ length: 150 }, (_, i) => ["job" + i, job({ input: z.object(fields) })])));\n`,
    ],
    [
      "of text in the file itself",
      `${imports}// ${"x".repeat(10 * mb)}\nexport default defineJobs({ work: job({ input: z.string() }) });\n`,
    ],
    ["in a description", one(`z.string().describe("d".repeat(${10 * mb}))`)],
    ["in a literal", one(`z.literal("x".repeat(${10 * mb}))`)],
    ["in an enum", one(`z.enum(Array.from({ length: 100_000 }, (_, i) => "value" + i + "x".repeat(90)))`)],
  ])(
    "%s are generated within bounds",
    async (_, schema) => {
      using project = createProject({ "jobs.schema.ts": schema });
      const before = process.memoryUsage().rss;
      await generate({ cwd: project.folder });
      expect(process.memoryUsage().rss - before).toBeLessThan(1_500 * mb);
      expect(project.list("generated")).toContain("index.ts");
    },
    60_000,
  );
});

const nested = (levels: number, wrap: string): string =>
  one("schema", `let schema: any = z.string();\nfor (let level = 0; level < ${levels}; level++) schema = ${wrap};\n`);

describe("ten thousand levels", () => {
  it.each([
    ["objects", "z.object({ a: schema })"],
    ["arrays", "z.array(schema)"],
    ["tuples", "z.tuple([schema])"],
    ["records", "z.record(z.string(), schema)"],
    ["optionals", "schema.optional()"],
    ["unions", "z.union([schema, z.int()])"],
    ["intersections", "z.intersection(schema, z.object({}))"],
    ["pipes", "schema.pipe(z.string())"],
    ["lazies", "((inner) => z.lazy(() => inner))(schema)"],
  ])(
    "of %s end in an error with a place",
    async (_, wrap) => {
      const error = await refusal(nested(10_000, wrap));
      expect(diagnosticsOf(error)[0]).toMatchObject({
        file: "jobs.schema.ts",
        message: expect.stringMatching(/levels deep/),
      });
    },
    60_000,
  );

  it("of getters that make a new schema at every call, too", async () => {
    const error = await refusal(
      one("endless()", "const endless = (): any => z.object({ get a() { return endless().optional(); } });\n"),
    );
    expect(diagnosticsOf(error)[0]?.message).toMatch(/levels deep/);
  });
});

describe("a module that misbehaves", () => {
  it.each([
    ["throws", "throw new Error('no database');", "JW_SCHEMA_LOAD", "no database"],
    ["throws what is no error", "throw null;", "JW_SCHEMA_LOAD", "a thrown object: null"],
    ["throws something whose text throws", "throw { toString() { throw 1; } };", "JW_SCHEMA_LOAD", "it has no text"],
    ["exits", "process.exit(0);", "JW_SCHEMA_LOAD", "ended its process with exit code 0"],
    ["kills itself", "process.kill(process.pid, 'SIGKILL');", "JW_SCHEMA_LOAD", "SIGKILL"],
    ["loops", "for (;;);", "JW_SCHEMA_TIMEOUT", "did not finish loading within 3 s"],
    ["waits", "await new Promise(() => setInterval(() => {}, 1_000));", "JW_SCHEMA_TIMEOUT", "within 3 s"],
    ["waits for nothing", "await new Promise(() => {});", "JW_SCHEMA_LOAD", "waits at its top level"],
    [
      "has a getter without end",
      "const deep = { get a(): any { return this.a; } }; deep.a;",
      "JW_SCHEMA_LOAD",
      "Maximum call stack",
    ],
  ])(
    "%s",
    async (_, code, expected, text) => {
      const isHang = expected === "JW_SCHEMA_TIMEOUT";
      const error = await refusal(`${code}\n${one("z.string()")}`, isHang ? { timeoutMs: 3_000 } : {});
      expect(error.code).toBe(expected);
      expect(diagnosticsOf(error)[0]?.message).toContain(text);
    },
    30_000,
  );

  it("prints a lot, on both streams, and is heard of nowhere", async () => {
    const noise = `for (let i = 0; i < 2_000; i++) { console.log("x".repeat(1_000)); console.error("y".repeat(1_000)); }\n`;
    using project = createProject({ "jobs.schema.ts": noise + one("z.string()") });
    expect((await generate({ cwd: project.folder })).jobs).toBe(1);
  }, 30_000);

  it.each([
    ["has a property more", "(Object.prototype as any).polluted = 'x';"],
    ["has a `toJSON`", "(Object.prototype as any).toJSON = () => 'x';"],
    [
      "has an accessor `then`",
      "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('then'); }, configurable: true });",
    ],
    ["lists of which have a property more", "(Array.prototype as any).polluted = () => 1;"],
  ])(
    "leaves an Object.prototype that %s: the same files, or a refusal",
    async (_, code) => {
      const schema = one("z.object({ at: z.date(), tags: z.array(z.string()).optional() })");
      using clean = createProject({ "jobs.schema.ts": schema });
      using project = createProject({ "jobs.schema.ts": `${code}\n${schema}` });
      await generate({ cwd: clean.folder });
      const failure: unknown = await generate({ cwd: project.folder }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (failure !== undefined) {
        expect(failure).toMatchObject({ code: "JW_SCHEMA_LOAD" });
        return;
      }
      for (const name of ["types.d.ts", "codecs.ts", "descriptor.ts"])
        expect(project.read(`generated/${name}`)).toBe(clean.read(`generated/${name}`));
      expect(project.read("jobs.lock.json")).toBe(clean.read("jobs.lock.json"));
    },
    30_000,
  );
});
