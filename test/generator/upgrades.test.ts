import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { localImports } from "../../generator/source/local-imports.ts";
import type { WireCodec } from "../../runtime/core/descriptor.ts";
import { imports } from "./support/problems.ts";
import { createProject, linkToSource, type Project } from "./support/project.ts";

/** Everything that is stored otherwise than it is enqueued, and some that is not. */
const first = `${imports}
const folder = z.object({ name: z.string(), get children() { return z.array(folder).optional(); } });
const input = z.object({
  date: z.date(), size: z.bigint(), bytes: z.instanceof(Uint8Array), maybe: z.date().optional(),
  preset: z.number().default(3), list: z.array(z.string().optional()), presets: z.array(z.int().default(1)),
  set: z.set(z.enum(["a", "b"])), map: z.map(z.string(), z.date().optional()), numbers: z.record(z.number(), z.date()),
  record: z.record(z.string(), z.string().optional()), keys: z.partialRecord(z.enum(["a", "b"]), z.bigint()),
  pair: z.tuple([z.date().optional(), z.string().optional()]), rest: z.tuple([z.string()], z.number().nullable()),
  literals: z.literal([1, 2n, "x", null]), special: z.union([z.number(), z.nan()]), folder,
  open: z.looseObject({ id: z.string() }), others: z.object({ id: z.string() }).catchall(z.date()), any: z.unknown(),
  kind: z.discriminatedUnion("kind", [z.object({ kind: z.literal("x") }), z.object({ kind: z.literal("y"), n: z.bigint() })]),
  both: z.intersection(z.object({ a: z.date() }), z.object({ b: z.string() })), text: z.templateLiteral(["v", z.number()]),
});
export default defineJobs({ work: job({ input }), plain: job({ input: z.date().nullable() }) });
`;

const value = {
  date: new Date(0),
  size: 12n,
  bytes: new Uint8Array([1, 2]),
  list: ["a", undefined],
  presets: [1, undefined],
  set: new Set(["a"]),
  map: new Map([
    ["a", new Date(1)],
    ["b", undefined],
  ]),
  numbers: { 1: new Date(0) },
  record: { a: "x", b: undefined },
  keys: { a: 1n },
  pair: [undefined, "x"],
  rest: ["a", 1, null],
  literals: 2n,
  special: Number.NaN,
  folder: { name: "a", children: [{ name: "b" }] },
  open: { id: "1", more: true },
  others: { id: "1", at: new Date(0) },
  any: { a: [1] },
  kind: { kind: "y", n: 1n },
  both: { a: new Date(0), b: "x" },
  text: "v1",
};
const others = { maybe: new Date(0), preset: 4, pair: [], literals: "x", special: 1, keys: {}, kind: { kind: "x" } };

const second = `${imports}
import type { PlainV1, PlainV3, WorkV1 } from "./generated/index.ts";
export default defineJobs({
  work: job({
    input: z.object({ at: z.date(), name: z.string() }),
    version: 2,
    upgrade: { 1: (old: WorkV1) => ({ at: new Date(old.date), name: old.folder.children?.[0]?.name ?? "" }) },
  }),
  plain: job({
    input: z.object({ at: z.string() }),
    version: 4,
    upgrade: {
      1: (old: PlainV1) => ({ at: old ?? "" }),
      // @ts-expect-error What it returns is no input.
      2: (old: PlainV1) => ({ at: old?.length }),
      3: (old: PlainV3) => ({ at: String(old satisfies unknown) }),
    },
  }),
});
`;

describe("types of older versions", () => {
  let project: Project;
  let stored: readonly unknown[];

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": first });
    await generate({ cwd: project.folder });
    linkToSource(project, "generated/codecs.ts");
    const module: unknown = await import(pathToFileURL(join(project.folder, "generated/codecs.ts")).href);
    const { workInput } = module as { readonly workInput: WireCodec }; // as its emitter names it
    stored = [value, { ...value, ...others }].map((each) => JSON.parse(JSON.stringify(workInput.encode(each))));
    project.write("jobs.schema.ts", second);
    await generate({ cwd: project.folder, force: true });
  });

  afterAll(() => project[Symbol.dispose]());

  it("fit what those versions stored, and let the schema be written against them", () => {
    const values = stored.map((each) => `  ${JSON.stringify(each)},\n`).join("");
    project.write(
      "stored.ts",
      `import type { WorkV1 } from "./generated/index.ts";\nexport const stored: readonly WorkV1[] = [\n${values}];\n` +
        "// @ts-expect-error Dates are text.\nexport const wrong: WorkV1['date'] = new Date();\n",
    );
    expect(project.compile()).toBe("");
  });

  it("are unknown where the lock has no such version", () => {
    const text = project.read("generated/previous.ts");
    expect(text).toContain(
      "/** What version 1 of `plain` stored, as plain JSON. */\nexport type PlainV1 = string | null;",
    );
    expect(text).toContain("The lock does not know that version. */\nexport type PlainV3 = unknown;");
  });

  it("are no imports of the schema that a watcher follows, unlike values", () => {
    const schema = join(project.folder, "jobs.schema.ts");
    expect([...localImports(schema)]).toEqual([schema]);
    project.write("names.ts", 'export const name = "a";\n');
    project.write("jobs.schema.ts", `import { name } from "./names.ts";\n${second}`);
    expect([...localImports(schema)]).toEqual([schema, join(project.folder, "names.ts")]);
  });
});
