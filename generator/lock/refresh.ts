import { createMemo } from "../memo.ts";
import type { Contracted, Contracts } from "./contracted.ts";
import type { Finding } from "./finding.ts";
import { type AcceptedChange, emptyLock, type Lock, type LockedJob, type LockedVersion } from "./lock.ts";
import { policyOf } from "./policy.ts";
import { hasUpgrade } from "./previous.ts";
import { reservedAfter } from "./reserved.ts";

/** Breaking changes that somebody takes upon himself. */
export interface Acceptance {
  /** Names of job definitions and workflows. */
  readonly jobs: readonly string[];
  /** Kept in the lock. */
  readonly reason: string;
}

/** The lock that belongs to a schema, with everything of the old one that jobs in flight may need. */
export function refreshLock(
  lock: Lock,
  { jobs, workflows }: Contracts,
  findings: readonly Finding[],
  acceptance: Acceptance | undefined,
): Lock {
  const names = new Set([...jobs, ...workflows].map(({ name }) => name));
  const gone = Object.entries({ ...lock.jobs, ...lock.workflows }).filter(([name]) => !names.has(name));
  const section = (locked: Lock["jobs"], models: readonly Contracted[]): Lock["jobs"] =>
    Object.fromEntries(
      models.map((model) => {
        const before = locked[model.name] ?? lock.retired[model.name];
        return [model.name, lockedJob(before, model, findings, acceptance)];
      }),
    );
  const retired = Object.entries(lock.retired).filter(([name]) => !names.has(name));
  const reason = acceptance?.reason ?? "";
  return {
    ...emptyLock,
    jobs: section(lock.jobs, jobs),
    workflows: section(lock.workflows, workflows),
    retired: Object.fromEntries([...retired, ...gone.map(([name, job]) => [name, { ...job, reason }] as const)]),
  };
}

function lockedJob(
  before: LockedJob | undefined,
  job: Contracted,
  findings: readonly Finding[],
  acceptance: Acceptance | undefined,
): LockedJob {
  const make = (): LockedJob => refreshedJob(before, job, findings, acceptance);
  return acceptance ? make() : refreshed(job, before, make);
}

/** Without an acceptance it makes no difference what was found. */
const refreshed = createMemo<Contracted, LockedJob>();

function refreshedJob(
  before: LockedJob | undefined,
  job: Contracted,
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
    ...(policy ? { policy } : {}),
    ...(isUpgraded ? { upgraded: true } : {}),
    ...(reserved ? { reserved } : {}),
    ...(accepted ? { accepted } : {}),
  };
}

function lockedVersion(
  job: Contracted,
  before: LockedVersion | undefined,
  accepted: readonly AcceptedChange[],
): LockedVersion {
  const policy = policyOf(job);
  const reserved = before ? reservedAfter(before, job.contract) : {};
  return {
    contract: job.contract,
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(Object.keys(reserved).length === 0 ? {} : { reserved }),
    ...(accepted.length === 0 ? {} : { accepted }),
  };
}
