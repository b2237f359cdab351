import type { EdgeStatus, EndReason, FinalState, NeedCondition, Needs } from "../contract/index.ts";

/** What the end of a job means for those that need it. Providers follow these tables, in their own language. */

/** How a job ended, as far as others care. One that was skipped because another one failed counts as failed itself. */
export const endKinds = ["succeeded", "failed", "passedOver"] as const;

export type EndKind = (typeof endKinds)[number];

/** How a job has ended; `reason` counts for skipped ones only. */
export function endKindOf(state: FinalState, reason: EndReason | undefined): EndKind {
  switch (state) {
    case "succeeded":
      return "succeeded";
    case "skipped":
      return reason === "prerequisite" ? "failed" : "passedOver";
    case "dead":
    case "cancelled":
      return "failed";
  }
}

type Decision = Exclude<EdgeStatus, "open">;

export const decisions: Readonly<Record<NeedCondition, Readonly<Record<EndKind, Decision>>>> = {
  succeeded: { succeeded: "met", failed: "broken", passedOver: "unmet" },
  failed: { succeeded: "unmet", failed: "met", passedOver: "unmet" },
  notFailed: { succeeded: "met", failed: "broken", passedOver: "met" },
  finished: { succeeded: "met", failed: "met", passedOver: "met" },
};

/** `wait`, `go`, or why the job is skipped. */
export type Verdict = "wait" | "go" | Extract<EndReason, "prerequisite" | "condition">;

/** What the edges of a job, taken together, mean for it. */
export function verdict(mode: Needs["mode"], edges: readonly EdgeStatus[]): Verdict {
  const isMissed = edges.some((edge) => edge === "broken" || edge === "unmet");
  const isOpen = edges.includes("open");
  const skipped = edges.includes("broken") ? "prerequisite" : "condition";
  if (mode === "all") return isMissed ? skipped : isOpen ? "wait" : "go";
  return edges.includes("met") ? "go" : isOpen ? "wait" : skipped;
}
