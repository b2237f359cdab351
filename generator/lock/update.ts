import { basename } from "node:path";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import { nearest } from "../../runtime/schema/suggest.ts";
import { readIfExists } from "../find.ts";
import { groupBy } from "../model/group.ts";
import type { Problem } from "../model/model.ts";
import { compareWithLock } from "./compare.ts";
import type { Contracts } from "./contracted.ts";
import { type ChangeClass, describeFinding, type Finding, worstOf } from "./finding.ts";
import { emptyLock, type Lock, lockFileOf, parseLock, printLock } from "./lock.ts";
import { type Acceptance, refreshLock } from "./refresh.ts";

/** What has to become of the lock of a schema. Nothing is written here. */
export interface LockUpdate {
  /** Absolute. */
  readonly file: string;
  /** What is there now. */
  readonly before: string | undefined;
  /** What should be there. */
  readonly text: string;
  readonly changes: readonly JobChange[];
  /** Breaking changes that nobody accepted. */
  readonly problems: readonly Problem[];
}

export interface JobChange {
  readonly job: string;
  /** The worst of the findings. */
  readonly change: ChangeClass;
  readonly findings: readonly Finding[];
}

/** Compares a schema with its lock. Throws `JW_LOCK_INVALID`, and `JW_UNKNOWN_JOB` for a break of what nobody knows. */
export function updateLock(
  schema: string,
  contracts: Contracts,
  acceptance?: Acceptance,
  parse: typeof parseLock = parseLock,
): LockUpdate {
  const file = lockFileOf(schema);
  const before = readIfExists(file);
  const lock = before === undefined ? emptyLock : parse(before, basename(file));
  for (const name of acceptance?.jobs ?? []) refuseUnknown(name, lock, contracts);
  const findings = before === undefined ? [] : compareWithLock(lock, contracts);
  const breaking = findings.filter(
    ({ severity, job }) => severity === "breaking" && acceptance?.jobs.includes(job) !== true,
  );
  return {
    file,
    before,
    text: printLock(refreshLock(lock, contracts, findings, acceptance)),
    changes: changesOf(findings),
    problems: breaking.map((finding) => problemOf(finding, contracts)),
  };
}

function refuseUnknown(name: string, { jobs, workflows, retired }: Lock, contracts: Contracts): void {
  const declared = [...contracts.jobs, ...contracts.workflows].map((one) => one.name);
  const known = [...new Set([...declared, ...Object.keys({ ...jobs, ...workflows, ...retired })])];
  if (known.includes(name)) return;
  const near = nearest(name, known);
  throw new JobwrightError(
    "JW_UNKNOWN_JOB",
    `Neither the schema nor its lock has a job or workflow ${name}. Nothing was written.`,
    {
      hint: near === undefined ? "`jobwright codegen` names what would break." : `Did you mean ${near}?`,
    },
  );
}

function changesOf(findings: readonly Finding[]): readonly JobChange[] {
  return Array.from(
    groupBy(findings, ({ job }) => job),
    ([job, own]) => ({ job, change: worstOf(own), findings: own }),
  );
}

/** A breaking change, before its place in the file is known. */
export function problemOf(finding: Finding, { jobs, workflows }: Contracts): Problem {
  const { job, path } = finding;
  const isWorkflow = workflows.some(({ name }) => name === job);
  const isThere = isWorkflow || jobs.some(({ name }) => name === job);
  return {
    code: "JW_CONTRACT_BREAKING",
    ...(isThere ? { job } : {}),
    path,
    message: describeFinding(finding),
    hint: isWorkflow ? waysOutOfWorkflow(finding) : isThere ? waysOut(finding) : goneHint(finding),
  };
}

function waysOut({ job, version, rule }: Finding): string {
  const accept = `\`jobwright accept ${job} --reason "…"\``;
  if (rule === "JOB_RETIRED_NAME_REUSED" || rule === "JOB_VERSION_DECREASED")
    return `Or take it upon yourself: ${accept}.`;
  if (rule === "JOB_UPGRADE_REMOVED") {
    return (
      `Put \`upgrade: { ${version}: (old) => … }\` back; or, if \`jobwright diff --against <store>\` counts no job of version ${version}, ` +
      `take its block out of the lock; or take it upon yourself: ${accept}.`
    );
  }
  return (
    `Make it compatible; or set \`version: ${version + 1}, upgrade: { ${version}: (old) => … }\`; ` +
    `or take it upon yourself: ${accept}.`
  );
}

/** A workflow has no version: what has begun keeps its shape, so the new one may stand beside the old one. */
function waysOutOfWorkflow({ job, rule }: Finding): string {
  const accept = `\`jobwright accept ${job} --reason "…"\``;
  if (rule === "WORKFLOW_RETIRED_NAME_REUSED") return `Or take it upon yourself: ${accept}.`;
  return (
    "Make it compatible; or declare it under another name, and keep this one until its flows have ended; " +
    `or take it upon yourself: ${accept}.`
  );
}

function goneHint({ job, rule }: Finding): string {
  const what = rule === "WORKFLOW_DELETED" ? "flows" : "jobs";
  return `Or, if none of its ${what} is left: \`jobwright accept ${job} --reason "…"\`.`;
}
