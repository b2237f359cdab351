import { pathText } from "../model/path-text.ts";
import { type RuleName, rules, type Severity } from "./rules.ts";

/** A change, with what it does to builds and jobs that are older. */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: Severity;
  readonly job: string;
  readonly version: number;
  /** From the job on, e.g. `["input", "subject"]`. */
  readonly path: readonly string[];
  /** Who stores, and who reads: e.g. `old producer → new worker`. */
  readonly direction?: string;
  /** What else there is to say. */
  readonly note?: string;
}

/** One sentence or two, with the place and the rule. */
export function describeFinding({ rule, job, path, direction, note }: Finding): string {
  const { meaning, advice } = rules[rule];
  const side = direction === undefined ? "" : `, ${direction}`;
  return `${pathText(job, path)}: ${rule}${side}. ${meaning} ${advice}${note === undefined ? "" : ` ${note}`}`;
}

/** What became of a job as a whole; the worst of its findings. */
export type ChangeClass = "none" | Severity;

const order: readonly ChangeClass[] = ["none", "compatible", "behaviour", "unknown", "breaking"];

export function worstOf(findings: readonly Finding[]): ChangeClass {
  return findings.reduce<ChangeClass>(
    (worst, { severity }) => (order.indexOf(severity) > order.indexOf(worst) ? severity : worst),
    "none",
  );
}
