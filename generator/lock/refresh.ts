import { createMemo } from "../memo.ts";
import type { JobModel } from "../model/model.ts";
import type { Finding } from "./finding.ts";
import { type AcceptedChange, emptyLock, type Lock, type LockedJob, type LockedVersion } from "./lock.ts";
import { policyOf } from "./policy.ts";
import { hasUpgrade } from "./previous.ts";
import { reservedAfter } from "./reserved.ts";

/** Breaking changes that somebody takes upon himself. */
export interface Acceptance {
  /** Names of job definitions. */
  readonly jobs: readonly string[];
  /** Kept in the lock. */
  readonly reason: string;
}

/** The lock that belongs to a schema, with everything of the old one that jobs in flight may need. */
export function refreshLock(
  lock: Lock,
  jobs: readonly JobModel[],
  findings: readonly Finding[],
  acceptance: Acceptance | undefined,
): Lock {
  const names = new Set(jobs.map(({ name }) => name));
  const gone = Object.entries(lock.jobs).filter(([name]) => !names.has(name));
  const retired = Object.entries(lock.retired).filter(([name]) => !names.has(name));
  const reason = acceptance?.reason ?? "";
  return {
    ...emptyLock,
    jobs: Object.fromEntries(jobs.map((job) => [job.name, lockedJob(lock, job, findings, acceptance)])),
    retired: Object.fromEntries([...retired, ...gone.map(([name, job]) => [name, { ...job, reason }] as const)]),
  };
}

function lockedJob(
  lock: Lock,
  job: JobModel,
  findings: readonly Finding[],
  acceptance: Acceptance | undefined,
): LockedJob {
  const before = lock.jobs[job.name] ?? lock.retired[job.name];
  const make = (): LockedJob => refreshedJob(before, job, findings, acceptance);
  return acceptance ? make() : refreshed(job, before, make);
}

/** Without an acceptance it makes no difference what was found. */
const refreshed = createMemo<JobModel, LockedJob>();

function refreshedJob(
  before: LockedJob | undefined,
  job: JobModel,
  findings: readonly Finding[],
  acceptance: Acceptance | undefined,
): LockedJob {
  const current = before?.versions[job.version];
  const broken = findings.filter((finding) => finding.job === job.name && finding.severity === "breaking");
  const rules = [...new Set(broken.map(({ rule }) => rule))].sort();
  const accepted = [
    ...(current?.accepted ?? []),
    ...(acceptance && rules.length > 0 ? [{ rules, reason: acceptance.reason }] : []),
  ];
  const older = Object.entries(before?.versions ?? {}).map(
    ([version, locked]) => [version, withUpgrade(locked, hasUpgrade(job, Number(version)))] as const,
  );
  return Object.freeze({
    versions: { ...Object.fromEntries(older), [job.version]: lockedVersion(job, current, accepted) },
  });
}

/** In the block of the version itself: two branches that add one each do not touch the same lines. */
function withUpgrade(version: LockedVersion, isUpgraded: boolean): LockedVersion {
  if (isUpgraded === (version.upgraded ?? false)) return version;
  const { contract, policy, reserved, accepted } = version;
  return {
    contract,
    policy,
    ...(isUpgraded ? { upgraded: true } : {}),
    ...(reserved ? { reserved } : {}),
    ...(accepted ? { accepted } : {}),
  };
}

function lockedVersion(
  job: JobModel,
  before: LockedVersion | undefined,
  accepted: readonly AcceptedChange[],
): LockedVersion {
  const reserved = before ? reservedAfter(before, job.contract) : {};
  return {
    contract: job.contract,
    policy: policyOf(job),
    ...(Object.keys(reserved).length === 0 ? {} : { reserved }),
    ...(accepted.length === 0 ? {} : { accepted }),
  };
}
