import { type JobState, jobStates } from "../../runtime/contract/index.ts";
import type { FlowPlan, PlanNode } from "../../runtime/core/flow/plan.ts";
import type { FlowStatus } from "../../runtime/core/flow/status.ts";
import { label } from "./mermaid-label.ts";

/** A node of a diagram. */
interface Box {
  readonly name: string;
  readonly text: string;
  readonly needs: readonly { readonly node: string; readonly when: string }[];
  readonly state?: JobState;
}

/** A workflow of the schema, as a mermaid flowchart. */
export function planDiagram({ nodes }: FlowPlan): string {
  return flowchart(nodes.map((node) => ({ name: node.name, text: textOf(node), needs: node.needs ?? [] })));
}

function textOf({ name, action, condition }: PlanNode): string {
  const what = "job" in action ? action.job : action.kind;
  const text = what === name ? name : `${name}: ${what}`;
  return condition === undefined ? text : `${text}?`;
}

/** A workflow as it is now; the classes of the nodes are their states. */
export function statusDiagram({ nodes }: FlowStatus): string {
  const boxes = nodes.map(({ name, kind, job, state, needs }) => {
    const what = kind === "job" ? job : kind;
    return { name, text: `${what === name ? name : `${name}: ${what}`}, ${state}`, needs, state };
  });
  return `${flowchart(boxes)}\n${classes(boxes)}`;
}

function flowchart(boxes: readonly Box[]): string {
  const ids = new Map(boxes.map(({ name }, index) => [name, `n${index}`]));
  const lines = boxes.flatMap(({ name, text, needs }) => [
    `  ${ids.get(name)}[${label(text)}]`,
    ...needs.map(
      ({ node, when }) => `  ${ids.get(node)} -->${when === "succeeded" ? "" : `|${label(when)}|`} ${ids.get(name)}`,
    ),
  ]);
  return ["flowchart TD", ...lines].join("\n");
}

const colours: Readonly<Record<JobState, string>> = {
  scheduled: "#e8f0fe",
  ready: "#d2e3fc",
  blocked: "#f1f3f4",
  running: "#fef7e0",
  succeeded: "#e6f4ea",
  dead: "#fce8e6",
  cancelled: "#f3e8fd",
  skipped: "#ffffff",
};

function classes(boxes: readonly Box[]): string {
  const used = jobStates.filter((state) => boxes.some((box) => box.state === state));
  const members = (state: JobState): string =>
    boxes.flatMap((box, index) => (box.state === state ? [`n${index}`] : [])).join(",");
  return used
    .flatMap((state) => [
      `  classDef ${state} fill:${colours[state]},stroke:#5f6368,color:#202124`,
      `  class ${members(state)} ${state}`,
    ])
    .join("\n");
}
