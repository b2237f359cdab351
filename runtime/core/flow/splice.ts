import type { NeedCondition } from "../../contract/index.ts";
import type { Bindings } from "./drafts.ts";
import { type Action, type Draft, type FlowPlan, impliedNeeds, type PlanNode } from "./plan.ts";
import { rewrite, type Template, templateAt } from "./template.ts";

/** The plan of a workflow with values, or references of another flow, in the place of its input. */
export function bindInput({ nodes }: FlowPlan, input: Template): FlowPlan {
  return { nodes: nodes.map((node) => rewriteNode(node, input, (name) => name)) };
}

interface Splice {
  /** Of the node as others see it: the end of the workflow gets it. */
  readonly name: string;
  readonly plan: FlowPlan;
  readonly input: Template;
  readonly delayMs: number | undefined;
  readonly bindings: Bindings;
}

/**
 * A workflow as a part of another flow: its nodes are called `name/node`. Where it has to wait, or may be left out, a timer
 * stands in front of it, so that nothing of it runs before it begins.
 */
export function spliceDrafts({ name, plan, input, delayMs, bindings }: Splice): readonly Draft[] {
  const last = plan.nodes.at(-1)?.name;
  const rename = (node: string): string => (node === last ? name : `${name}/${node}`);
  const isBound = [bindings.after, bindings.condition, delayMs].some((part) => part !== undefined);
  const starts = isBound || impliedNeeds([input]).size > 0;
  const start = `${name}/start`;
  const nodes = plan.nodes.map((node): Draft => {
    const { needs = [], ...draft } = rewriteNode(node, input, rename);
    const after = new Map<string, NeedCondition>(needs.map(({ node: needed, when }) => [needed, when]));
    if (starts && waitsForStart(draft, after)) after.set(start, "succeeded");
    return after.size === 0 ? draft : { ...draft, after };
  });
  return starts ? [startDraft(start, input, delayMs, bindings), ...nodes] : nodes;
}

/** What a batch needs are its members, and one that runs with any of its needs begins after one of them. */
function waitsForStart({ action, mode }: Draft, after: ReadonlyMap<string, NeedCondition>): boolean {
  return action.kind !== "batch" && (mode !== "any" || after.size === 0);
}

function startDraft(name: string, input: Template, delayMs = 0, { after, ...bindings }: Bindings): Draft {
  const needs = new Map([...impliedNeeds([input]), ...(after ?? [])]);
  return { name, action: { kind: "timer" }, settings: { delayMs }, ...bindings, after: needs };
}

type Rename = (name: string) => string;

function rewriteNode(node: PlanNode, input: Template, rename: Rename): PlanNode {
  const change = (template: Template): Template =>
    rewrite(template, (expression) => {
      if (expression.of === "input" && "path" in expression) return templateAt(input, expression.path);
      if (!("node" in expression)) return undefined;
      return { $: expression.of, node: rename(expression.node), path: [...expression.path] };
    });
  const { name, action, needs, condition } = node;
  return {
    ...node,
    name: rename(name),
    action: rewriteAction(action, change, rename),
    ...(needs ? { needs: needs.map(({ node: needed, when }) => ({ node: rename(needed), when })) } : {}),
    ...(condition === undefined ? {} : { condition: change(condition) }),
  };
}

function rewriteAction(action: Action, change: (template: Template) => Template, rename: Rename): Action {
  switch (action.kind) {
    case "job":
      return { ...action, input: change(action.input) };
    case "map":
      return { ...action, items: change(action.items), input: change(action.input), into: rename(action.into) };
    case "end": {
      const { output, handled } = action;
      return { ...action, handled: handled.map(rename), ...(output === undefined ? {} : { output: change(output) }) };
    }
    default:
      return action;
  }
}
