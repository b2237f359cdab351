import type { JobModel, Model } from "../model/model.ts";
import type { LockedPolicy } from "./policy.ts";

/** What the lock knows of a job, or of a workflow. */
export interface Contracted extends Pick<JobModel, "name" | "version" | "upgrades" | "contract">, LockedPolicy {}

export interface Contracts {
  readonly jobs: readonly Contracted[];
  readonly workflows: readonly Contracted[];
}

export function contractsIn({ jobs, workflows = [] }: Pick<Model, "jobs" | "workflows">): Contracts {
  return { jobs, workflows: workflows.map(({ name, contract }) => ({ name, version: 1, contract })) };
}
