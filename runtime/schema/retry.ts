import type { Backoff, Jitter, RetryPolicy } from "../core/backoff.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import type { Report } from "./problems.ts";

const backoffOptions = {
  exponential: ["delay", "factor", "maxDelay"],
  polynomial: ["delay", "exponent", "maxDelay"],
  fixed: ["delay"],
  list: ["delays"],
} as const;

type BackoffKind = keyof typeof backoffOptions;

const kinds = ["exponential", "polynomial", "fixed", "list"] as const satisfies readonly BackoffKind[];
const jitters = ["none", "equal", "full"] as const satisfies readonly Jitter[];
const shapeOptions = ["delay", "factor", "exponent", "maxDelay", "delays"] as const;

/** Fills in defaults and reports whatever can never take effect. */
export function readRetry(options: unknown, job: string, report: Report): RetryPolicy {
  const read = createOptionReader(options ?? {}, { job, path: ["retry"], report });
  read.known(["maxAttempts", "for", "jitter", "backoff", ...shapeOptions]);
  const maxAttempts = read.integer("maxAttempts", { min: 1, max: 10_000, fallback: 10 });
  const kind = read.oneOf("backoff", kinds, "exponential");
  checkCombination(read, kind, maxAttempts);
  const jitter = read.oneOf("jitter", jitters, "equal");
  const backoff = readBackoff(read, kind, jitter);
  checkReach(read, backoff, maxAttempts);
  return { maxAttempts, ...(read.has("for") ? { forMs: readDeadline(read) } : {}), backoff };
}

function readDeadline(read: OptionReader): number {
  const forMs = read.duration("for", "1d");
  if (forMs < 1) read.refuse("for", "is shorter than 1 ms", 'Give the time for all attempts, e.g. "2d".');
  return forMs;
}

function checkCombination(read: OptionReader, kind: BackoffKind, maxAttempts: number): void {
  const allowed: readonly string[] = backoffOptions[kind];
  for (const option of shapeOptions) {
    if (read.has(option) && !allowed.includes(option)) {
      read.refuse(option, `does not go with backoff "${kind}"`, `Remove it; "${kind}" takes ${allowed.join(", ")}.`);
    }
  }
  if (maxAttempts > 1) return;
  for (const option of ["backoff", "jitter", "for", ...shapeOptions]) {
    if (read.has(option)) read.refuse(option, "has no effect with maxAttempts 1", "Remove it, or raise maxAttempts.");
  }
}

function readBackoff(read: OptionReader, kind: BackoffKind, jitter: Jitter): Backoff {
  switch (kind) {
    case "fixed":
      return { kind, delayMs: read.duration("delay", "1s"), jitter };
    case "exponential":
      return {
        kind,
        delayMs: read.duration("delay", "1s"),
        factor: read.number("factor", { min: 1, max: 1_000, fallback: 2 }),
        maxMs: read.duration("maxDelay", "1h"),
        jitter,
      };
    case "polynomial":
      return {
        kind,
        delayMs: read.duration("delay", "1s"),
        exponent: read.number("exponent", { min: 0, max: 20, fallback: 2 }),
        maxMs: read.duration("maxDelay", "1h"),
        jitter,
      };
    case "list":
      return { kind, delaysMs: read.durations("delays"), jitter };
    default:
      return kind satisfies never;
  }
}

function checkReach(read: OptionReader, backoff: Backoff, maxAttempts: number): void {
  if (backoff.kind === "list") {
    const waits = maxAttempts - 1;
    if (maxAttempts > 1 && backoff.delaysMs.length > waits) {
      const used = `only ${waits} ${waits === 1 ? "wait" : "waits"} can happen with maxAttempts ${maxAttempts}`;
      read.refuse("delays", `has ${backoff.delaysMs.length} entries, but ${used}`, "Shorten it, or raise maxAttempts.");
    }
  } else if (backoff.kind !== "fixed" && backoff.delayMs > backoff.maxMs) {
    read.refuse(
      "delay",
      "is longer than maxDelay, so it is never used",
      'Raise maxDelay (default "1h"), or shorten delay.',
    );
  }
}
