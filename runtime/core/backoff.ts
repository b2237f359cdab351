/** How long to wait before the next attempt, as data. All spans in ms. */
export type Backoff =
  | { readonly kind: "fixed"; readonly delayMs: number; readonly jitter: Jitter }
  /** `base · factor^(n−1)` */
  | {
      readonly kind: "exponential";
      readonly delayMs: number;
      readonly factor: number;
      readonly maxMs: number;
      readonly jitter: Jitter;
    }
  /** `base · n^exponent` */
  | {
      readonly kind: "polynomial";
      readonly delayMs: number;
      readonly exponent: number;
      readonly maxMs: number;
      readonly jitter: Jitter;
    }
  /** The n-th entry; the last one repeats. */
  | { readonly kind: "list"; readonly delaysMs: readonly number[]; readonly jitter: Jitter };

/** `none`: exact. `equal`: half fixed, half random, so that retries neither come at once nor in step. `full`: 0…delay. */
export type Jitter = "none" | "equal" | "full";

export interface RetryPolicy {
  /** Counted executions, the first one included; ≥ 1. */
  readonly maxAttempts: number;
  /** In ms after the enqueue; absent: no limit. */
  readonly forMs?: number;
  readonly backoff: Backoff;
}

/** Wait in ms after the failed attempt number `attempt` (from 1); `random` gives [0, 1). Never negative, never NaN. */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: () => number): number {
  const n = Math.max(1, attempt);
  // A base of 0 times an overflowed power would be NaN.
  if (backoff.kind !== "list" && backoff.delayMs === 0) return 0;
  return applyJitter(plainDelayMs(backoff, n), backoff.jitter, random);
}

function plainDelayMs(backoff: Backoff, n: number): number {
  switch (backoff.kind) {
    case "fixed":
      return backoff.delayMs;
    case "exponential":
      // The power overflows to Infinity long before attempt 10,000; the cap brings it back.
      return Math.min(backoff.maxMs, backoff.delayMs * backoff.factor ** (n - 1));
    case "polynomial":
      return Math.min(backoff.maxMs, backoff.delayMs * n ** backoff.exponent);
    case "list":
      return backoff.delaysMs[Math.min(n, backoff.delaysMs.length) - 1] ?? 0;
  }
}

function applyJitter(delayMs: number, jitter: Jitter, random: () => number): number {
  switch (jitter) {
    case "none":
      return Math.round(delayMs);
    case "equal":
      return Math.round(delayMs / 2 + (random() * delayMs) / 2);
    case "full":
      return Math.round(random() * delayMs);
  }
}
