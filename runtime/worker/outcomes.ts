import type { Duration } from "../core/duration.ts";
import { maxDurationMs, parseDuration } from "../core/duration.ts";

const brand = Symbol.for("jobwright.outcome");

/** Throw it to fail this attempt and choose the wait before the next one. It counts as an attempt. */
export class RetryAfter extends Error {
  override readonly name: string = "RetryAfter";
  readonly delayMs: number;
  readonly [brand] = "retryAfter";

  constructor(delay: Duration | number, message = "The handler asked for a retry.", options?: ErrorOptions) {
    super(message, options);
    this.delayMs = typeof delay === "number" ? delay : parseDuration(delay, "RetryAfter");
  }
}

/** Throw it to give the job up: it is dead at once, whatever attempts are left. */
export class Discard extends Error {
  override readonly name: string = "Discard";
  readonly [brand] = "discard";
}

/** Throw it to put the job off without counting an attempt, e.g. because something that it needs is not there yet. */
export class Snooze extends Error {
  override readonly name: string = "Snooze";
  readonly delayMs: number;
  readonly [brand] = "snooze";

  constructor(delay: Duration | number, message = "The handler put the job off.") {
    super(message);
    this.delayMs = typeof delay === "number" ? delay : parseDuration(delay, "Snooze");
  }
}

export type Outcome = RetryAfter | Discard | Snooze;

/** Which of the three an error is, also across several copies of this package. */
export function outcomeOf(
  error: unknown,
): { kind: "retryAfter" | "snooze"; delayMs: number } | { kind: "discard" } | undefined {
  if (typeof error !== "object" || error === null || !(brand in error)) return undefined;
  const outcome = error as Outcome; // only the three classes above carry the brand
  return outcome[brand] === "discard"
    ? { kind: "discard" }
    : { kind: outcome[brand], delayMs: Math.min(maxDurationMs, Math.max(0, Math.round(outcome.delayMs) || 0)) };
}
