import { JobwrightError } from "../contract/index.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export type DurationUnit = keyof typeof unitMs;

/** A span of time such as `"30s"`, `"1.5h"` or `"7d"`. Units: `ms`, `s`, `m`, `h`, `d`, `w`. */
export type Duration = `${number}${DurationUnit}`;

/** 100 years: longer spans are mistakes, and stay far below what any store's integers hold. */
export const maxDurationMs = 100 * 365 * unitMs.d;

/** Milliseconds of a duration; `what` names the option in the error. Throws `JW_INVALID_OPTION`. */
export function parseDuration(duration: Duration, what: string): number {
  // Plain JavaScript may hand over anything.
  const match = typeof duration !== "string" ? null : /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(duration);
  const ms = match ? Math.round(Number(match[1]) * unitMs[match[2] as DurationUnit]) : Number.NaN;
  if (!Number.isFinite(ms) || ms > maxDurationMs) {
    throw new JobwrightError("JW_INVALID_OPTION", `${what} is ${shown(duration)}, which is not a duration.`, {
      hint: 'Write a number and a unit without a space, such as "500ms", "30s", "5m", "2h" or "7d", at most 100 years.',
    });
  }
  return ms;
}

/** Any value as part of an error message: text in quotes, everything else by its kind if it has no short form. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
