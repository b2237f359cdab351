import type { WorkflowDescriptor } from "../../core/descriptor.ts";
import type { NodeSpec } from "../../core/flow/builder.ts";
import { type NodeSettingsOptions, nodeSettingsOf } from "../../core/flow/node-settings.ts";
import { bindInput } from "../../core/flow/splice.ts";
import { parseWorkflowInput } from "../../core/flow/workflow-input.ts";
import type { LoadedWorkflow } from "../../core/schema-module.ts";
import { type AnyFlowOptions, beginWith, type FlowStore } from "./begin.ts";
import { createFlowHandle } from "./handle.ts";

/** The runtime half of the client of a workflow that the schema declares; its type is generated. */
export function createWorkflowClient(store: FlowStore, workflow: WorkflowDescriptor, schema: LoadedWorkflow): object {
  const { name, plan } = workflow;
  const handle = (id: string) => createFlowHandle(store.provider, id, { ...store, declared: { name, ...schema } });
  const begin = beginWith(store, handle, name);
  return Object.freeze({
    name,
    handle,
    enqueue: (input: unknown, options: AnyFlowOptions = {}) =>
      begin(options, () => bindInput(plan, parseWorkflowInput(name, schema.input, input))),
    node: (input: unknown, { delay }: Pick<NodeSettingsOptions, "delay"> = {}): NodeSpec => ({
      job: name,
      input,
      settings: nodeSettingsOf(delay === undefined ? {} : { delay }),
      workflow: plan,
    }),
  });
}
