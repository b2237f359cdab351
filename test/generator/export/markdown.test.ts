import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEmitContext } from "../../../generator/emit/files.ts";
import { markdownEmitter } from "../../../generator/export/markdown.ts";
import { print } from "../../../generator/index.ts";
import type { JobModel, Model } from "../../../generator/model/model.ts";
import { readSchemaSource } from "../../../generator/source/schema-source.ts";
import { planWire } from "../../../generator/model/wire-plan.ts";
import { imports } from "../support/problems.ts";
import { createProject } from "../support/project.ts";

/** Every text of the schema file that a page shows. */
interface Texts {
  readonly description: string;
  readonly field: string;
  readonly key: string;
  readonly literal: string;
  readonly queue: string;
  readonly schedule: string;
}

function jobOf(texts: Texts): JobModel {
  return {
    name: "a",
    queue: texts.queue,
    version: 1,
    priority: 0,
    retry: { maxAttempts: 3, backoff: { kind: "fixed", delayMs: 1, jitter: "none" } },
    timeoutMs: 1000,
    maxCrashes: 3,
    schedules: { [texts.schedule]: { cron: "0 8 * * *", timeZone: "UTC", catchUp: "latest", overlap: "skip" } },
    docs: { text: texts.description, deprecated: texts.field },
    input: sides(texts),
    contract: { input: { kind: "unknown" } },
  };
}

function sides({ key, field, literal }: Texts): JobModel["input"] {
  const type = { kind: "literal", values: [{ type: "string", text: JSON.stringify(literal) }] } as const;
  const object = { kind: "object", properties: [{ key, optional: false, type, docs: { text: field } }] } as const;
  return { in: object, out: object };
}

function pageOf(texts: Texts): string {
  const model: Model = { modelVersion: 1, jobs: [jobOf(texts)], named: [] };
  const source = readSchemaSource("jobs.schema.ts", "");
  const options = { schema: "../jobs.schema.ts", hash: "0", extension: ".ts", typesFile: "types.ts", source } as const;
  const [file] = markdownEmitter.emit(model, createEmitContext(model, planWire(model), options));
  return file?.text ?? "";
}

/** What a page consists of, whatever its words: a kind for each line, and how many cells each row has. */
function skeleton(page: string): readonly string[] {
  // A text may have several paragraphs.
  return page
    .split("\n")
    .map(kindOf)
    .filter((kind, index, kinds) => kind !== "text" || kinds[index - 2] !== "text")
    .filter((kind, index, kinds) => kind !== "" || kinds[index - 1] !== "");
}

function kindOf(line: string): string {
  if (line.startsWith("|")) return `row ${line.replaceAll(/\\[^\w\s]/g, "").split("|").length}`;
  if (line.startsWith("#") || line.startsWith("```") || line === "") return line;
  return line.startsWith("  ") ? `diagram ${line.replaceAll(/"[^"]*"/g, '""')}` : "text";
}

const hostile = fc.oneof(
  fc.string(),
  fc
    .array(
      fc
        .constantFrom(
          "|",
          "\\",
          "`",
          "``",
          "\n",
          "\r\n",
          "<b>",
          "-->",
          "](x)",
          "# ",
          "- ",
          "1. ",
          "~~~",
          "```",
          "*",
          "_",
        )
        .map((text) => text),
      { minLength: 1, maxLength: 8 },
    )
    .map((parts) => `x${parts.join("")}`),
  fc.constantFrom('"] --> x["', "end\n```\n# Title", "click j0 href", "#quot;", "%%{init: {}}%%", "<!--", "&lt;"),
);

describe("the Markdown catalogue", () => {
  it("is the same page whatever the texts are", () => {
    const plain = { description: "x", field: "x", key: "x", literal: "x", queue: "x", schedule: "x" };
    const texts = fc.record({
      description: hostile.map((text) => `x ${text.replaceAll(/\s+/g, " ")} x`),
      field: hostile,
      key: hostile.map((text) => `x${text}`),
      literal: hostile,
      queue: hostile,
      schedule: hostile,
    });
    const expected = skeleton(pageOf(plain));
    fc.assert(
      fc.property(texts, (given) => {
        expect(skeleton(pageOf(given))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("leaves no markup of others outside of code", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const page = pageOf({ description: text, field: text, key: "k", literal: "l", queue: "q", schedule: "s" });
        const words = page.replace(/```mermaid.*?```/s, "").replaceAll(/\\[^\w\s]|(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, "");
        expect(words.replaceAll(/&#8203;/g, "")).not.toMatch(/[`<>*[\]]/);
      }),
      { numRuns: 500 },
    );
  });

  it("tells of a job what the schema says", async () => {
    using project = createProject({
      "jobs.schema.ts": `${imports}export default defineJobs({
  /** Sends \`one\` issue. */
  send: job({
    queue: "mail",
    input: z.object({
      to: z.string().describe("Where to."),
      lines: z.array(z.object({ sku: z.string(), count: z.bigint().optional() })),
    }),
    output: z.date(),
    schedules: { nightly: { cron: "0 3 * * *", input: { to: "a", lines: [] } } },
  }),
});\n`,
    });
    const [file] = await print({ cwd: project.folder }, [markdownEmitter]);
    expect(file?.text).toMatchInlineSnapshot(`
      "# Jobs

      Made by jobwright from \`../jobs.schema.ts\`. Do not edit.

      \`\`\`mermaid
      flowchart LR
        q0[("mail")]
        j0["send"] --> q0
        j0s0(["nightly: 0 3 * * *"]) --> j0
      \`\`\`

      ## send

      Sends \\\`one\\\` issue.

      | policy |  |
      |---|---|
      | queue | \`mail\` |
      | version | \`1\` |
      | priority | \`0\` |
      | retry | \`{"maxAttempts":10,"backoff":{"kind":"exponential","delayMs":1000,"factor":2,"maxMs":3600000,"jitter":"equal"}}\` |
      | timeoutMs | \`600000\` |
      | maxCrashes | \`3\` |

      | schedule | cron | time zone |
      |---|---|---|
      | \`nightly\` | \`0 3 * * *\` | \`UTC\` |

      | Input | type | required |  |
      |---|---|---|---|
      | \`to\` | \`string\` | yes | Where to. |
      | \`lines\` | \`object[]\` | yes |  |
      | \`lines[].sku\` | \`string\` | yes |  |
      | \`lines[].count\` | \`bigint\` |  |  |

      | Output | type | required |  |
      |---|---|---|---|
      |  | \`Date\` | yes |  |
      "
    `);
  });
});
