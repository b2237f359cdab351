import { isFinalState, type JobState, type UniqueScope } from "../contract/index.ts";

/** What decides whether the job that took a unique key last still holds it. */
export interface KeyHolder {
  readonly state: JobState;
  readonly fence: number;
  readonly scope: UniqueScope;
  /** When the window of the key ends; undefined: it has none. */
  readonly heldUntil: number | undefined;
}

/** The one rule of unique keys; providers say the same in their own language. */
export function holdsKey({ state, fence, scope, heldUntil }: KeyHolder, now: number): boolean {
  if (heldUntil !== undefined && heldUntil <= now) return false;
  switch (scope) {
    case "waiting":
      return fence === 0 && !isFinalState(state);
    case "live":
      return !isFinalState(state);
    case "succeeded":
      return !isFinalState(state) || state === "succeeded";
    case "any":
      return true;
  }
}
