import type { BatchNode, FlowBuilder, FlowNode, Ref } from "jobwright/codegen/v1";
import type { NeedCondition } from "../../runtime/contract/index.ts";
import type { BatchPolicyName } from "../../runtime/core/flow/plan.ts";
import type { Done, Fate, Item, StepJobs } from "./flows-schema.ts";

export interface Edge {
  readonly node: string;
  readonly when: NeedCondition;
}

export type PlannedNode =
  | {
      readonly kind: "job";
      readonly name: string;
      readonly fate: Fate;
      readonly items: readonly Item[];
      readonly needs: readonly Edge[];
      /** Runs with the first of its needs, and takes nothing from them. */
      readonly any: boolean;
    }
  | { readonly kind: "batch"; readonly name: string; readonly of: readonly string[]; readonly when: BatchPolicyName }
  /** Over the items of the job `from`. */
  | {
      readonly kind: "map";
      readonly name: string;
      readonly from: string;
      readonly items: readonly Item[];
      readonly when: BatchPolicyName;
    };

/** The nodes of a flow, each after all that it needs. */
export type Plan = readonly PlannedNode[];

type Drawn = { readonly job: FlowNode<Done> } | { readonly group: BatchNode<Done> };

/** Draws a plan; `id` is what its nodes are called by in the history. */
export function draw(flow: FlowBuilder, { work }: StepJobs, id: string, plan: Plan): void {
  const drawn = new Map<string, Drawn>();
  for (const node of plan) drawn.set(node.name, drawNode(node));

  function drawNode(node: PlannedNode): Drawn {
    const place = `${id}/${node.name}`;
    const { name } = node;
    switch (node.kind) {
      case "job": {
        const { fate, items, needs, any } = node;
        const given = any ? {} : Object.fromEntries(needs.map((edge) => [edge.node, takenFrom(edge)]));
        const after = needs.map((edge) => [nodeOf(edge.node), edge.when] as const);
        return { job: flow.add(work.node({ node: place, fate, items: [...items], given }), { name, after, any }) };
      }
      case "batch":
        return { group: flow.batch(node.of.map(jobOf), { name, when: node.when }) };
      case "map": {
        const { items } = jobOf(node.from).output;
        const each = ({ index, fate }: Ref<Item>) => work.node({ node: place, index, fate, items: [], given: {} });
        return { group: flow.map(items, each, { name, when: node.when }) };
      }
    }
  }

  function jobOf(name: string): FlowNode<Done> {
    const node = drawn.get(name);
    if (node && "job" in node) return node.job;
    throw new TypeError(`${name} is no job that was drawn before`);
  }

  function nodeOf(name: string): FlowNode<Done> | BatchNode<Done> {
    const node = drawn.get(name);
    return node && "group" in node ? node.group : jobOf(name);
  }

  /** The value that goes with an edge, if there is one. Only of a batch whose members have all succeeded there are outputs. */
  function takenFrom({ node: name, when }: Edge): unknown {
    const node = nodeOf(name);
    const planned = plan.find((one) => one.name === name);
    const isPartial = planned !== undefined && planned.kind !== "job" && planned.when !== "succeeded";
    if (when === "finished" || (when === "succeeded" && isPartial)) return node.outcome;
    if (when === "succeeded") return node.output;
    return when === "notFailed" && planned?.kind === "job" ? jobOf(name).maybe : null;
  }
}
