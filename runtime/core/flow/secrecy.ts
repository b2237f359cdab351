import { JobwrightError } from "../../contract/index.ts";
import { type Makers, makerOf } from "../makers.ts";
import { type FlowPlan, type PlanNode, templatesOf } from "./plan.ts";
import { holdsValues, referencesIn, type Template } from "./template.ts";

type Action<Kind> = Extract<PlanNode["action"], { readonly kind: Kind }>;

/**
 * What encrypted jobs take and give must not be stored in clear by the jobs that hold a flow together: by its end, which keeps
 * the output, by maps, which keep the input of their members and make jobs of it, and by what gives the input of a workflow.
 * Throws `JW_INVALID_FLOW`.
 */
export function refuseLeaks({ nodes }: FlowPlan, makers: Makers): void {
  const secret = secretNodes(nodes, makers);
  const taken = (templates: readonly Template[]): string | undefined =>
    templates.flatMap(referencesIn).find(({ node }) => secret.has(node))?.node;

  function checkEnd({ output }: Action<"end">): void {
    const from = output === undefined ? undefined : taken([output]);
    if (from === undefined) return;
    throw new JobwrightError("JW_INVALID_FLOW", `The flow gives an output of ${from}, whose job is encrypted.`, {
      hint: "Give it to a job that is encrypted as well, or leave it out of the flow's own output.",
    });
  }

  function checkMap({ job, items, input, into }: Action<"map">): void {
    const from = taken([items, input]);
    if (!makerOf(makers, job).job.encrypted) {
      if (from === undefined) return;
      throw new JobwrightError(
        "JW_INVALID_FLOW",
        `${into} takes an output of ${from}, whose job is encrypted; ${job} is not.`,
        {
          hint: `Declare ${job} with \`encrypted: true\`, or leave out what it takes.`,
        },
      );
    }
    if (!holdsValues(items) && !holdsValues(input)) return;
    throw new JobwrightError(
      "JW_INVALID_FLOW",
      `${into} maps over ${job}, which is encrypted, with values of its own.`,
      {
        hint: "Take them from the item or from another node; what a map is given itself is stored in clear.",
      },
    );
  }

  const confided = confidedInputs(nodes, makers);

  function checkInput(node: string, { workflow, input }: Action<"input">): void {
    const from = taken([input]);
    if (from === undefined && !(confided.has(node) && holdsValues(input))) return;
    const what = from === undefined ? "values for encrypted jobs" : `an output of ${from}, whose job is encrypted`;
    throw new JobwrightError("JW_INVALID_FLOW", `The input of ${workflow} has ${what}, and is stored in clear.`, {
      hint: "Let an encrypted job enqueue that workflow, or take nothing from other nodes in its input.",
    });
  }

  for (const { name, action } of nodes) {
    if (action.kind === "input") checkInput(name, action);
    if (action.kind === "end") checkEnd(action);
    if (action.kind === "map") checkMap(action);
  }
}

/** Nodes that give inputs of workflows of which encrypted jobs take something. Each comes before those that take of it. */
function confidedInputs(nodes: readonly PlanNode[], makers: Makers): ReadonlySet<string> {
  const confided = new Set<string>();
  for (const { name, action } of nodes.toReversed()) {
    const isOwn = "job" in action && makerOf(makers, action.job).job.encrypted === true;
    if (!isOwn && !confided.has(name)) continue;
    for (const { node, aspect } of templatesOf({ action }).flatMap(referencesIn)) {
      if (aspect === "input") confided.add(node);
    }
  }
  return confided;
}

/** Nodes of encrypted jobs, and batches with such members. Each comes after those that it needs. */
function secretNodes(nodes: readonly PlanNode[], makers: Makers): ReadonlySet<string> {
  const secret = new Set<string>();
  for (const { name, action, needs = [] } of nodes) {
    const isOwn = "job" in action && makerOf(makers, action.job).job.encrypted === true;
    const isBatch = action.kind === "batch" && needs.some(({ node }) => secret.has(node));
    if (isOwn || isBatch) secret.add(name);
  }
  return secret;
}
