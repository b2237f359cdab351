import { misfit, parseValue } from "../parse-value.ts";
import type { LoadedWorkflow, Parser } from "../schema-module.ts";
import { encodeTemplate, type Template } from "./template.ts";

/** The schemas of a workflow. Throws `JW_STALE_CLIENT` for one that there is none of. */
export type WorkflowSchemas = (workflow: string) => LoadedWorkflow;

/** What the schema of a workflow makes of an input. Throws `JW_INVALID_INPUT`. */
export function parseWorkflowInput(workflow: string, parser: Parser, input: unknown): Template {
  const what = `The input of ${workflow}`;
  const parsed = parseValue(parser, input, (issues) => misfit("JW_INVALID_INPUT", what, issues));
  return encodeTemplate(parsed, what);
}
