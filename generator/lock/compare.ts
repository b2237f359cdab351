import { isDeepStrictEqual } from "node:util";
import { createMemo } from "../memo.ts";
import type { JobModel } from "../model/model.ts";
import { compareContracts, readsInput } from "./compare-contracts.ts";
import type { Finding } from "./finding.ts";
import type { Lock, LockedJob, LockedVersion } from "./lock.ts";
import { changedPolicies, type PolicyKey, policyOf } from "./policy.ts";
import { hasUpgrade } from "./previous.ts";
import { reusedFields } from "./reserved.ts";
import type { RuleName } from "./rules.ts";

/** Everything that changed since the lock was written, in the order of the jobs' names. */
export function compareWithLock(lock: Lock, jobs: readonly JobModel[]): readonly Finding[] {
  const names = new Set(jobs.map(({ name }) => name));
  const deleted = Object.keys(lock.jobs)
    .filter((name) => !names.has(name))
    .map((name) => deletion(name, lock, jobs));
  return [...jobs.flatMap((job) => compareJob(lock, job)), ...deleted];
}

function compareJob(lock: Lock, job: JobModel): readonly Finding[] {
  const retired = lock.retired[job.name];
  if (retired) return compareRetired(retired, job);
  const locked = lock.jobs[job.name];
  return comparisons(job, locked, () => compareLocked(locked, job));
}

const comparisons = createMemo<JobModel, readonly Finding[]>();

function compareLocked(locked: LockedJob | undefined, job: JobModel): readonly Finding[] {
  const own = { job: job.name, version: job.version };
  if (!locked) return [{ ...own, rule: "JOB_ADDED", severity: "compatible", path: [] }];
  const latest = Math.max(...Object.keys(locked.versions).map(Number));
  if (job.version < latest) {
    const note = `The lock has version ${latest}.`;
    return [{ ...own, rule: "JOB_VERSION_DECREASED", severity: "breaking", path: ["version"], note }];
  }
  const current = locked.versions[job.version];
  return [
    ...(current ? compareVersion(current, job) : compareNewVersion(locked, latest, job)),
    ...removedUpgrades(locked, job),
  ];
}

/** Whatever the schema makes of such values without the function, it was written because they mean something else. */
function removedUpgrades({ versions }: LockedJob, job: JobModel): readonly Finding[] {
  return Object.entries(versions)
    .filter(([version, { upgraded }]) => upgraded && !hasUpgrade(job, Number(version)))
    .map(([version]) => upgradeRemoved(job.name, Number(version)));
}

/** `version`: the one that is not carried forward any more. */
export function upgradeRemoved(job: string, version: number): Finding {
  return {
    rule: "JOB_UPGRADE_REMOVED",
    severity: "breaking",
    job,
    version,
    path: ["upgrade", String(version)],
    direction: "old producer → new worker",
  };
}

function compareVersion(before: LockedVersion, job: JobModel): readonly Finding[] {
  const own = { job: job.name, version: job.version };
  const contract = compareContracts(before.contract, job.contract);
  return [
    ...[...contract, ...reusedFields(before, job.contract)].map((finding) => ({ ...own, ...finding })),
    ...policyFindings(before, job),
  ];
}

/** The old versions stay: a worker claims what is not newer than itself, and has to read it, or to carry it forward. */
function compareNewVersion(locked: LockedJob, latest: number, job: JobModel): readonly Finding[] {
  const own = { job: job.name, version: job.version };
  const unread = Object.entries(locked.versions).filter(
    // One that had a function is told of as well.
    ([version, { contract, upgraded }]) =>
      !upgraded && !hasUpgrade(job, Number(version)) && readsInput(job.contract, contract).length > 0,
  );
  const before = locked.versions[latest];
  return [
    { ...own, rule: "JOB_VERSION_ADDED", severity: "compatible", path: ["version"] },
    ...unread.map(([version]): Finding => {
      const note = `It is about version ${version}.`;
      return { ...own, rule: "JOB_UPGRADE_MISSING", severity: "unknown", path: ["version"], note };
    }),
    ...(before ? policyFindings(before, job) : []),
  ];
}

function policyFindings(before: LockedVersion, job: JobModel): readonly Finding[] {
  return changedPolicies(before.policy, policyOf(job)).map((key): Finding => {
    const [rule, option] = policyRules[key];
    return { job: job.name, version: job.version, rule, severity: "behaviour", path: [option] };
  });
}

/** The rule, and the option of the schema that says it. */
const policyRules: Readonly<Record<PolicyKey, readonly [rule: RuleName, option: string]>> = {
  queue: ["QUEUE_CHANGED", "queue"],
  priority: ["PRIORITY_CHANGED", "priority"],
  maxWaiting: ["PRIORITY_CHANGED", "maxWaiting"],
  retry: ["RETRY_CHANGED", "retry"],
  maxCrashes: ["RETRY_CHANGED", "maxCrashes"],
  discardOn: ["RETRY_CHANGED", "discardOn"],
  retryOn: ["RETRY_CHANGED", "retryOn"],
  timeoutMs: ["TIME_CHANGED", "timeout"],
  expireAfterMs: ["TIME_CHANGED", "expireAfter"],
  unique: ["UNIQUE_CHANGED", "unique"],
  gates: ["GATE_CHANGED", "concurrency"],
  schedules: ["SCHEDULE_CHANGED", "schedules"],
  transactional: ["HANDLER_CHANGED", "transactional"],
  batch: ["HANDLER_CHANGED", "batch"],
  encrypted: ["ENCRYPTION_CHANGED", "encrypted"],
};

function deletion(name: string, lock: Lock, jobs: readonly JobModel[]): Finding {
  const version = latestOf(lock.jobs[name]);
  const contract = lock.jobs[name]?.versions[version]?.contract;
  const heir = jobs.find((job) => !lock.jobs[job.name] && isDeepStrictEqual(job.contract, contract));
  const own = { job: name, version, severity: "breaking", path: [] } as const;
  return heir ? { ...own, rule: "JOB_RENAMED", note: `It looks like ${heir.name}.` } : { ...own, rule: "JOB_DELETED" };
}

function latestOf(locked: LockedJob | undefined): number {
  return Math.max(0, ...Object.keys(locked?.versions ?? {}).map(Number));
}

function compareRetired(retired: LockedJob, job: JobModel): readonly Finding[] {
  const own = { job: job.name, version: job.version, path: [] } as const;
  const fits = Object.values(retired.versions).every(({ contract }) => readsInput(job.contract, contract).length === 0);
  return fits
    ? [{ ...own, rule: "JOB_ADDED", severity: "compatible" }]
    : [{ ...own, rule: "JOB_RETIRED_NAME_REUSED", severity: "breaking" }];
}
