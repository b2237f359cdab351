/**
 * The states of a job. `scheduled → ready → running → succeeded | dead | cancelled`, plus `blocked` (a prerequisite or a
 * concurrency slot is missing) and `skipped` (a workflow node that can no longer run).
 */
export const jobStates = [
  "scheduled",
  "ready",
  "running",
  "blocked",
  "succeeded",
  "dead",
  "cancelled",
  "skipped",
] as const;

export type JobState = (typeof jobStates)[number];

/** States that a job leaves only through the operator verb `requeue`. */
export const finalStates = ["succeeded", "dead", "cancelled", "skipped"] as const;

export type FinalState = (typeof finalStates)[number];

export function isFinalState(state: JobState): state is FinalState {
  return (finalStates as readonly JobState[]).includes(state);
}
