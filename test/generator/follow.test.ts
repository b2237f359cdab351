import { array, assert, constantFrom, integer, nat, oneof, property, record, shuffledSubarray } from "fast-check";
import { describe, expect, it } from "vitest";
import { followEdit } from "../../generator/source/follow.ts";
import { readSchemaSource, type SchemaSource, type SourceNode } from "../../generator/source/schema-source.ts";

const head = `import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
/** Shared. */
const Shared = z.object({ /** In it. */ s: z.string() });
const declared = { not: 1 };
`;
const entries = [
  "  a: job({ input: z.string() }),",
  "  /** Two\n   * lines. */\n  b: job({\n    input: z.object({\n      /** A field. */\n      v: z.string(),\n    }),\n  }),",
  "  c: job({ input: Shared }),",
  '  // A note: "},"\n  "d e": job({ input: z.object({ s: Shared, text: z.literal("}), x: job(") }) }),',
  "  f: job({ input: z.array(z.object({ w: z.date() })) }), // after it",
];
/** Some of them are more than an entry, less than one, or another kind of one. */
const strange = [
  "  g: job({ input: z.string() })",
  "  ...declared,",
  "  h: 1 }); foo(); defineJobs({",
  "  a: job({ input: z.number() }),",
  "  i: job({ input: z.string()",
  "  j() {},",
  "  k: job({}), l: job({}),",
  "  m: job({}) // ,",
  "  /* n: job({}),",
  "",
];
const tails = ["});\n", "}, {\n  queues: { slow: {} },\n});\n", "});\nexport const after = 1;\n", "/* none */});\n"];
/** With names of their own, since a name that comes twice is a file to be read as a whole. */
const fresh = nat(50).map(
  (n) => `  x${n}: job({
    input: z.object({ v: z.literal(${n}) }),
  }),`,
);
const piece = oneof({ weight: 6, arbitrary: fresh }, constantFrom(...entries), constantFrom(...strange));
const edit = record({
  at: integer({ min: 0, max: 6 }),
  gone: integer({ min: 0, max: 2 }),
  put: array(piece, { maxLength: 2 }),
});

function textOf(lines: readonly string[], tail: string): string {
  return `${head}export default defineJobs({\n${lines.join("\n")}\n${tail}`;
}

const parts = ["input", "v", "s", "text", "[]", "w", "queues", "slow", "not"];

/** All that can be asked, some steps inwards. */
function seen(node: SourceNode | undefined, depth = 4): unknown {
  if (!node) return undefined;
  const { line, column, docs, file } = node;
  const inner = depth === 0 ? [] : parts.map((part) => node.children(part).map((child) => seen(child, depth - 1)));
  return { line, column, docs, file, inner };
}

function all(source: SchemaSource): unknown {
  const jobs = ["x1", "x7", "x30", "a", "b", "c", "d e", "f", "g", "h", "i", "j", "k", "l", "m"].map((name) =>
    seen(source.job(name)),
  );
  return {
    jobs,
    root: seen(source.root),
    constants: ["Shared", "declared"].map((name) => seen(source.constant(name))),
  };
}

describe("followEdit", () => {
  it("gives what the whole text gives, whatever is put between the entries", () => {
    let followed = 0;
    assert(
      property(
        shuffledSubarray(entries, { minLength: 2 }),
        array(edit, { maxLength: 6 }),
        oneof({ weight: 4, arbitrary: constantFrom(...tails.slice(0, 2)) }, constantFrom(...tails)),
        (first, edits, tail) => {
          const lines = [...first];
          let source = readSchemaSource("/x/jobs.schema.ts", textOf(lines, tail));
          for (const { at, gone, put } of edits) {
            // What was looked up before has to move as well.
            all(source);
            lines.splice(at, gone, ...put);
            const text = textOf(lines, tail);
            const after = followEdit(source, "/x/jobs.schema.ts", text);
            if (after) followed++;
            source = after?.source ?? readSchemaSource("/x/jobs.schema.ts", text);
            const whole = readSchemaSource("/x/jobs.schema.ts", text);
            expect(all(source)).toEqual(all(whole));
            expect(source.layout?.entries.map(({ key }) => key)).toEqual(whole.layout?.entries.map(({ key }) => key));
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(followed).toBeGreaterThan(60);
  });

  it("keeps the entry of a job that only moves", () => {
    const source = readSchemaSource("/x/jobs.schema.ts", textOf(entries, "});\n"));
    const [before, node] = [source.entryOf("f"), source.job("f")];
    const text = textOf(entries.with(0, "  // Longer.\n  a: job({ input: z.number() }),"), "});\n");
    const after = followEdit(source, "/x/jobs.schema.ts", text)?.source;
    expect(after?.entryOf("f")).toBe(before);
    expect(after?.entryOf("a")).not.toBe(after?.entryOf("f"));
    expect(node?.line).toBe(readSchemaSource("/x/jobs.schema.ts", text).job("f")?.line);
  });

  it.each([
    ["an import", (text: string) => text.replace("zod", "zod/v4")],
    ["a constant", (text: string) => text.replace("z.string()", "z.number()")],
    ["the end", (text: string) => text.replace("});\n", "});\n// End.\n")],
  ])("leaves it to a reader of the whole text when %s changes", (_, change) => {
    const text = `${head}export default defineJobs({\n  a: job({ input: Shared }),\n});\n`;
    expect(followEdit(readSchemaSource("/x/jobs.schema.ts", text), "/x/jobs.schema.ts", change(text))).toBeUndefined();
  });
});
