import { JobwrightError, type NeedCondition, type Needs } from "../../contract/index.ts";
import { type Duration, parseDuration } from "../duration.ts";
import { canNameNode, endDraft, makerName, mapDrafts, nameRule } from "./drafts.ts";
import { createReference, type NodeAspect } from "./expression.ts";
import { endName, nodeNameOf, openBatchName, sealName } from "./names.ts";
import {
  type BatchPolicyName,
  conditionOf,
  type Draft,
  type FlowPlan,
  modeOf,
  type NodeSettings,
  planError,
  planFlow,
} from "./plan.ts";
import { spliceDrafts } from "./splice.ts";
import { encodeTemplate } from "./template.ts";

/** A job, or a workflow of the schema, that is to be a node. `jobs.sendEmail.node(input)` makes one. */
export interface NodeSpec {
  /** Name of the job, or of the workflow. */
  readonly job: string;
  readonly input: unknown;
  /** Of those a workflow has the delay alone. */
  readonly settings: NodeSettings;
  /** Absent: it is a job. */
  readonly workflow?: FlowPlan;
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

export function createNode(name: string): Node {
  // Made when they are asked for: of the members of a large batch nobody does.
  const aspect = (of: NodeAspect): object => createReference({ of, node: name, path: [] });
  return Object.freeze({
    name,
    get output() {
      return aspect("output");
    },
    get maybe() {
      return aspect("maybe");
    },
    get outcome() {
      return aspect("outcome");
    },
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
    add({ job, input, settings, workflow }, options = {}) {
      const name = nameFor(options.name, nodeNameOf(job));
      const template = encodeTemplate(input, `the input of ${name}`);
      const bindings = bindingsOf(name, options);
      if (!workflow) return push({ name, action: { kind: "job", job, input: template }, settings, ...bindings });
      drafts.push(
        ...spliceDrafts({ name, workflow: job, plan: workflow, input: template, delayMs: settings.delayMs, bindings }),
      );
      return createNode(name);
    },
    batch(members, policy, options = {}) {
      const name = nameFor(options.name, "batch");
      const after = new Map(members.map((member) => [nameOf(member), conditionOf(policy)]));
      return push({ name, action: { kind: "batch" }, mode: modeOf(policy), after });
    },
    map(items, each, policy, options = {}) {
      const spec = each(createReference({ of: "item", path: [] }));
      const { job, settings } = refuseWorkflow(spec, "The members of a map are jobs");
      const name = nameFor(options.name, `${nodeNameOf(job)}Map`);
      claim(makerName(name));
      const templates = {
        items: encodeTemplate(items, `the items of ${name}`),
        input: encodeTemplate(spec.input, `the input of ${name}`),
      };
      drafts.push(...mapDrafts({ name, job, policy, settings, ...templates, bindings: bindingsOf(name, options) }));
      return createNode(name);
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
      const template = output === undefined ? undefined : encodeTemplate(output, "the output of the flow");
      drafts.push(endDraft(drafts, template));
      return plan();
    },
    close: plan,
  };
}

function numbered(name: string, number: number): string {
  return number === 1 ? name : `${name}${number}`;
}

/** Throws `JW_INVALID_FLOW` for one. `reason`: why there can be none. */
export function refuseWorkflow(spec: NodeSpec, reason: string): NodeSpec {
  if (!spec.workflow) return spec;
  throw new JobwrightError("JW_INVALID_FLOW", `${reason}, but ${spec.job} is a workflow.`, {
    hint: "Let a job of its own enqueue the workflow.",
  });
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

function checkName(name: string): string {
  if (canNameNode(name)) return name;
  throw new JobwrightError("JW_INVALID_FLOW", `${JSON.stringify(name)} cannot name a node.`, { hint: nameRule });
}
