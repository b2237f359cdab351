import type { Expression } from "./expression.ts";
import type { Action, PlanNode } from "./plan.ts";
import { endName } from "./names.ts";
import { rewrite, type Template } from "./template.ts";

type Change = (template: Template) => Template;
type Rename = (name: string) => string;

/** The same node with other expressions, or values, in the place of those in its templates, and with other names. */
export function rewriteNode(
  node: PlanNode,
  replace: (expression: Expression) => Template | undefined,
  rename: Rename = (name) => name,
): PlanNode {
  const change: Change = (template) => rewrite(template, replace);
  const { name, action, needs, condition } = node;
  return {
    ...node,
    name: rename(name),
    action: rewriteAction(action, change, rename),
    ...(needs ? { needs: needs.map(({ node: needed, when }) => ({ node: rename(needed), when })) } : {}),
    ...(condition === undefined ? {} : { condition: change(condition) }),
  };
}

function rewriteAction(action: Action, change: Change, rename: Rename): Action {
  switch (action.kind) {
    case "job":
    case "input":
      return { ...action, input: change(action.input) };
    case "map":
      return {
        ...action,
        items: change(action.items),
        input: change(action.input),
        into: rename(action.into),
        ...endOf(rename(action.end ?? endName)),
      };
    case "end": {
      const { output, handled } = action;
      return { ...action, handled: handled.map(rename), ...(output === undefined ? {} : { output: change(output) }) };
    }
    default:
      return action;
  }
}

/** That of the flow itself needs no mention. */
function endOf(end: string): { readonly end?: string } {
  return end === endName ? {} : { end };
}
