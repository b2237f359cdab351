import { JobwrightError } from "../contract/index.ts";
import type { Parser, ParseIssue } from "./schema-module.ts";

/** What the schema makes of a value. `refuse` gives the error for a value that it does not take. */
export function parseValue(
  parser: Parser,
  value: unknown,
  refuse: (issues: readonly ParseIssue[]) => JobwrightError,
): unknown {
  let result;
  try {
    result = parser.safeParse(value);
  } catch (error) {
    // zod recurses; a value nested thousands of levels deep ends as a RangeError instead of an issue.
    if (error instanceof RangeError) throw refuse([{ path: [], message: "nested too deeply", code: "too_deep" }]);
    throw error;
  }
  if (result.success) return result.data;
  throw refuse(result.error.issues);
}

/** `what`: the value, at the beginning of a sentence. */
export function misfit(
  code: "JW_INVALID_INPUT" | "JW_INVALID_PAYLOAD" | "JW_INVALID_OUTPUT",
  what: string,
  issues: readonly ParseIssue[],
  hint?: string,
): JobwrightError {
  const [first] = issues;
  const place = first && first.path.length > 0 ? ` at ${formatPath(first.path)}` : "";
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new JobwrightError(code, `${what} does not fit its schema${place}: ${first?.message ?? "invalid"}${more}.`, {
    ...(hint === undefined ? {} : { hint }),
    details: { issues: issues.map(({ path, message, code: issueCode }) => ({ path, message, code: issueCode })) },
  });
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? String(key) : `.${String(key)}`))
    .join("");
}
