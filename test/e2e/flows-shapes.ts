import type { NeedCondition } from "../../runtime/contract/index.ts";
import { batchPolicies, type BatchPolicyName } from "../../runtime/core/flow/plan.ts";
import type { Edge, Plan, PlannedNode } from "./flows-plan.ts";
import type { Fate, Item } from "./flows-schema.ts";

/** Random plans: one of each shape in turn. */
export function randomPlans(count: number, seed: number): readonly Plan[] {
  const dice = createDice(seed);
  return Array.from({ length: count }, (_, index) => (shapes[index % shapes.length] ?? tangle)(dice));
}

type Dice = ReturnType<typeof createDice>;

const conditions: readonly NeedCondition[] = ["succeeded", "succeeded", "succeeded", "finished", "notFailed", "failed"];
const fates: readonly Fate[] = ["ok", "ok", "ok", "ok", "once", "dead"];

/** Mulberry32. */
function createDice(seed: number) {
  let state = seed;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const upTo = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(from: readonly T[]): T => from[upTo(from.length)] as T; // never empty
  return {
    upTo,
    fate: (): Fate => pick(fates),
    policy: (): BatchPolicyName => pick(batchPolicies),
    items: (): readonly Item[] => Array.from({ length: upTo(5) }, (_, index) => ({ index, fate: pick(fates) })),
    edge: (node: string): Edge => ({ node, when: pick(conditions) }),
    /** Some of them, each once. */
    some: (names: readonly string[]): readonly string[] => names.filter(() => next() < 0.4).slice(0, 3),
  };
}

function jobNode(dice: Dice, name: string, needs: readonly string[] = [], any = false): PlannedNode {
  return { kind: "job", name, fate: dice.fate(), items: [], needs: needs.map(dice.edge), any };
}

const chain = (dice: Dice): Plan =>
  Array.from({ length: 2 + dice.upTo(4) }, (_, index) =>
    jobNode(dice, `link${index}`, index === 0 ? [] : [`link${index - 1}`]),
  );

function batch(dice: Dice): Plan {
  const members = Array.from({ length: 1 + dice.upTo(5) }, (_, index) => jobNode(dice, `member${index}`));
  const of = members.map(({ name }) => name);
  return [...members, { kind: "batch", name: "batch", of, when: dice.policy() }, jobNode(dice, "follow", ["batch"])];
}

function map(dice: Dice): Plan {
  const items = dice.items();
  return [
    { kind: "job", name: "list", fate: dice.fate(), items, needs: [], any: false },
    { kind: "map", name: "map", from: "list", items, when: dice.policy() },
    jobNode(dice, "follow", ["map"]),
  ];
}

function diamond(dice: Dice): Plan {
  const [top, left, right] = [jobNode(dice, "top"), jobNode(dice, "left", ["top"]), jobNode(dice, "right", ["top"])];
  return [top, left, right, jobNode(dice, "bottom", ["left", "right"], dice.upTo(3) === 0)];
}

function tangle(dice: Dice): Plan {
  const nodes: PlannedNode[] = [];
  for (let index = 0; index < 4 + dice.upTo(6); index++) {
    const needs = dice.some(nodes.map(({ name }) => name));
    nodes.push(jobNode(dice, `node${index}`, needs, needs.length > 1 && dice.upTo(4) === 0));
  }
  return nodes;
}

const shapes = [chain, batch, map, diamond, tangle];
