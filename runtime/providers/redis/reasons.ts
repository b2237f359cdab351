import type { EndReason } from "../../contract/index.ts";

/** How a reason is stored; 0 says that there is none. Numbers never change their meaning. */
const numbers: Readonly<Record<EndReason, number>> = {
  "attempts-exhausted": 1,
  discarded: 2,
  "invalid-payload": 3,
  "crash-loop": 4,
  cancelled: 5,
  "retry-deadline": 6,
  expired: 7,
  "not-upgradable": 8,
  prerequisite: 9,
  condition: 10,
};

const reasons = new Map(Object.entries(numbers).map(([reason, number]) => [number, reason as EndReason])); // its keys

export function numberOfReason(reason: EndReason): number {
  return numbers[reason];
}

export function reasonOf(number: number): EndReason | undefined {
  return reasons.get(number);
}
