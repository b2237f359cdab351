import { isDeepStrictEqual } from "node:util";
import { createMemo } from "../memo.ts";
import { compareContracts, readsInput } from "./compare-contracts.ts";
import type { Contracted, Contracts } from "./contracted.ts";
import type { Finding } from "./finding.ts";
import type { Lock, LockedJob, LockedVersion } from "./lock.ts";
import { changedPolicies, type PolicyKey, policyOf } from "./policy.ts";
import { hasUpgrade } from "./previous.ts";
import { reusedFields } from "./reserved.ts";
import type { RuleName } from "./rules.ts";

/** Everything that changed since the lock was written, jobs first, each in the order of their names. */
export function compareWithLock(lock: Lock, { jobs, workflows }: Contracts): readonly Finding[] {
  const { retired } = lock;
  const ofWorkflows = compareSection({ locked: lock.workflows, retired }, workflows);
  return [...compareSection({ locked: lock.jobs, retired }, jobs), ...ofWorkflows.map(asOfWorkflow)];
}

/** The rule for workflows, where it is another one than for jobs. */
const workflowRules: Readonly<Partial<Record<RuleName, RuleName>>> = {
  JOB_ADDED: "WORKFLOW_ADDED",
  JOB_DELETED: "WORKFLOW_DELETED",
  JOB_RENAMED: "WORKFLOW_DELETED",
  JOB_RETIRED_NAME_REUSED: "WORKFLOW_RETIRED_NAME_REUSED",
};

function asOfWorkflow(finding: Finding): Finding {
  return { ...finding, rule: workflowRules[finding.rule] ?? finding.rule };
}

interface Section {
  readonly locked: Lock["jobs"];
  readonly retired: Lock["retired"];
}

function compareSection(section: Section, models: readonly Contracted[]): readonly Finding[] {
  const names = new Set(models.map(({ name }) => name));
  const deleted = Object.keys(section.locked)
    .filter((name) => !names.has(name))
    .map((name) => deletion(name, section.locked, models));
  return [...models.flatMap((model) => compareOne(section, model)), ...deleted];
}

function compareOne({ locked, retired }: Section, model: Contracted): readonly Finding[] {
  const { [model.name]: gone } = retired;
  if (gone) return compareRetired(gone, model);
  const { [model.name]: before } = locked;
  return comparisons(model, before, () => compareLocked(before, model));
}

const comparisons = createMemo<Contracted, readonly Finding[]>();

function compareLocked(locked: LockedJob | undefined, job: Contracted): readonly Finding[] {
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
function removedUpgrades({ versions }: LockedJob, job: Contracted): readonly Finding[] {
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

function compareVersion(before: LockedVersion, job: Contracted): readonly Finding[] {
  const own = { job: job.name, version: job.version };
  const contract = compareContracts(before.contract, job.contract);
  return [
    ...[...contract, ...reusedFields(before, job.contract)].map((finding) => ({ ...own, ...finding })),
    ...policyFindings(before, job),
  ];
}

/** The old versions stay: a worker claims what is not newer than itself, and has to read it, or to carry it forward. */
function compareNewVersion(locked: LockedJob, latest: number, job: Contracted): readonly Finding[] {
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

function policyFindings(before: LockedVersion, job: Contracted): readonly Finding[] {
  return changedPolicies(before.policy ?? {}, policyOf(job)).map((key): Finding => {
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

function deletion(name: string, locked: Lock["jobs"], models: readonly Contracted[]): Finding {
  const version = latestOf(locked[name]);
  const contract = locked[name]?.versions[version]?.contract;
  const heir = models.find((model) => !locked[model.name] && isDeepStrictEqual(model.contract, contract));
  const own = { job: name, version, severity: "breaking", path: [] } as const;
  return heir ? { ...own, rule: "JOB_RENAMED", note: `It looks like ${heir.name}.` } : { ...own, rule: "JOB_DELETED" };
}

function latestOf(locked: LockedJob | undefined): number {
  return Math.max(0, ...Object.keys(locked?.versions ?? {}).map(Number));
}

function compareRetired(retired: LockedJob, job: Contracted): readonly Finding[] {
  const own = { job: job.name, version: job.version, path: [] } as const;
  const fits = Object.values(retired.versions).every(({ contract }) => readsInput(job.contract, contract).length === 0);
  return fits
    ? [{ ...own, rule: "JOB_ADDED", severity: "compatible" }]
    : [{ ...own, rule: "JOB_RETIRED_NAME_REUSED", severity: "breaking" }];
}
