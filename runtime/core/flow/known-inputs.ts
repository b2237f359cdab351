import { parseWorkflowInput, type WorkflowSchemas } from "./workflow-input.ts";
import type { FlowPlan, PlanNeed, PlanNode } from "./plan.ts";
import { rewriteNode } from "./rewrite-node.ts";
import { decodeKnown } from "./resolve.ts";
import { referencesIn, type Template, templateAt } from "./template.ts";

/** A node that is not needed: its input is known before the flow begins. */
interface Known {
  readonly input: Template;
  /** What waits for the node waits for these instead. */
  readonly needs: readonly PlanNeed[];
}

/**
 * The plan with the inputs of workflows within it in their places, as far as they take nothing from other nodes. Throws
 * `JW_INVALID_INPUT` for one that does not fit.
 */
export function fillKnownInputs({ nodes }: FlowPlan, workflows: WorkflowSchemas): FlowPlan {
  const known = new Map<string, Known>();
  const rest: PlanNode[] = [];
  // Each comes after those that it needs, and a workflow within another one after the input of that.
  for (const node of nodes) {
    const filled = known.size === 0 ? node : fill(node, known);
    const { action, needs = [] } = filled;
    if (action.kind !== "input" || referencesIn(action.input).length > 0) rest.push(filled);
    else {
      const { workflow, input } = action;
      known.set(node.name, {
        input: parseWorkflowInput(workflow, workflows(workflow).input, decodeKnown(input)),
        needs,
      });
    }
  }
  return { nodes: rest };
}

/** The status of the node: that of the one which it would have waited for. */
function begunOf({ needs: [start] }: Known): Template {
  return start ? { $: "outcome", node: start.node, path: ["status"] } : "succeeded";
}

function fill(node: PlanNode, known: ReadonlyMap<string, Known>): PlanNode {
  const { needs = [], ...filled } = rewriteNode(node, (expression) => {
    const found = "node" in expression ? known.get(expression.node) : undefined;
    if (!found || !("path" in expression)) return undefined;
    return expression.of === "input" ? templateAt(found.input, expression.path) : begunOf(found);
  });
  const inherited = needs.flatMap(({ node: needed }) => known.get(needed)?.needs ?? []);
  const own = needs.filter(({ node: needed }) => !known.has(needed));
  // What it says itself of a node holds.
  const left = new Map([...inherited, ...own].map((need) => [need.node, need]));
  return left.size === 0 && node.action.kind !== "batch" ? filled : { ...filled, needs: [...left.values()] };
}
