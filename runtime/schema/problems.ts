import { JobwrightError } from "../contract/index.ts";

/** One thing that is wrong with a schema. The generator adds the place in the file. */
export interface SchemaProblem {
  /** Name of the job definition, as written. */
  readonly job?: string;
  /** Where inside of the job, e.g. `["retry", "delay"]`; empty: the job itself. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

export type Report = (problem: SchemaProblem) => void;

/** One error for all problems. `details.problems` has them one by one. */
export function schemaError(problems: readonly SchemaProblem[]): JobwrightError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new JobwrightError("JW_SCHEMA_INVALID", `${first?.message ?? "The schema is not valid."}${more}`, {
    ...(first ? { hint: first.hint } : {}),
    details: { problems },
  });
}

/** For messages: values of any kind, short. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "an array" : "an object";
}
