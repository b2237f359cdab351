import {
  finalStates,
  type JobRecord,
  jobStates,
  type ListRequest,
  type Provider,
} from "../../runtime/contract/index.ts";
import { flowJobName } from "../../runtime/core/flow/names.ts";
import type { JobModel } from "../model/model.ts";
import { upgradeRemoved } from "./compare.ts";
import { readsInput } from "./compare-contracts.ts";
import type { Finding } from "./finding.ts";
import type { Lock } from "./lock.ts";
import { hasUpgrade } from "./previous.ts";

/** Jobs of one version that are not final. */
export interface InFlight {
  readonly job: string;
  readonly version: number;
  readonly count: number;
}

const openStates = jobStates.filter((state) => !(finalStates as readonly string[]).includes(state));

/** Jobs that are not final, with these tags, from page to page. */
export async function* openJobs(
  provider: Pick<Provider, "list">,
  tags: readonly string[] = [],
): AsyncIterable<JobRecord> {
  let cursor: string | undefined;
  do {
    const request: ListRequest = { states: openStates, limit: 1_000, ...(tags.length > 0 ? { tags } : {}) };
    const page = await provider.list({ ...request, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.jobs;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Jobs of the schema in a store that are not final, counted by job and version. It reads every page of them. */
export async function countInFlight(provider: Pick<Provider, "list">): Promise<readonly InFlight[]> {
  const counts = new Map<string, InFlight>();
  for await (const { name: job, version } of openJobs(provider)) {
    if (job === flowJobName) continue;
    const key = JSON.stringify([job, version]);
    counts.set(key, { job, version, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => (a.job === b.job ? a.version - b.version : a.job < b.job ? -1 : 1));
}

/** What the schema does to jobs that are in a store now. `lock` says what their versions stored. */
export function compareInFlight(
  lock: Lock,
  jobs: readonly JobModel[],
  inFlight: readonly InFlight[],
): readonly Finding[] {
  return inFlight.flatMap(({ job, version, count }): readonly Finding[] => {
    const own = { job, version, note: `${count} in flight.` };
    const model = jobs.find(({ name }) => name === job);
    if (!model) return [{ ...own, rule: "JOB_DELETED", severity: "breaking", path: [] }];
    if (version > model.version)
      return [{ ...own, rule: "JOB_VERSION_DECREASED", severity: "breaking", path: ["version"] }];
    if (hasUpgrade(model, version)) return [];
    const { contract, upgraded } = lock.jobs[job]?.versions[version] ?? {};
    if (upgraded) return [{ ...own, ...upgradeRemoved(job, version) }];
    if (!contract) return [{ ...own, rule: "VERSION_NOT_LOCKED", severity: "unknown", path: ["version"] }];
    return readsInput(model.contract, contract).map((finding) => ({ ...own, ...finding }));
  });
}

/** Old versions in the lock of which no job is left. */
export function droppable(lock: Lock, jobs: readonly JobModel[], inFlight: readonly InFlight[]): readonly InFlight[] {
  return jobs.flatMap(({ name, version: current }) => {
    const old = Object.keys(lock.jobs[name]?.versions ?? {}).map(Number);
    return old
      .filter((version) => version < current)
      .filter((version) => !inFlight.some((one) => one.job === name && one.version === version))
      .map((version) => ({ job: name, version, count: 0 }));
  });
}
