import { JobwrightError, type NeedCondition, type Needs } from "../../contract/index.ts";
import { type Duration, parseDuration } from "../duration.ts";
import { createReference, type NodeAspect } from "./expression.ts";
import { endName, openBatchName, sealName } from "./names.ts";
import {
  type BatchPolicyName,
  conditionOf,
  type Draft,
  type FlowPlan,
  impliedNeeds,
  modeOf,
  type NodeSettings,
  planError,
  planFlow,
  templatesOf,
} from "./plan.ts";
import { encodeTemplate, type Template } from "./template.ts";

/** A job, or a workflow of the schema, that is to be a node. `jobs.sendEmail.node(input)` makes one. */
export interface NodeSpec {
  readonly job: string;
  readonly input: unknown;
  readonly settings: NodeSettings;
}

/** How a node is bound to others. */
export interface NodeOptions {
  /** Unique in the flow. Default: the job's name, with a number from the second on. */
  readonly name?: string;
  /** Nodes that have to end before, and how. What the input refers to needs no mention. Default: none. */
  readonly after?: readonly AfterEdge[];
  /** Run with the first of the nodes in `after` that ends so. Default false: when all have. */
  readonly any?: boolean;
  /** A reference to a boolean, or a comparison: the node is skipped if it is not true. Default: none. */
  readonly if?: unknown;
}

/** `resize` alone: it has to have succeeded. */
export type AfterEdge = Node | readonly [Node, NeedCondition];

const nodeBrand = Symbol("jobwright.node");

/** A node that was added, for others to refer to. */
export interface Node {
  readonly name: string;
  /** References: see `NodeAspect`. */
  readonly output: object;
  readonly maybe: object;
  readonly outcome: object;
  readonly [nodeBrand]: true;
}

function createNode(name: string): Node {
  const aspect = (of: NodeAspect): object => createReference({ of, node: name, path: [] });
  return Object.freeze({
    name,
    output: aspect("output"),
    maybe: aspect("maybe"),
    outcome: aspect("outcome"),
    [nodeBrand]: true as const,
  });
}

/** Collects the nodes of one flow. */
export interface Draftsman {
  add(spec: NodeSpec, options?: NodeOptions): Node;
  /** A node that ends when these have. */
  batch(members: readonly Node[], policy: BatchPolicyName, options?: Pick<NodeOptions, "name">): Node;
  /** A member for every item, then a node that ends when they have. */
  map(items: unknown, each: (item: object) => NodeSpec, policy: BatchPolicyName, options?: NodeOptions): Node;
  timer(wait: Duration, options?: NodeOptions): Node;
  signal(name: string, options?: Omit<NodeOptions, "name"> & { readonly timeout?: Duration }): Node;
  /** A batch that stays open for members until its seal is completed. */
  openBatch(policy: BatchPolicyName): Node;
  /** The last node gives the output of the flow. */
  finish(output: unknown): FlowPlan;
  /** The last node that was added is the end. */
  close(): FlowPlan;
}

export function createDraftsman(): Draftsman {
  const drafts: Draft[] = [];
  const names = new Set<string>();
  const numbers = new Map<string, number>();

  function nameFor(wanted: string | undefined, fallback: string): string {
    if (wanted !== undefined) return claim(checkName(wanted));
    let number = numbers.get(fallback) ?? 1;
    while (names.has(numbered(fallback, number))) number++;
    numbers.set(fallback, number + 1);
    return claim(numbered(fallback, number));
  }

  function claim(name: string): string {
    if (names.has(name) || name === endName) {
      throw new JobwrightError(
        "JW_INVALID_FLOW",
        `Two nodes are called ${name}${name === endName ? ", as the end is" : ""}.`,
        {
          hint: "Give each node a name of its own.",
        },
      );
    }
    names.add(name);
    return name;
  }

  function push(draft: Draft): Node {
    drafts.push(draft);
    return createNode(draft.name);
  }

  function plan(): FlowPlan {
    const { plan: done, problems } = planFlow(drafts);
    if (problems.length > 0) throw planError(problems);
    return done;
  }

  return {
    add({ job, input, settings }, options = {}) {
      const name = nameFor(options.name, job);
      const action = { kind: "job", job, input: encodeTemplate(input, `the input of ${name}`) } as const;
      return push({ name, action, settings, ...bindingsOf(name, options) });
    },
    batch(members, policy, options = {}) {
      const name = nameFor(options.name, "batch");
      const after = new Map(members.map((member) => [nameOf(member), conditionOf(policy)]));
      return push({ name, action: { kind: "batch" }, mode: modeOf(policy), after });
    },
    map(items, each, policy, options = {}) {
      const { job, input, settings } = each(createReference({ of: "item", path: [] }));
      const name = nameFor(options.name, `${job}Map`);
      const maker = claim(`${name}.members`);
      push({
        name: maker,
        action: {
          kind: "map",
          items: encodeTemplate(items, `the items of ${name}`),
          job,
          input: encodeTemplate(input, `the input of ${name}`),
          into: name,
          policy,
          settings,
        },
        ...bindingsOf(name, options),
      });
      // With no item at all, and with no failure, `any` would have nothing to wait for: the maker counts as a member.
      const when = conditionOf(policy);
      return push({ name, action: { kind: "batch" }, mode: modeOf(policy), after: new Map([[maker, when]]) });
    },
    openBatch(policy) {
      push({ name: claim(sealName), action: { kind: "seal" } });
      const after = new Map([[sealName, conditionOf(policy)]]);
      return push({ name: claim(openBatchName), action: { kind: "batch" }, mode: modeOf(policy), after });
    },
    timer(wait, options = {}) {
      const name = nameFor(options.name, "timer");
      const settings = { delayMs: parseDuration(wait, "timer") };
      return push({ name, action: { kind: "timer" }, settings, ...bindingsOf(name, options) });
    },
    signal(name, { timeout, ...options } = {}) {
      claim(checkName(name));
      const timeoutMs = timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") };
      return push({ name, action: { kind: "signal", ...timeoutMs }, ...bindingsOf(name, options) });
    },
    finish(output) {
      const template: Template = encodeTemplate(output, "the output of the flow");
      const after = new Map(drafts.map(({ name }) => [name, "finished" as const]));
      const action = {
        kind: "end",
        handled: handledIn(drafts),
        ...(output === undefined ? {} : { output: template }),
      } as const;
      drafts.push({ name: endName, action, after });
      return plan();
    },
    close: plan,
  };
}

function numbered(name: string, number: number): string {
  return number === 1 ? name : `${name}${number}`;
}

/** Nodes whose failure another one waits for, or does not mind. */
function handledIn(drafts: readonly Draft[]): readonly string[] {
  const handled = drafts.flatMap(({ after = new Map(), ...draft }) => {
    const needs: ReadonlyMap<string, NeedCondition> = new Map([...impliedNeeds(templatesOf(draft)), ...after]);
    return [...needs].filter(([, when]) => when === "failed" || when === "finished").map(([name]) => name);
  });
  return [...new Set(handled)];
}

function bindingsOf(name: string, { after = [], any = false, if: condition }: NodeOptions) {
  const edges = after.map((edge): readonly [string, NeedCondition] =>
    isPair(edge) ? [nameOf(edge[0]), edge[1]] : [nameOf(edge), "succeeded"],
  );
  const mode: Needs["mode"] = "any";
  return {
    ...(edges.length === 0 ? {} : { after: new Map(edges) }),
    ...(any ? { mode } : {}),
    ...(condition === undefined ? {} : { condition: encodeTemplate(condition, `the condition of ${name}`) }),
  };
}

function isPair(edge: AfterEdge): edge is readonly [Node, NeedCondition] {
  return Array.isArray(edge);
}

function nameOf(node: Node): string {
  if (typeof node === "object" && node !== null && nodeBrand in node) return node.name;
  throw new JobwrightError("JW_INVALID_FLOW", "Something that is no node of a flow was given as one.", {
    hint: "Give what `add`, `batch`, `map`, `timer` or `signal` returned.",
  });
}

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

function checkName(name: string): string {
  if (typeof name === "string" && namePattern.test(name)) return name;
  throw new JobwrightError("JW_INVALID_FLOW", `${JSON.stringify(name)} cannot name a node.`, {
    hint: "Start with a letter, then letters, digits, `_` or `-`; at most 64 characters.",
  });
}
