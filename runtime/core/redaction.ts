import type { ParseIssue } from "./schema-module.ts";

/**
 * Dotted paths of what must not be shown, in values as they cross the wire. `*` stands for any key or index, the empty
 * path for the whole value.
 */
export type SensitivePaths = readonly string[];

/** The marked places of a job's stored values. */
export interface Sensitive {
  readonly input?: SensitivePaths;
  readonly output?: SensitivePaths;
  /** Of an object with the data of one declared error under its name. */
  readonly errors?: SensitivePaths;
  readonly progress?: SensitivePaths;
}

type Steps = readonly string[];

/** Stands for what must not be shown. */
export const mask = "[redacted]";
/** JSON, as every text is whose place it takes. */
export const redacted: string = JSON.stringify(mask);

/** The JSON text with a mask at every sensitive place. What cannot be looked into is masked as a whole. */
export function redactText(text: string, paths: SensitivePaths): string {
  try {
    return JSON.stringify(redactValue(JSON.parse(text), paths.map(stepsOf)));
  } catch {
    return redacted;
  }
}

function redactValue(value: unknown, paths: readonly Steps[]): unknown {
  if (paths.length === 0 || value === null) return value;
  if (paths.some((steps) => steps.length === 0)) return mask;
  if (Array.isArray(value)) return value.map((item, index) => redactValue(item, below(paths, String(index))));
  // Something else than the schema of this build says stands here, so nobody knows what it is.
  if (typeof value !== "object") return mask;
  // fromEntries defines properties, so that a key "__proto__" is one like any other.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item, below(paths, key))]));
}

function below(paths: readonly Steps[], key: string): readonly Steps[] {
  return paths.filter(([head]) => head === "*" || head === key).map((steps) => steps.slice(1));
}

function stepsOf(path: string): Steps {
  return path === "" ? [] : path.split(".");
}

/**
 * zod's issues without what they may say about sensitive values: a message can quote the value, and a path has the keys of
 * maps and records in it. `at`: where the parsed value stands in what the paths lead through.
 */
export function redactIssues(
  issues: readonly ParseIssue[],
  paths: SensitivePaths,
  at: readonly string[] = [],
): readonly ParseIssue[] {
  return issues.map((issue) => {
    const shared = paths.map((path) => sharedSteps([...at, ...issue.path], stepsOf(path)));
    const met = shared.filter((length) => length !== undefined);
    if (met.length === 0) return issue;
    const path = issue.path.slice(0, Math.max(0, Math.min(...met) - at.length));
    return { path, message: issue.code === undefined ? mask : `${mask} (${issue.code})`, code: issue.code };
  });
}

/**
 * How far an issue's path agrees with a sensitive one, if one of them lies on the other; a value above a sensitive one
 * holds it. Maps and sets are lists on the wire and not in zod's paths, so behind a `*` all is taken for the same.
 */
function sharedSteps(path: readonly PropertyKey[], steps: Steps): number | undefined {
  for (const [index, step] of steps.entries()) {
    const key = path[index];
    if (step === "*" || key === undefined) return index;
    if (String(key) !== step) return undefined;
  }
  return steps.length;
}
