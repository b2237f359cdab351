import { describe, expect, it } from "vitest";
import { isFinalState, type JobState } from "../../../runtime/contract/index.ts";
import { operations, situationOf, situations, transitions } from "../../../runtime/core/transitions.ts";

const everyCell = situations.flatMap((situation) =>
  operations.map((operation) => ({ situation, operation, ...transitions[situation][operation] })),
);

describe("the transition table", () => {
  it("lets only requeue and prune change a final job", () => {
    const changing = everyCell.filter(({ situation, to }) => to && isFinalState(situation as JobState)); // No refined situation is final.
    expect(new Set(changing.map(({ operation }) => operation))).toEqual(new Set(["requeue", "prune"]));
  });

  it("lets prune touch nothing but final jobs", () => {
    const pruned = everyCell.filter(({ to }) => to === "gone").map(({ situation }) => situation);
    expect(pruned).toEqual(["succeeded", "dead", "cancelled", "skipped"]);
  });

  it("grows the fence at a claim and nowhere else", () => {
    const growing = everyCell.filter(({ fence }) => fence === 1);
    expect(growing.map(({ situation, operation }) => [situation, operation])).toEqual([
      ["ready", "claim"],
      ["lapsed", "claim"],
    ]);
  });

  it("closes the lease with every settlement that is accepted, and opens it with a claim only", () => {
    const settled = everyCell.filter(({ answer, operation }) => answer === "ok" && operation !== "report");
    expect(new Set(settled.map(({ lease }) => lease))).toEqual(new Set(["closed"]));
    const opening = everyCell.filter(({ lease }) => lease === "open").map(({ operation }) => operation);
    expect(new Set(opening)).toEqual(new Set(["claim"]));
  });

  it("gives every dead or cancelled job a reason", () => {
    const ended = everyCell.filter(({ to }) => to === "dead" || to === "cancelled");
    expect(ended.filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  it("tells a lapsed job from a ready one and a cancelling one from a running one", () => {
    expect(situationOf({ state: "ready", leaseOpen: true, cancelRequested: false })).toBe("lapsed");
    expect(situationOf({ state: "ready", leaseOpen: false, cancelRequested: false })).toBe("ready");
    expect(situationOf({ state: "running", leaseOpen: true, cancelRequested: true })).toBe("cancelling");
  });
});
