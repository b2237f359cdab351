import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromJSONSchema } from "zod";
import type { $ZodType } from "zod/v4/core";
import { generate } from "../../../generator/index.ts";
import { jsonSchemaEmitter } from "../../../generator/export/json-schema.ts";
import { createWalker } from "../../../generator/load/walk.ts";
import * as wire from "../../../runtime/codegen/wire.ts";
import type { WireCodec } from "../../../runtime/core/descriptor.ts";
import type { Parser } from "../../../runtime/core/schema-module.ts";
import { arbitraryOf } from "../support/arbitrary.ts";
import * as corpus from "../support/corpus.ts";
import { imports } from "../support/problems.ts";
import { createProject, type Project, repository } from "../support/project.ts";

type Schema = Readonly<Record<string, unknown>>;
interface Bundle extends Schema {
  readonly $defs: Readonly<Record<string, Schema>>;
}

const corpusSchema = `
import { defineJobs, job } from "jobwright/schema";
import * as corpus from "./corpus.ts";
export default defineJobs(Object.fromEntries(Object.entries(corpus).map(([name, input]) => [name + "Job", job({ input })])));
`;

/** zod reads JSON Schema on its own terms, and so is an independent reader of what is printed here. */
function readerOf(bundle: Bundle, name: string): Parser {
  const { $schema, $defs } = withoutDateFormat(bundle);
  return fromJSONSchema({ ...$defs[name], $schema, $defs } as Parameters<typeof fromJSONSchema>[0]); // as printed
}

/** A format is a remark, unless a reader makes it a rule as zod does; years of six digits are stored, but no date-time. */
function withoutDateFormat(bundle: Bundle): Bundle {
  return JSON.parse(JSON.stringify(bundle).replaceAll('"format":"date-time",', "")) as Bundle; // what went in
}

describe("the exported JSON Schema", () => {
  let project: Project;
  let codecs: Readonly<Record<string, WireCodec>>;
  let bundle: Bundle;

  beforeAll(async () => {
    project = createProject({
      "corpus.ts": readFileSync(join(repository, "test/generator/support/corpus.ts"), "utf8"),
      "jobs.schema.ts": corpusSchema,
    });
    await generate({ cwd: project.folder, emitters: [jsonSchemaEmitter] });
    const source = pathToFileURL(join(repository, "runtime/codegen/v1.ts")).href;
    project.write("codecs.test-copy.ts", project.read("generated/codecs.ts").replace("jobwright/codegen/v1", source));
    codecs = (await import(join(project.folder, "codecs.test-copy.ts"))) as typeof codecs; // as emitted
    bundle = JSON.parse(project.read("generated/jobs.schema.json")) as Bundle; // as printed
  });

  afterAll(() => project[Symbol.dispose]());

  it.each(Object.keys(corpus))("accepts what is stored of what zod accepted: %s", (name) => {
    const zod = (corpus as unknown as Readonly<Record<string, $ZodType & Parser>>)[name];
    if (!zod) throw new Error(`no schema ${name}`);
    const walker = createWalker(new Map());
    const { in: type } = walker.walk(zod, name, ["input"]);
    const codec = codecs[`${name}JobInput`];
    const reader = readerOf(bundle, `${name}Job.input`);
    fc.assert(
      fc.property(arbitraryOf(type, walker.named()), (value) => {
        if (!zod.safeParse(value).success) return;
        const text = JSON.stringify(codec ? codec.encode(value) : value) ?? "null";
        // zod drops this key of a record without a look at it, so it accepts what names no key.
        if (name.startsWith("record") && text.includes('"__proto__":')) return;
        const wire: unknown = JSON.parse(text);
        const read = reader.safeParse(wire);
        expect(read.success, JSON.stringify({ wire, schema: bundle.$defs[`${name}Job.input`] })).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("takes a text for a date or a bigint exactly if the worker does", () => {
    const date = readerOf(bundle, "dateJob.input");
    const bigint = readerOf(bundle, "bigintJob.input");
    const digits = fc.stringMatching(/^[+-]?\d{1,6}$/);
    const dates = fc.stringMatching(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+02:00)?$/);
    fc.assert(
      fc.property(fc.oneof(digits, dates, fc.string()), (text) => {
        expect(date.safeParse({ v: text }).success).toBe(wire.date.decode(text) instanceof Date);
        expect(bigint.safeParse({ v: text }).success).toBe(typeof wire.bigint.decode(text) === "bigint");
      }),
    );
  });

  it("carries limits, defaults and the words of the schema file", async () => {
    using own = createProject({
      "jobs.schema.ts": `${imports}
/** Sends it. */
const a = z.object({
  /** Where to. */
  to: z.email().max(99),
  tries: z.int().min(1).max(5).default(3),
  tags: z.array(z.string().min(2)).max(4).optional().describe("At most four."),
  strict: z.strictObject({ when: z.date().default(new Date(0)) }),
});
export default defineJobs({ /** Sends a mail. */ a: job({ input: a, output: z.bigint() }) });
`,
    });
    await generate({ cwd: own.folder, emitters: [jsonSchemaEmitter] });
    const { $defs } = JSON.parse(own.read("generated/jobs.schema.json")) as Bundle; // as printed
    expect($defs).toMatchInlineSnapshot(`
      {
        "a.input": {
          "properties": {
            "strict": {
              "additionalProperties": false,
              "properties": {
                "when": {
                  "default": "1970-01-01T00:00:00.000Z",
                  "format": "date-time",
                  "pattern": "^(?:\\d{4}|[+-]\\d{6})-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z$",
                  "type": "string",
                  "x-jobwright-type": "Date",
                },
              },
              "type": "object",
            },
            "tags": {
              "description": "At most four.",
              "items": {
                "minLength": 2,
                "type": "string",
              },
              "maxItems": 4,
              "type": "array",
            },
            "to": {
              "description": "Where to.",
              "format": "email",
              "maxLength": 99,
              "type": "string",
            },
            "tries": {
              "default": 3,
              "maximum": 5,
              "minimum": 1,
              "type": "integer",
            },
          },
          "required": [
            "to",
            "strict",
          ],
          "type": "object",
        },
        "a.output": {
          "pattern": "^-?\\d+$",
          "type": "string",
          "x-jobwright-type": "bigint",
        },
      }
    `);
  });

  it("points only to schemas that are there", () => {
    const targets = [...JSON.stringify(bundle).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name ?? "");
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((name) => !(name in bundle.$defs))).toEqual([]);
  });
});
