import { readFileSync } from "node:fs";
import { examples } from "./error-examples.ts";
import { remedies } from "../generator/explain/remedies.ts";
import { errorCodes } from "../runtime/contract/errors.ts";

const source = new URL("../runtime/contract/errors.ts", import.meta.url);

/** The page `docs/errors.md`: every code, in the groups that the source's comments make. */
export function errorsPage(): string {
  const sections = readGroups(readFileSync(source, "utf8")).map(({ title, codes }) => {
    const rows = codes.map((code) => `| [\`${code}\`](errors/${code}.md) | ${errorCodes[code]} |`);
    return [`## ${title}`, "", "| code | meaning |", "|---|---|", ...rows, ""].join("\n");
  });
  return `${[introduction, ...sections].join("\n").trimEnd()}\n`;
}

/** A page for each code, by file name: `docs/errors/JW_….md`. */
export function errorPages(): ReadonlyMap<string, string> {
  const codes = Object.keys(errorCodes) as Code[]; // its own keys
  return new Map(codes.map((code) => [`${code}.md`, pageOf(code)]));
}

function pageOf(code: Code): string {
  const { cause, fix } = remedies[code];
  return `${mark}

# ${code}

${errorCodes[code]}

${exampleOf(code)}

**Usual cause.** ${cause}

**Fix.** ${fix}

[All codes](../errors.md)
`;
}

function exampleOf(code: Code): string {
  const example = examples[code];
  if (!("schema" in example)) {
    const hint = example.hint === undefined ? "" : `\n→ ${example.hint}`;
    return block("text", `${code} ${example.message}${hint}`);
  }
  return example.before === undefined
    ? block("text", example.report)
    : `${block("diff", difference(example.before, example.schema))}\n\n${block("text", example.report)}`;
}

/** The lines that differ; both have the same number. */
function difference(before: string, after: string): string {
  const now = after.split("\n");
  const changed = before
    .split("\n")
    .flatMap((line, index) => (line === now[index] ? [] : [`- ${line}`, `+ ${now[index]}`]));
  return changed.join("\n");
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

type Code = keyof typeof errorCodes;

interface Group {
  readonly title: string;
  readonly codes: readonly Code[];
}

/** The object has no groups at run time; the comments in its source are the only place that says them. */
function readGroups(text: string): readonly Group[] {
  const groups: { title: string; codes: Code[] }[] = [];
  for (const line of text.slice(0, text.indexOf("} as const")).split("\n")) {
    const title = /^ {2}\/\/ (.+)$/.exec(line)?.[1];
    if (title !== undefined) groups.push({ title, codes: [] });
    const code = /^ {2}(JW_[A-Z_]+):/.exec(line)?.[1];
    if (code !== undefined && code in errorCodes) groups.at(-1)?.codes.push(code as Code); // checked by `in`
  }
  const found = groups.flatMap(({ codes }) => codes).length;
  const expected = Object.keys(errorCodes).length;
  if (found !== expected)
    throw new Error(`errors.ts holds ${expected} codes, but ${found} stand under a group comment.`);
  return groups;
}

const mark =
  "<!-- Made by `npx tsx docs/generate.ts` from runtime/contract/errors.ts, generator/explain/remedies.ts and docs/error-examples.ts. Do not edit. -->";

const introduction = `${mark}

# Errors

jobwright throws one class, \`JobwrightError\`. Match on \`code\`; the \`message\` is for people. \`jobwright explain <code>\` tells
in the terminal what the page of a code says.

| field | |
|---|---|
| \`code\` | one of the codes below, each with a page of its own |
| \`message\` | names the thing and the reason |
| \`hint\` | the way out, one sentence, if there is one |
| \`retryable\` | whether the same call may succeed later without a change |
| \`details\` | facts for programs, such as zod issues; never a payload |
| \`cause\` | what lies beneath, such as the driver's error |

\`\`\`ts
import { JobwrightError } from "jobwright";

export function isRefusedInput(error: unknown): boolean {
  // Also true across several copies of the package in one process, where \`instanceof\` is not.
  return JobwrightError.is(error) && error.code === "JW_INVALID_INPUT";
}
\`\`\`
`;
