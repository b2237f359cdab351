import { readFileSync } from "node:fs";
import { remedies } from "../generator/explain/remedies.ts";
import { errorCodes } from "../runtime/contract/errors.ts";

const source = new URL("../runtime/contract/errors.ts", import.meta.url);

/** The page `docs/errors.md`: every code, in the groups that the source's comments make. */
export function errorsPage(): string {
  const sections = readGroups(readFileSync(source, "utf8")).map(({ title, codes }) => {
    const rows = codes.map((code) => {
      const { cause, fix } = remedies[code];
      return `| \`${code}\` | ${errorCodes[code]} | ${cause} | ${fix} |`;
    });
    return [`## ${title}`, "", "| code | meaning | usual cause | fix |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return `${[introduction, ...sections].join("\n").trimEnd()}\n`;
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

const introduction = `<!-- Made by \`npx tsx docs/generate.ts\` from runtime/contract/errors.ts and generator/explain/remedies.ts. Do not edit. -->

# Errors

jobwright throws one class, \`JobwrightError\`. Match on \`code\`; the \`message\` is for people. \`jobwright explain <code>\` tells
in the terminal what this page says of a code.

| field | |
|---|---|
| \`code\` | one of the codes below |
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
