import { settingsOf } from "../core/envelope.ts";
import type { Runnable } from "./executor.ts";

/** The runnable as the settings of one job want it; most jobs have none, and share one. */
export function withOwnSettings(runnable: Runnable, payload: string): Runnable {
  const settings = settingsOf(payload);
  if (!settings) return runnable;
  const { expireAfterMs, timeoutMs, maxAttempts } = settings;
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
