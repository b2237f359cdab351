import type { FlowStatus } from "jobwright/codegen/v1";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "./flows-history.ts";
import type { Plan } from "./flows-plan.ts";
import { problemsOf } from "./flows-verdict.ts";

type Node = FlowStatus["nodes"][number];

const plan: Plan = [
  { kind: "job", name: "first", fate: "ok", items: [], needs: [], any: false },
  { kind: "job", name: "second", fate: "ok", items: [], needs: [{ node: "first", when: "succeeded" }], any: false },
  { kind: "job", name: "third", fate: "ok", items: [], needs: [{ node: "first", when: "failed" }], any: false },
];

const node = (name: string, state: Node["state"], reason?: Node["reason"]): Node => ({
  id: name,
  name,
  job: "work",
  kind: "job",
  state,
  reason,
  attempt: 1,
  cause: undefined,
  needs: [],
});
const good = [
  node("first", "succeeded"),
  node("second", "succeeded"),
  node("third", "skipped", "condition"),
  node("end", "succeeded"),
];

const event = (name: string, rest: Partial<HistoryEvent>): HistoryEvent => ({
  node: `f/${name}`,
  event: "started",
  attempt: 1,
  ...rest,
});
const ran = (name: string, token: string, given?: unknown): readonly HistoryEvent[] => [
  event(name, { given }),
  event(name, { event: "ended", token }),
];
const history = [...ran("first", "f/first#1"), ...ran("second", "f/second#1", { first: { token: "f/first#1" } })];

const verdict = (nodes: readonly Node[], events: readonly HistoryEvent[] = history): readonly string[] =>
  problemsOf("f", plan, { id: "f", state: nodes.at(-1)?.state ?? "blocked", nodes }, events);

/** The good nodes, but for one. */
const but = (other: Node): readonly Node[] => good.map((one) => (one.name === other.name ? other : one));

describe("the verdict on flows", () => {
  it("has nothing against a flow that ran as drawn, also when a run was repeated", () => {
    expect(verdict(good)).toEqual([]);
    expect(verdict(good, [...ran("first", "f/first#0"), ...history])).toEqual([]);
  });

  it("tells of a node that started too early", () => {
    expect(
      verdict(
        good,
        history.toSorted((a, b) => b.node.localeCompare(a.node)),
      ),
    ).toContain("f: second started before what it needs had ended");
  });

  it("tells of a node that has another end than its needs give it, or none", () => {
    expect(verdict(but(node("third", "succeeded")))).toEqual([
      "f: third is succeeded (undefined), not skipped (condition)",
    ]);
    expect(verdict(but(node("second", "blocked")))).toEqual([
      "f: second is blocked (undefined) instead of succeeded (undefined)",
    ]);
    expect(verdict(good.filter(({ name }) => name !== "second"))).toContain("f: second is missing");
  });

  it("tells of a node that was skipped, and ran", () => {
    expect(verdict(good, [...history, ...ran("third", "f/third#1")])).toEqual(["f: third ran, and was skipped"]);
  });

  it("tells of outputs of two runs of one node, and of one that no run returned", () => {
    const again = ran("second", "f/second#2", { first: { token: "f/first#2" } });
    expect(verdict(good, [...history, ...again])).toEqual([
      "f: f/first#2 was given, and never returned",
      "f: f/first was settled twice",
    ]);
  });

  it("tells of a flow that failed without a failure", () => {
    expect(verdict(but(node("end", "dead")))).toEqual(["f: the flow is dead, and no node failed"]);
  });
});
