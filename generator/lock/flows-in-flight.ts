import type { Provider } from "../../runtime/contract/index.ts";
import { settingsOf } from "../../runtime/core/envelope.ts";
import { flowTag } from "../../runtime/core/flow/tags.ts";
import { compareWithLock } from "./compare.ts";
import type { Contracted } from "./contracted.ts";
import type { Finding } from "./finding.ts";
import { openJobs } from "./in-flight.ts";
import type { Lock } from "./lock.ts";

/** Flows of one workflow that have not ended. */
export interface FlowsInFlight {
  readonly workflow: string;
  readonly count: number;
}

/** Flows of the schema's workflows in a store. Those that were drawn at run time are no affair of a schema. */
export async function countFlows(provider: Pick<Provider, "list">): Promise<readonly FlowsInFlight[]> {
  const counts = new Map<string, number>();
  for await (const { payload } of openJobs(provider, [flowTag()])) {
    const workflow = settingsOf(payload)?.flow?.workflow;
    if (workflow !== undefined) counts.set(workflow, (counts.get(workflow) ?? 0) + 1);
  }
  return Array.from(counts, ([workflow, count]) => ({ workflow, count })).sort((a, b) =>
    a.workflow < b.workflow ? -1 : 1,
  );
}

/**
 * What the schema does to flows that are in a store now. They keep the shape with which they began, which the lock has as
 * long as nobody has written it anew.
 */
export function compareFlows(
  lock: Lock,
  workflows: readonly Contracted[],
  flows: readonly FlowsInFlight[],
): readonly Finding[] {
  return flows.flatMap(({ workflow, count }): readonly Finding[] => {
    const note = `${count} in flight.`;
    const model = workflows.find(({ name }) => name === workflow);
    const gone = { rule: "WORKFLOW_DELETED", severity: "breaking", job: workflow, version: 1, path: [], note } as const;
    if (!model) return [gone];
    const findings = compareWithLock(lock, { jobs: [], workflows: [model] });
    // One that the lock does not have yet was no other before.
    return findings
      .filter(({ job, severity }) => job === workflow && severity !== "compatible")
      .map((finding) => ({ ...finding, note }));
  });
}
