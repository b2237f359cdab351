import { misfit, parseValue } from "../parse-value.ts";
import type { LoadedWorkflow, Parser } from "../schema-module.ts";
import { encodeTemplate, type Template } from "./template.ts";

/** The schemas of a workflow. Throws `JW_STALE_CLIENT` for one that there is none of. */
export type WorkflowSchemas = (workflow: string) => LoadedWorkflow;

/** What the schema of a workflow makes of its input. `what`: the value, at the beginning of a sentence. */
export function parseWorkflowInput(
  parser: Parser,
  input: unknown,
  code: "JW_INVALID_INPUT" | "JW_INVALID_PAYLOAD",
  what: string,
): Template {
  const parsed = parseValue(parser, input, (issues) => misfit(code, what, issues));
  return encodeTemplate(parsed, what);
}
