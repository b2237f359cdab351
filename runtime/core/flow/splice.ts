import type { NeedCondition } from "../../contract/index.ts";
import type { Bindings } from "./drafts.ts";
import { inputName } from "./names.ts";
import { type Draft, type FlowPlan, impliedNeeds } from "./plan.ts";
import { rewriteNode } from "./rewrite-node.ts";
import { type Template, templateAt } from "./template.ts";

/** The plan of a workflow with values in the place of its input. */
export function bindInput({ nodes }: FlowPlan, input: Template): FlowPlan {
  return {
    nodes: nodes.map((node) =>
      rewriteNode(node, (expression) => {
        const isInput = expression.of === "input" && !("node" in expression);
        return isInput && "path" in expression ? templateAt(input, expression.path) : undefined;
      }),
    ),
  };
}

interface Splice {
  /** Of the node as others see it: the end of the workflow gets it. */
  readonly name: string;
  readonly workflow: string;
  readonly plan: FlowPlan;
  readonly input: Template;
  readonly delayMs: number | undefined;
  readonly bindings: Bindings;
}

/**
 * A workflow as a part of another flow: its nodes are called `name/node`. The first of them gives its input, and nothing of it
 * runs before. Where it has to wait, or may be left out, a timer stands in front of that.
 */
export function spliceDrafts({ name, workflow, plan, input, delayMs, bindings }: Splice): readonly Draft[] {
  const last = plan.nodes.at(-1)?.name;
  const rename = (node: string): string => (node === last ? name : `${name}/${node}`);
  const isBound = [bindings.after, bindings.condition, delayMs].some((part) => part !== undefined);
  const start = isBound || impliedNeeds([input]).size > 0 ? startDraft(name, input, delayMs, bindings) : undefined;
  const begin: readonly [string, NeedCondition][] = start ? [[start.name, "succeeded"]] : [];
  const given = inputName(name);
  const nodes = plan.nodes.map((node): Draft => {
    const { needs = [], ...draft } = rewriteNode(
      node,
      (expression) => {
        if (!("path" in expression) || expression.of === "item") return undefined;
        const own = "node" in expression ? rename(expression.node) : given;
        return { $: expression.of, node: own, path: [...expression.path] };
      },
      rename,
    );
    const after = new Map<string, NeedCondition>(needs.map(({ node: needed, when }) => [needed, when]));
    // The end is skipped with the whole, and tells of an input that does not fit.
    if (draft.name === name)
      for (const [needed, when] of [...begin, [given, "finished"] as const]) after.set(needed, when);
    // What a batch needs are its members.
    else if (draft.action.kind !== "batch") {
      if (draft.mode === "any" && after.size > 0)
        return { ...draft, after, condition: andBegun(given, draft.condition) };
      after.set(given, "succeeded");
    }
    return { ...draft, after };
  });
  const giver: Draft = {
    name: given,
    action: { kind: "input", workflow, input },
    ...(start ? { after: new Map(begin) } : {}),
  };
  return [...(start ? [start] : []), giver, ...nodes];
}

/**
 * What runs with any of its needs cannot need the input besides. One of them may have "failed" because the workflow never began,
 * which is no reason to run.
 */
function andBegun(given: string, condition?: Template): Template {
  const begun: Template = { $: "eq", v: [{ $: "outcome", node: given, path: ["status"] }, "succeeded"] };
  return condition === undefined ? begun : { $: "and", v: [begun, condition] };
}

function startDraft(name: string, input: Template, delayMs = 0, { after, ...bindings }: Bindings): Draft {
  const needs = new Map([...impliedNeeds([input]), ...(after ?? [])]);
  return { name: `${name}/start`, action: { kind: "timer" }, settings: { delayMs }, ...bindings, after: needs };
}
