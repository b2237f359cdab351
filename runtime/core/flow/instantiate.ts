import type { Needs, NewJob } from "../../contract/index.ts";
import { type FlowPlace, sealEnvelope, type Settings } from "../envelope.ts";
import { makeJob, type OneJobOptions } from "../new-job.ts";
import { nodeId } from "./ids.ts";
import { fillKnownInputs } from "./known-inputs.ts";
import { type Makers, makerOf } from "../makers.ts";
import { endName, flowJobName, flowJobVersion } from "./names.ts";
import { type Action, type FlowPlan, type NodeSettings, type PlanNeed, type PlanNode } from "./plan.ts";
import { decodeKnown } from "./resolve.ts";
import { refuseLeaks } from "./secrecy.ts";
import { referencesIn } from "./template.ts";
import { flowTags } from "./tags.ts";
import type { WorkflowSchemas } from "./workflow-input.ts";

export interface Instance {
  readonly plan: FlowPlan;
  /** UUID of the flow. */
  readonly id: string;
  readonly makers: Makers;
  readonly workflows: WorkflowSchemas;
  /** Name of the workflow, if the schema declares it. */
  readonly workflow?: string;
  readonly priority?: number;
  /** Of the jobs that hold the flow together. Default: that of its first job. */
  readonly queue?: string;
}

/** The jobs of a flow, in the order in which they have to be enqueued. Throws what `makeJob` does. */
export function instantiate(instance: Instance): readonly NewJob[] {
  const { makers } = instance;
  const plan = fillKnownInputs(instance.plan, instance.workflows);
  const last = plan.nodes.at(-1);
  refuseLeaks(plan, makers);
  const idOf = (name: string): string => (name === last?.name ? instance.id : nodeId(instance.id, name));
  const queue = instance.queue ?? queueOf(plan, makers);
  return plan.nodes.map((node) => {
    const needs = node.needs && needsOf(node.needs, node.mode, idOf);
    const job =
      node.action.kind === "job"
        ? makeNode(node, node.action, instance, idOf(node.name))
        : makeInternal(node, instance, idOf(node.name), queueOfNode(node.action, makers) ?? queue);
    return {
      ...job,
      ...(needs ? { needs } : {}),
      ...(node === last ? { tags: flowTags(instance.workflow) } : {}),
    };
  });
}

function needsOf(needs: readonly PlanNeed[], mode: Needs["mode"] = "all", idOf: (name: string) => string): Needs {
  return { of: needs.map(({ node, when }) => ({ id: idOf(node), when })), mode };
}

/** The queue of the first job, of the flow or of the schema: whoever works on the flow serves it. */
function queueOf({ nodes }: FlowPlan, makers: Makers): string {
  for (const { action } of nodes) {
    const queue = queueOfNode(action, makers);
    if (queue !== undefined) return queue;
  }
  const [first] = makers.values();
  return first?.job.queue ?? "default";
}

function queueOfNode(action: Action, makers: Makers): string | undefined {
  return "job" in action ? makerOf(makers, action.job).job.queue : undefined;
}

type JobAction = Extract<Action, { readonly kind: "job" }>;

/** Without references it is a job like any other, and its input is checked now. */
function makeNode(node: PlanNode, { job, input }: JobAction, instance: Instance, id: string) {
  const { makers, priority } = instance;
  const place = placeOf(node, instance);
  const shared = priority === undefined ? {} : { priority };
  const options = { ...shared, ...optionsOf(node.settings), id, unique: false } as const;
  const maker = makerOf(makers, job);
  return referencesIn(input).length === 0
    ? makeJob(maker, decodeKnown(input), { ...options, flow: place })
    : makeJob(maker, undefined, { ...options, flow: { ...place, template: true }, template: JSON.stringify(input) });
}

function placeOf({ name, condition }: PlanNode, { id, workflow }: Instance): FlowPlace {
  return {
    id,
    node: name,
    ...(workflow === undefined || name !== endName ? {} : { workflow }),
    ...(condition === undefined ? {} : { condition }),
  };
}

/** As `makeJob` takes them. */
export function optionsOf({ delayMs, timeoutMs, expireAfterMs, ...rest }: NodeSettings = {}): OneJobOptions {
  return {
    ...rest,
    ...(delayMs === undefined ? {} : { delay: `${delayMs}ms` }),
    ...(timeoutMs === undefined ? {} : { timeout: `${timeoutMs}ms` }),
    ...(expireAfterMs === undefined ? {} : { expireAfter: `${expireAfterMs}ms` }),
  };
}

/** Year 9999: no worker claims it. */
const never = Date.UTC(9999, 11, 31);

function makeInternal(node: PlanNode, instance: Instance, id: string, queue: string): NewJob {
  const { priority = 0 } = instance;
  const { action, settings = {} } = node;
  const flowSettings: Settings = { flow: { ...placeOf(node, instance), template: true } };
  const delayMs = action.kind === "signal" ? action.timeoutMs : settings.delayMs;
  return {
    id,
    name: flowJobName,
    queue,
    version: flowJobVersion,
    priority: settings.priority ?? priority,
    maxCrashes: 100,
    payload: sealEnvelope(JSON.stringify(action), flowSettings),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(isForever(action) ? { runAt: never } : {}),
  };
}

function isForever(action: Action): boolean {
  return action.kind === "seal" || (action.kind === "signal" && action.timeoutMs === undefined);
}
