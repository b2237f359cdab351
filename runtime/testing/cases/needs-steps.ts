import type { ClaimedJob, EdgeStatus, JobState, NeedCondition, Needs, NewJob, Provider } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import { claimRequest, failure, first, stateOf } from "./steps.ts";

/** The steps that cases of jobs that need each other are told in. */

export type Case = Omit<ConformanceCase, "area">;

export function needing(ids: readonly string[], when: NeedCondition = "succeeded", mode: Needs["mode"] = "all"): Needs {
  return { of: ids.map((id) => ({ id, when })), mode };
}

export async function enqueueOne(provider: Provider, job: NewJob): Promise<string> {
  return first(await provider.enqueue([job])).id;
}

/** Jobs in the order given, each needing the one before. */
export function chainOf({ newJob }: ConformanceContext, length: number): readonly NewJob[] {
  const jobs: NewJob[] = [];
  for (let size = 0; size < length; size++) {
    const before = jobs.at(-1);
    jobs.push(newJob(before ? { needs: needing([before.id]) } : {}));
  }
  return jobs;
}

export async function statesOf(provider: Provider, ids: readonly string[]): Promise<readonly (JobState | undefined)[]> {
  return Promise.all(ids.map((id) => stateOf(provider, id)));
}

export async function statusesOf(provider: Provider, id: string): Promise<readonly EdgeStatus[]> {
  return (await provider.needs({ id, limit: 1_000 })).needs.map(({ status }) => status);
}

export type End = (provider: Provider, id: string, context: ConformanceContext) => Promise<unknown>;

export const kill: End = async (provider, id) => {
  const lease = await claimOf(provider, id);
  await provider.nack([{ ...lease, outcome: "dead", reason: "discarded", error: failure }]);
};

/** Claims until it gets the job that is meant, and gives the others back. */
export async function claimOf(provider: Provider, id: string): Promise<ClaimedJob> {
  const claimed = await provider.claim(claimRequest());
  const lease = claimed.find((job) => job.id === id);
  if (!lease) throw new Error(`job ${id} was not offered`);
  await provider.nack(claimed.filter((job) => job !== lease).map((job) => ({ ...job, outcome: "release" as const })));
  return lease;
}
