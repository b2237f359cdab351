import type { Provider } from "../../contract/index.ts";
import { instantiate } from "../../core/flow/instantiate.ts";
import type { Makers } from "../../core/makers.ts";
import type { FlowPlan } from "../../core/flow/plan.ts";
import type { WorkflowSchemas } from "../../core/flow/workflow-input.ts";
import { attempt, persistJobs } from "../persist.ts";
import type { FlowSettings } from "./types.ts";

/** Options as they arrive at run time, whatever the provider's type allowed. */
export interface AnyFlowOptions extends FlowSettings {
  readonly tx?: unknown;
}

/** Enqueues the plan that `draw` gives. A promise, but in a synchronous transaction. */
export type Begin = (options: AnyFlowOptions, draw: () => FlowPlan) => unknown;

export interface FlowStore {
  readonly provider: Provider;
  readonly makers: Makers;
  readonly workflows: WorkflowSchemas;
  readonly newId: () => string;
}

/** `workflow`: its name, if the schema declares it. */
export function beginWith<T>(
  { provider, makers, workflows, newId }: FlowStore,
  toHandle: (id: string) => T,
  workflow?: string,
): Begin {
  const named = workflow === undefined ? {} : { workflow };
  return ({ id = newId(), tx, ...shared }, draw) =>
    attempt(provider, tx, () => {
      const jobs = instantiate({ ...shared, plan: draw(), id, makers, workflows, ...named });
      const done = persistJobs(provider, jobs, tx);
      return done instanceof Promise ? done.then(() => toHandle(id)) : toHandle(id);
    });
}
