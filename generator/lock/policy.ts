import type { JobModel } from "../model/model.ts";

/** What a job promises beyond its values, as far as jobs that wait or run notice a change of it. */
export type LockedPolicy = Readonly<Partial<Pick<JobModel, PolicyKey>>>;

const policyKeys = [
  "queue",
  "priority",
  "retry",
  "timeoutMs",
  "expireAfterMs",
  "maxCrashes",
  "maxWaiting",
  "unique",
  "gates",
  "schedules",
  "transactional",
  "batch",
  "discardOn",
  "retryOn",
  "encrypted",
] as const satisfies readonly (keyof JobModel)[];

export type PolicyKey = (typeof policyKeys)[number];

export function policyOf(job: LockedPolicy): LockedPolicy {
  const present = policyKeys.filter((key) => job[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, job[key]]));
}

/** The policies that are not the same. */
export function changedPolicies(before: LockedPolicy, after: LockedPolicy): readonly PolicyKey[] {
  return policyKeys.filter((key) => canonical(before[key]) !== canonical(after[key]));
}

function canonical(value: unknown): string {
  const sorted = JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return sorted ?? "";
}
