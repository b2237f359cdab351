import type { EndReason } from "../../contract/index.ts";

/** In the order of their numbers in the store, from 1; 0 says that there is none. New ones come last. */
const reasons: readonly EndReason[] = ["attempts-exhausted", "discarded", "invalid-payload", "crash-loop", "cancelled"];

export function numberOfReason(reason: EndReason): number {
  return reasons.indexOf(reason) + 1;
}

export function reasonOf(number: number): EndReason | undefined {
  return reasons[number - 1];
}
