import { misfit, parseValue } from "../parse-value.ts";
import type { Parser } from "../schema-module.ts";
import { encodeTemplate, type Template } from "./template.ts";

/** Schemas of the inputs of workflows, by their names. Throws `JW_STALE_CLIENT` for one that the schema does not have. */
export type WorkflowInputs = (workflow: string) => Parser;

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
