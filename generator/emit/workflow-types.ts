import type { JobModel, WorkflowModel } from "../model/model.ts";
import { render } from "./layout.ts";
import { jsDoc } from "./text.ts";

/** A method of an interface, its parameters on lines of their own where it is wide. */
export function method(name: string, parameters: readonly string[], result: string): string {
  const close = `): ${result};`;
  return `  ${render({ open: `${name}(`, items: parameters, close }, "  ", 2, 0)}`;
}

/** How a job becomes a node of a flow. */
export function nodeMethod({ errors }: JobModel, name: string): string {
  const node = errors ? `JobNode<${name}Output, FailureOf<${name}Failures>>` : `JobNode<${name}Output>`;
  return (
    "  /** This job as a node of a chain, a batch or a workflow. Its input may refer to other nodes; nothing is enqueued by it. */\n" +
    method("node", [`input: Templated<${name}Input>`, "settings?: NodeSettingsOptions"], node)
  );
}

/** Client of a workflow. What belongs to a promise comes first, because errors quote the first signature. */
export function workflowClientType({ name: workflow, signals }: WorkflowModel, name: string): string {
  const handle = `FlowHandle<${name}Output, ${signals ? `${name}Signals` : "Record<never, never>"}>`;
  const input = `input: ${name}Input`;
  return `${jsDoc({ text: `Client of the workflow \`${workflow}\`.` })}export interface ${name}Client<Tx extends TransactionKind = TransactionKind> {
  readonly name: string;
  /** Validates the input and persists all of the workflow. Resolves when the store has accepted it. */
${method("enqueue", [input, "options?: FlowOptions<Tx>"], `Promise<${handle}>`)}
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
${method("enqueue", [input, "options: SyncFlowOptions<Tx>"], handle)}
  /** This workflow as a part of a flow. Its input may refer to other nodes; nothing is enqueued by it. */
${method("node", [`input: Templated<${name}Input>`, 'settings?: Pick<NodeSettingsOptions, "delay">'], `JobNode<${name}Return>`)}
  /** The handle of one enqueued earlier, perhaps by another process. */
  handle(id: string): ${handle};
}
`;
}

/** Names that `types.d.ts` imports for flows. */
export function flowImports(workflows: readonly WorkflowModel[]): readonly string[] {
  const declared = workflows.length === 0 ? [] : ["FlowHandle", "FlowOptions", "SyncFlowOptions"];
  return ["FlowClient", "JobNode", "NodeSettingsOptions", "Templated", ...declared];
}

/** Names of the types of a workflow, by their ends. */
export const workflowSuffixes = ["Input", "Payload", "Return", "Output", "Signals", "Client"] as const;
