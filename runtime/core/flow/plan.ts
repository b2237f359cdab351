import { JobwrightError, type NeedCondition, type Needs } from "../../contract/index.ts";
import { isInputName } from "./names.ts";
import { referencesIn, type Template } from "./template.ts";

/**
 * What a chain, a batch or a workflow comes down to: nodes in the order in which they may be enqueued. Plain data, so that those
 * of the schema stand in generated code.
 */
export interface FlowPlan {
  /** Each after all that it needs. The last one is the end of the flow: it has the flow's id. */
  readonly nodes: readonly PlanNode[];
}

export interface PlanNeed {
  readonly node: string;
  readonly when: NeedCondition;
}

/** What `EnqueueSettings` says, without what belongs to the job alone. */
export interface NodeSettings {
  /** After its needs let it go. */
  readonly delayMs?: number;
  readonly priority?: number;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly expireAfterMs?: number;
}

export interface PlanNode {
  /** Unique in the flow. */
  readonly name: string;
  readonly action: Action;
  /** Absent: none. */
  readonly needs?: readonly PlanNeed[];
  /** Default `all`. */
  readonly mode?: Needs["mode"];
  /** The node is skipped if it is not true when its needs let it go. */
  readonly condition?: Template;
  readonly settings?: NodeSettings;
}

export interface DeclaredSignal {
  readonly workflow: string;
  readonly signal: string;
}

/** How many members of a batch have to end, and how. `firstFailure`: it goes on with the first that fails, if one does. */
export const batchPolicies = ["succeeded", "finished", "firstFailure"] as const;

export type BatchPolicyName = (typeof batchPolicies)[number];

export type Action =
  | { readonly kind: "job"; readonly job: string; readonly input: Template }
  /** Its needs are the members. */
  | { readonly kind: "batch" }
  /** A member for every item, which the batch `into` needs, and the end: of the flow, or of the workflow within it. */
  | {
      readonly kind: "map";
      readonly items: Template;
      readonly job: string;
      readonly input: Template;
      readonly into: string;
      readonly end?: string;
      readonly policy: BatchPolicyName;
      readonly settings?: NodeSettings;
    }
  | { readonly kind: "timer" }
  /** Gives the input of a workflow within the flow, after its schema. */
  | { readonly kind: "input"; readonly workflow: string; readonly input: Template }
  /** Keeps a batch open until it is completed from outside. */
  | { readonly kind: "seal" }
  /** Completed from outside; given up after the time, if there is one. `of`: where the schema declares what it carries. */
  | { readonly kind: "signal"; readonly timeoutMs?: number; readonly of?: DeclaredSignal }
  /** Ends the flow, and gives its output. `handled`: nodes whose failure is not that of the flow. */
  | { readonly kind: "end"; readonly output?: Template; readonly handled: readonly string[] };

/** How a member has to end for its batch. */
export function conditionOf(policy: BatchPolicyName): NeedCondition {
  return policy === "firstFailure" ? "failed" : policy;
}

export function modeOf(policy: BatchPolicyName): Needs["mode"] {
  return policy === "firstFailure" ? "any" : "all";
}

/** The templates of a node, in which it may refer to others. */
export function templatesOf({ action, condition }: Pick<PlanNode, "action" | "condition">): readonly Template[] {
  const own = condition === undefined ? [] : [condition];
  switch (action.kind) {
    case "job":
    case "input":
      return [...own, action.input];
    case "map":
      return [...own, action.items, action.input];
    case "end":
      return action.output === undefined ? own : [...own, action.output];
    default:
      return own;
  }
}

const conditionOfAspect = { output: "succeeded", maybe: "notFailed", outcome: "finished" } as const;
/** Whoever needs the first of two needs the second as well. */
const stronger: readonly NeedCondition[] = ["succeeded", "notFailed", "finished"];

/** What a node needs because it refers to it. */
export function impliedNeeds(templates: readonly Template[]): ReadonlyMap<string, NeedCondition> {
  const implied = new Map<string, NeedCondition>();
  for (const { node, aspect } of templates.flatMap(referencesIn)) {
    // Nothing of a workflow begins before its input is there, or known to be missing.
    if (aspect === "input" || isInputName(node)) continue;
    const when = conditionOfAspect[aspect];
    const known = implied.get(node);
    if (known === undefined || stronger.indexOf(when) < stronger.indexOf(known)) implied.set(node, when);
  }
  return implied;
}

/** What may be said explicitly of a node that is referred to so: a promise that is at least as strong. */
function contradicts(explicit: NeedCondition, implied: NeedCondition): boolean {
  if (implied === "finished") return false;
  return explicit !== "succeeded" && explicit !== implied;
}

export interface NodeProblem {
  readonly node: string;
  readonly message: string;
  readonly hint: string;
}

/** A node before its edges are known. `after`: what it says itself; else what it refers to decides. */
export interface Draft extends Omit<PlanNode, "needs"> {
  readonly after?: ReadonlyMap<string, NeedCondition>;
}

/** Finds the edges of every node, and an order for them; tells of everything that cannot work. */
export function planFlow(drafts: readonly Draft[]): {
  readonly plan: FlowPlan;
  readonly problems: readonly NodeProblem[];
} {
  const problems: NodeProblem[] = [];
  const names = new Set(drafts.map(({ name }) => name));
  const mayLackOutputs = new Set(drafts.filter(isLenientBatch).map(({ name }) => name));
  const linked = drafts.map(({ after = new Map(), ...draft }): PlanNode => {
    const implied = impliedNeeds(templatesOf(draft));
    // The end waits for every node, however it ends, and fails if what it gives is not there.
    const promises = draft.action.kind === "end" ? [] : implied;
    for (const [node, when] of promises) {
      const explicit = after.get(node);
      if (draft.mode === "any" && when === "succeeded") problems.push(uncertain(draft.name, node));
      else if (explicit !== undefined && contradicts(explicit, when))
        problems.push(contradiction(draft.name, node, explicit));
    }
    for (const [node, when] of implied) {
      if (when === "succeeded" && mayLackOutputs.has(node)) problems.push(incomplete(draft.name, node));
    }
    const needs = new Map([...implied, ...after]);
    for (const node of needs.keys()) if (!names.has(node)) problems.push(unknownNode(draft.name, node));
    if (needs.size === 0 && draft.action.kind !== "batch") return draft;
    return { ...draft, needs: [...needs].map(([node, when]) => ({ node, when })) };
  });
  return { plan: { nodes: sorted(linked, problems) }, problems };
}

/** A batch that goes on without the success of all its members. */
function isLenientBatch({ action, after }: Draft): boolean {
  return action.kind === "batch" && [...(after?.values() ?? [])].some((when) => when !== "succeeded");
}

/** Parents first, else as they come; nodes in a circle are reported and left out. */
function sorted(nodes: readonly PlanNode[], problems: NodeProblem[]): readonly PlanNode[] {
  const placed = new Set<string>();
  const order: PlanNode[] = [];
  let rest = [...nodes];
  const names = new Set(nodes.map(({ name }) => name));
  while (rest.length > 0) {
    const free = rest.filter(({ needs = [] }) => needs.every(({ node }) => placed.has(node) || !names.has(node)));
    if (free.length === 0) {
      problems.push(circle(rest));
      break;
    }
    for (const node of free) placed.add(node.name);
    order.push(...free);
    rest = rest.filter(({ name }) => !placed.has(name));
  }
  return order;
}

/** The nodes of one circle, as they need each other. */
function circle(rest: readonly PlanNode[]): NodeProblem {
  const byName = new Map(rest.map((node) => [node.name, node]));
  const path: string[] = [];
  let at: string | undefined = rest[0]?.name;
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = byName.get(at)?.needs?.find(({ node }) => byName.has(node))?.node;
  }
  const round = at === undefined ? path : [...path.slice(path.indexOf(at)), at];
  const first = round[0] ?? "";
  return {
    node: first,
    message: `${round.join(" → ")}: these nodes need each other in a circle, so none could ever run.`,
    hint: "Take one of the references, or of the `after`s, out.",
  };
}

function unknownNode(node: string, missing: string): NodeProblem {
  return {
    node,
    message: `${node} needs ${missing}, which is no node of the flow.`,
    hint: "Declare it, or use another name.",
  };
}

function uncertain(node: string, other: string): NodeProblem {
  return {
    node,
    message: `${node} takes the output of ${other}, but runs with any of those that it needs.`,
    hint: `Take \`${other}.maybe\` or \`${other}.outcome\`, or let it need all.`,
  };
}

function incomplete(node: string, batch: string): NodeProblem {
  return {
    node,
    message: `${node} takes the outputs of ${batch}, whose members need not all succeed.`,
    hint: `Take \`${batch}.outcome\`, or let the batch wait for the success of all: \`when: "succeeded"\`.`,
  };
}

function contradiction(node: string, other: string, explicit: NeedCondition): NodeProblem {
  return {
    node,
    message: `${node} takes the output of ${other}, but runs when that is ${explicit}: it could never have it.`,
    hint: `Take \`${other}.outcome\`, or let it need ${other} to be succeeded.`,
  };
}

/** The first of the problems as an error; the others are in its details. */
export function planError(problems: readonly NodeProblem[]): JobwrightError {
  const [first] = problems;
  return new JobwrightError("JW_INVALID_FLOW", first?.message ?? "The flow cannot run.", {
    ...(first ? { hint: first.hint } : {}),
    details: { problems },
  });
}
