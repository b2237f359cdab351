import { type Duration, parseDuration } from "../duration.ts";
import type { NodeSettings } from "./plan.ts";

/** What a node of its own can have, besides its input. */
export interface NodeSettingsOptions {
  /** Wait this long when all that it needs has ended. Default: none. */
  readonly delay?: Duration;
  /** Default: the flow's, or the job definition's. */
  readonly priority?: number;
  /** Time limit of one attempt. Default: the job definition's. */
  readonly timeout?: Duration;
  /** Counted executions. Default: the job definition's. */
  readonly maxAttempts?: number;
  /** Give the node up if no worker has begun it so long after it was due. Default: the job definition's. */
  readonly expireAfter?: Duration;
}

/** Throws `JW_INVALID_OPTION` for what is no duration. */
export function nodeSettingsOf({ delay, timeout, expireAfter, ...rest }: NodeSettingsOptions): NodeSettings {
  return {
    ...rest,
    ...(delay === undefined ? {} : { delayMs: parseDuration(delay, "delay") }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") }),
    ...(expireAfter === undefined ? {} : { expireAfterMs: parseDuration(expireAfter, "expireAfter") }),
  };
}
