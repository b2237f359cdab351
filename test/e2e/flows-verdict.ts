import type { FlowStatus } from "jobwright/codegen/v1";
import type { NeedCondition } from "../../runtime/contract/index.ts";
import type { HistoryEvent } from "./flows-history.ts";
import type { Plan, PlannedNode } from "./flows-plan.ts";
import { type Fate, maxAttempts } from "./flows-schema.ts";

type Outcome = "ok" | "failed" | "passedOver";
type Node = FlowStatus["nodes"][number];

/** What the guide says an edge is met by, written down once more. */
const met: Readonly<Record<NeedCondition, readonly Outcome[]>> = {
  succeeded: ["ok"],
  notFailed: ["ok", "passedOver"],
  failed: ["failed"],
  finished: ["ok", "failed", "passedOver"],
};

/** A node as the rules see it: those of a map are a maker, its members, and the batch of all of them. */
interface Rule {
  readonly name: string;
  /** Of what has a handler. */
  readonly fate?: Fate;
  readonly needs: readonly { readonly node: string; readonly when: NeedCondition }[];
  readonly any: boolean;
}

const whenOf = { succeeded: "succeeded", finished: "finished", firstFailure: "failed" } as const;

function rulesOf(node: PlannedNode, ran: (name: string) => boolean): readonly Rule[] {
  const { name } = node;
  if (node.kind === "job") return [node];
  const when = whenOf[node.when];
  const any = node.when === "firstFailure";
  if (node.kind === "batch") return [{ name, any, needs: node.of.map((member) => ({ node: member, when })) }];
  const maker: Rule = { name: `${name}.members`, any: false, needs: [{ node: node.from, when: "succeeded" }] };
  const needs = [{ node: maker.name, when: "succeeded" as const }];
  const items = ran(maker.name) ? node.items : [];
  const members = items.map(({ index, fate }): Rule => ({ name: `${name}[${index}]`, fate, any: false, needs }));
  return [maker, ...members, { name, any, needs: [maker, ...members].map((of) => ({ node: of.name, when })) }];
}

/** Everything about a flow that has ended which must not be. `history` is that of all flows. */
export function problemsOf(
  id: string,
  plan: Plan,
  { nodes }: FlowStatus,
  history: readonly HistoryEvent[],
): readonly string[] {
  const states = new Map(nodes.map((node) => [node.name, node]));
  const rules = plan.flatMap((node) => rulesOf(node, (name) => states.get(name)?.state === "succeeded"));
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const own = history.filter(({ node }) => node.startsWith(`${id}/`));
  return [
    ...rules.flatMap((rule) => wrongEnd(rule, states)),
    ...wrongEndOfFlow(rules, states),
    ...own.flatMap((event, position) => tooEarly(event, position)),
    ...twiceSettled(own),
  ].map((problem) => `${id}: ${problem}`);

  function tooEarly({ node, event }: HistoryEvent, position: number): readonly string[] {
    const name = node.slice(id.length + 1);
    const rule = byName.get(name);
    if (event !== "started" || !rule) return rule ? [] : [`${name} ran, which is no node`];
    if (states.get(name)?.state === "skipped") return [`${name} ran, and was skipped`];
    return areNeedsOver(rule, position) ? [] : [`${name} started before what it needs had ended`];
  }

  function areNeedsOver({ any, needs }: Rule, position: number): boolean {
    if (!any) return needs.every(({ node }) => isOver(node, position));
    return needs.some(({ node, when }) => isMet(when, states.get(node)) && isOver(node, position));
  }

  /** Whether it had ended by then. What was skipped left no trace in the history. */
  function isOver(name: string, position: number): boolean {
    const rule = byName.get(name);
    const state = states.get(name)?.state;
    if (!rule || state === "skipped") return true;
    if (rule.fate === undefined) return areNeedsOver(rule, position);
    const before = own.slice(0, position).filter(({ node }) => node === `${id}/${name}`);
    return before.some(({ event, attempt }) =>
      state === "succeeded" ? event === "ended" : event === "failed" && attempt === maxAttempts,
    );
  }
}

function outcomeOf({ state, reason }: Node): Outcome {
  if (state === "succeeded") return "ok";
  return state === "skipped" && reason !== "prerequisite" ? "passedOver" : "failed";
}

function isMet(when: NeedCondition, node: Node | undefined): boolean {
  return node !== undefined && met[when].includes(outcomeOf(node));
}

/** Which ends a node may have, given those of what it needs. */
function wrongEnd({ name, fate = "ok", needs, any }: Rule, states: ReadonlyMap<string, Node>): readonly string[] {
  const node = states.get(name);
  if (!node) return [`${name} is missing`];
  const missed = needs.filter((edge) => !isMet(edge.when, states.get(edge.node)));
  const runs = any ? missed.length < needs.length : missed.length === 0;
  const found = `${node.state} (${node.reason})`;
  if (runs) {
    const expected = fate === "dead" ? "dead (attempts-exhausted)" : "succeeded (undefined)";
    return found === expected ? [] : [`${name} is ${found} instead of ${expected}`];
  }
  const reasons = missed.map((edge) => reasonFor(edge.when, states.get(edge.node)));
  // With the first edge that is missed it is decided; of any, with the last one.
  const expected = any && reasons.includes("prerequisite") ? ["prerequisite"] : reasons;
  return expected.some((reason) => found === `skipped (${reason})`)
    ? []
    : [`${name} is ${found}, not skipped (${expected.join(" or ")})`];
}

/** A failure is behind it, or something was merely not to be. */
function reasonFor(when: NeedCondition, parent: Node | undefined): "prerequisite" | "condition" {
  return when !== "failed" && parent !== undefined && outcomeOf(parent) === "failed" ? "prerequisite" : "condition";
}

/** The flow fails with a node whose failure nobody waits for; one that was skipped for another's failure adds none. */
function wrongEndOfFlow(rules: readonly Rule[], states: ReadonlyMap<string, Node>): readonly string[] {
  const handled = new Set(
    rules
      .flatMap(({ needs }) => needs.filter(({ when }) => when === "failed" || when === "finished"))
      .map(({ node }) => node),
  );
  const isFailure = ({ name, state, reason, kind }: Node): boolean =>
    !handled.has(name) && (state === "dead" || (state === "skipped" && reason === "prerequisite" && kind === "batch"));
  // Members of a map are no nodes that the end knows: their batch stands for them.
  const failed = [...states.values()].some(
    (node) => node.name !== "end" && !node.name.endsWith("]") && isFailure(node),
  );
  const end = states.get("end")?.state;
  return end === (failed ? "dead" : "succeeded") ? [] : [`the flow is ${end}, and ${failed ? "a" : "no"} node failed`];
}

/** All that follow a node got the output of one and the same run, which did end. */
function twiceSettled(own: readonly HistoryEvent[]): readonly string[] {
  const ended = new Set(own.map(({ token }) => token));
  const accepted = new Map<string, string>();
  const problems: string[] = [];
  for (const [, token = "", name = ""] of JSON.stringify(own.map(({ given }) => given)).matchAll(
    /"token":"(([^"#]+)#[^"]+)"/g,
  )) {
    if (!ended.has(token)) problems.push(`${token} was given, and never returned`);
    if ((accepted.get(name) ?? token) !== token) problems.push(`${name} was settled twice`);
    accepted.set(name, token);
  }
  return problems;
}
