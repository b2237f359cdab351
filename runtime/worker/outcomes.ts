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

/** Throw it to end the job without doing its work: it is `skipped`, and what needs its success is skipped as well. */
export class Skip extends Error {
  override readonly name: string = "Skip";
  readonly [brand] = "skip";

  constructor(message = "The job was not to run.", options?: ErrorOptions) {
    super(message, options);
  }
}

export type Outcome = RetryAfter | Discard | Snooze | Skip;

/** Which of them an error is, also across several copies of this package. */
export function outcomeOf(
  error: unknown,
): { kind: "retryAfter" | "snooze"; delayMs: number } | { kind: "discard" | "skip" } | undefined {
  if (typeof error !== "object" || error === null || !(brand in error)) return undefined;
  const outcome = error as Outcome; // only the classes above carry the brand
  return outcome[brand] === "discard" || outcome[brand] === "skip"
    ? { kind: outcome[brand] }
    : { kind: outcome[brand], delayMs: Math.min(maxDurationMs, Math.max(0, Math.round(outcome.delayMs) || 0)) };
}
