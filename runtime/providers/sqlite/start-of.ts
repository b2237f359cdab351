import type { NewJob } from "../../contract/index.ts";

/** When a job may start that says when, or after how long. */
export function startOf({ runAt, delayMs = 0 }: Pick<NewJob, "runAt" | "delayMs">, now: number): number {
  return runAt ?? now + delayMs;
}
