import type { NeedCondition } from "../../contract/index.ts";
import { endName } from "./names.ts";
import {
  type BatchPolicyName,
  conditionOf,
  type Draft,
  impliedNeeds,
  modeOf,
  type NodeSettings,
  templatesOf,
} from "./plan.ts";
import type { Template } from "./template.ts";

/** What binds a node to others. */
export type Bindings = Pick<Draft, "after" | "mode" | "condition">;

interface MapDraft {
  readonly name: string;
  readonly items: Template;
  readonly job: string;
  readonly input: Template;
  readonly policy: BatchPolicyName;
  readonly settings?: NodeSettings;
  readonly bindings: Bindings;
}

/** Name of the node that makes the members of a map. */
export function makerName(map: string): string {
  return `${map}.members`;
}

/** What makes a member for every item, and what ends when they have. */
export function mapDrafts({ name, items, job, input, policy, settings, bindings }: MapDraft): readonly [Draft, Draft] {
  const maker = makerName(name);
  const action = { kind: "map", items, job, input, into: name, policy, ...(settings ? { settings } : {}) } as const;
  // With no item at all, and with no failure, `any` would have nothing to wait for: the maker counts as a member.
  const after = new Map([[maker, conditionOf(policy)]]);
  return [
    { name: maker, action, ...bindings },
    { name, action: { kind: "batch" }, mode: modeOf(policy), after },
  ];
}

/** The last node, which gives the output of the flow. */
export function endDraft(drafts: readonly Draft[], output: Template | undefined): Draft {
  return {
    name: endName,
    action: { kind: "end", handled: handledIn(drafts), ...(output === undefined ? {} : { output }) },
    after: new Map(drafts.map(({ name }) => [name, "finished"])),
  };
}

/** Nodes whose failure another one waits for, or does not mind. */
function handledIn(drafts: readonly Draft[]): readonly string[] {
  const handled = drafts.flatMap(({ after = new Map(), ...draft }) => {
    const needs: ReadonlyMap<string, NeedCondition> = new Map([...impliedNeeds(templatesOf(draft)), ...after]);
    return [...needs].filter(([, when]) => when === "failed" || when === "finished").map(([name]) => name);
  });
  return [...new Set(handled)];
}

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** For messages: what a name has to look like. */
export const nameRule = "Start with a letter, then letters, digits, `_` or `-`; at most 64 characters.";

export function canNameNode(name: unknown): name is string {
  return typeof name === "string" && namePattern.test(name);
}
