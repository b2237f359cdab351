import { settingsOf } from "../core/envelope.ts";
import type { Runnable } from "./executor.ts";

/** The runnable as the settings of one job want it; most jobs have none of these, and share one. */
export function withOwnSettings(runnable: Runnable, payload: string): Runnable {
  const { expireAfterMs, timeoutMs, maxAttempts } = settingsOf(payload) ?? {};
  if (expireAfterMs === undefined && timeoutMs === undefined && maxAttempts === undefined) return runnable;
  const { descriptor } = runnable;
  return {
    ...runnable,
    descriptor: {
      ...descriptor,
      ...(expireAfterMs === undefined ? {} : { expireAfterMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(maxAttempts === undefined ? {} : { retry: { ...descriptor.retry, maxAttempts } }),
    },
  };
}
