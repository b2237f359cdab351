import { JobwrightError } from "../../runtime/contract/errors.ts";
import type { ContractNode, JobContract } from "../model/contract.ts";
import { printJson } from "./print-json.ts";
import type { LockedPolicy } from "./policy.ts";

/** The contracts that jobs and workflows in a store may have, and that other builds rely on; `jobs.lock.json`, beside the schema. */
export interface Lock {
  readonly format: 1;
  /** By name. */
  readonly jobs: Readonly<Record<string, LockedJob>>;
  /** By name. They have one version, and no policy. */
  readonly workflows: Readonly<Record<string, LockedJob>>;
  /** Jobs and workflows that were given up. Their names are not to be used for anything else. */
  readonly retired: Readonly<Record<string, RetiredJob>>;
}

export interface LockedJob {
  /** By version: the current one, and older ones of which jobs may be left. */
  readonly versions: Readonly<Record<string, LockedVersion>>;
}

export interface LockedVersion {
  readonly contract: JobContract;
  /** Absent: none. */
  readonly policy?: LockedPolicy;
  /** Of an older version: the schema has a function that carries its jobs forward. */
  readonly upgraded?: true;
  /** Types of fields that this version had once, by their paths: jobs that have them may be left. */
  readonly reserved?: Readonly<Record<string, ContractNode>>;
  /** Breaking changes that somebody took upon himself. */
  readonly accepted?: readonly AcceptedChange[];
}

export interface AcceptedChange {
  readonly rules: readonly string[];
  readonly reason: string;
}

export interface RetiredJob extends LockedJob {
  readonly reason: string;
}

export const emptyLock: Lock = { format: 1, jobs: {}, workflows: {}, retired: {} };

/** Where the lock of a schema file is: `jobs.schema.ts` → `jobs.lock.json`. */
export function lockFileOf(schema: string): string {
  return schema.replace(/(?:\.schema)?\.m?[jt]s$/, "") + ".lock.json";
}

/** Throws `JW_LOCK_INVALID`. `name`: what messages call the file. */
export function parseLock(text: string, name: string): Lock {
  const value = parseJson(text, name);
  if (value.format !== 1) {
    throw new JobwrightError(
      "JW_LOCK_INVALID",
      `${name} has the format ${String(value.format)}; this jobwright knows 1.`,
      {
        hint: "Upgrade jobwright, so that it is not older than the one that wrote the file.",
      },
    );
  }
  return { format: 1, jobs: value.jobs ?? {}, workflows: value.workflows ?? {}, retired: value.retired ?? {} };
}

function parseJson(text: string, name: string): Partial<Lock> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value; // its format is looked at next
    throw new TypeError("it is no object");
  } catch (error) {
    throw new JobwrightError("JW_LOCK_INVALID", `${name} cannot be read: ${String(error)}.`, {
      hint: "Resolve what a merge left in it, or restore it from version control; then run `jobwright codegen`.",
      cause: error,
    });
  }
}

/** Keys sorted, one line per small part, so that two branches seldom touch the same lines. */
export function printLock({ format, jobs, workflows, retired }: Lock): string {
  return printJson({ format, jobs, ...present({ retired, workflows }) });
}

/** Sections with something in them. */
function present(sections: Readonly<Record<string, object>>): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(sections).filter(([, section]) => Object.keys(section).length > 0));
}
