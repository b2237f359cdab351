/** Name of the jobs that hold flows together: batches, maps, timers, signals, ends. Every worker runs them. */
export const flowJobName = "jobwright.flow";

/** Version of what is stored in them. */
export const flowJobVersion = 1;

/** Name of the node that ends a flow. */
export const endName = "end";

/** What the members of a map are called: no other node has brackets in its name. */
export function memberName(map: string, index: number): string {
  return `${map}[${index}]`;
}

const inputSuffix = "/input";

/** Name of the node that gives the input of a workflow within the flow. */
export function inputName(workflow: string): string {
  return workflow + inputSuffix;
}

export function isInputName(name: string): boolean {
  return name.endsWith(inputSuffix);
}

export function isMemberName(name: string): boolean {
  return name.endsWith("]");
}

/** Nodes of a batch that grows. */
export const openBatchName = "batch";
export const sealName = "seal";

/** What a node is called after its job: `billingCharge` after `billing.charge`, since names of nodes have no dots. */
export function nodeNameOf(job: string): string {
  return job.replaceAll(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}
