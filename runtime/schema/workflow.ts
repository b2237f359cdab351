import type { $ZodType } from "zod/v4/core";
import { comparisons, type Comparisons } from "../core/flow/comparisons.ts";
import { endDraft } from "../core/flow/drafts.ts";
import { createReference } from "../core/flow/expression.ts";
import { createNode } from "../core/flow/builder.ts";
import { type Draft, type FlowPlan, planFlow } from "../core/flow/plan.ts";
import { createOptionReader } from "./option-reader.ts";
import type { Entry } from "./namespaces.ts";
import type { WorkflowDefinition, WorkflowPart } from "./options.ts";
import { type Report, show } from "./problems.ts";
import { createNodeReader, type DeclaredNode, readTemplate } from "./workflow-nodes.ts";
import type { WorkflowDeclaration, WorkflowOptions } from "./workflow-options.ts";
import { readSchema } from "./zod-schema.ts";

export const eq: Comparisons["eq"] = comparisons.eq;
export const ne: Comparisons["ne"] = comparisons.ne;
export const lt: Comparisons["lt"] = comparisons.lt;
export const lte: Comparisons["lte"] = comparisons.lte;
export const gt: Comparisons["gt"] = comparisons.gt;
export const gte: Comparisons["gte"] = comparisons.gte;
export const and: Comparisons["and"] = comparisons.and;
export const or: Comparisons["or"] = comparisons.or;
export const not: Comparisons["not"] = comparisons.not;

const workflowBrand = Symbol.for("jobwright.workflow");

const workflowOptions = [
  "input",
  "output",
  "nodes",
  "result",
  "description",
  "deprecated",
] as const satisfies readonly (keyof WorkflowOptions)[];

/**
 * Declares jobs that depend on each other. What is wrong with it is told by `defineJobs`, which knows the jobs, and what does
 * not fit by `jobwright codegen`, which knows the types.
 */
export function workflow<Input extends $ZodType, Output extends $ZodType | undefined = undefined>(
  options: WorkflowOptions<Input, Output>,
): WorkflowDeclaration {
  return Object.freeze({ workflow: options, [workflowBrand]: true });
}

export function isWorkflow(declaration: unknown): declaration is WorkflowDeclaration {
  return typeof declaration === "object" && declaration !== null && workflowBrand in declaration;
}

/** One that contains itself, and one that was refused, is undefined. */
type DefinitionOf = (name: string) => WorkflowDefinition | undefined;

/** Reads all workflows of a schema; each may be a part of others. */
export function readWorkflows(
  declarations: readonly Entry[],
  jobs: readonly string[],
  report: Report,
): readonly (readonly [string, WorkflowDefinition])[] {
  const names = declarations.map(({ name }) => name);
  const byName = new Map(declarations.map((entry) => [entry.name, entry]));
  const done = new Map<string, WorkflowDefinition | undefined>();
  const open: string[] = [];

  function definitionOf(name: string): WorkflowDefinition | undefined {
    if (done.has(name)) return done.get(name);
    open.push(name);
    const { declaration, path = [] } = byName.get(name) ?? {};
    const options = isWorkflow(declaration) ? declaration.workflow : undefined;
    const scope = path.slice(0, -1);
    const definition = readWorkflow(name, options, { scope, jobs, workflows: names }, partOf, report);
    open.pop();
    done.set(name, definition);
    return definition;
  }

  function partOf(name: string): WorkflowDefinition | undefined {
    if (!open.includes(name)) return definitionOf(name);
    const round = [...open.slice(open.indexOf(name)), name];
    report({
      job: name,
      path: ["nodes"],
      message: `${round.join(" → ")}: a workflow cannot be a part of itself.`,
      hint: "Let a job enqueue it, which can decide when that ends.",
    });
    return undefined;
  }

  return names.flatMap((name) => {
    const definition = definitionOf(name);
    return definition ? [[name, definition] as const] : [];
  });
}

interface Known {
  /** Namespaces that the workflow is in: a workflow names jobs as the file does that declares it. */
  readonly scope: readonly string[];
  readonly jobs: readonly string[];
  readonly workflows: readonly string[];
}

function readWorkflow(
  name: string,
  options: unknown,
  known: Known,
  definitionOf: DefinitionOf,
  report: Report,
): WorkflowDefinition | undefined {
  const read = createOptionReader(options, { job: name, path: [], report });
  if (typeof options !== "object" || options === null) return undefined;
  read.known(workflowOptions);
  const input = readSchema(options, "input", name, report);
  const output = readSchema(options, "output", name, report);
  const context = { input: createReference({ of: "input", path: [] }), nodes: createNodeReferences() };
  const nodes = readNodes(call(options, "nodes", context, name, report), name, report);
  const readNode = createNodeReader({ workflow: name, ...known, definitionOf, report });
  const declared = nodes.flatMap(([node, value]) => {
    const found = readNode(node, value);
    return found ? [found] : [];
  });
  const result = readResult(options, context, name, output !== undefined, report);
  const names = nodes.map(([node]) => node);
  const plan = planOfNodes({ workflow: name, names, declared, result, report });
  if (!plan || !input || declared.length < nodes.length) return undefined;
  return Object.freeze({
    name,
    input,
    output,
    signals: Object.freeze(Object.fromEntries(declared.flatMap(({ signals = {} }) => Object.entries(signals)))),
    plan,
    parts: [...declared.map(({ part }) => part), ...(result ? [result] : [])],
    description: read.text("description"),
    deprecated: read.text("deprecated"),
  });
}

/** Any name is a node; `planFlow` tells of those that are none. */
function createNodeReferences(): object {
  return new Proxy(Object.freeze({}), {
    get: (_target, key) => (typeof key === "symbol" ? undefined : createNode(key)),
  });
}

function call(options: object, option: "nodes" | "result", context: object, name: string, report: Report): unknown {
  const body: unknown = (options as Readonly<Record<string, unknown>>)[option]; // any value may stand there in JavaScript
  if (typeof body === "function") return (body as (given: object) => unknown)(context); // a function
  const hint = `Write ${option}: ({ input, nodes }) => ({ … }).`;
  report({
    job: name,
    path: body === undefined ? [] : [option],
    message: `${name}.${option} is ${show(body)}, not a function.`,
    hint,
  });
  return undefined;
}

function readNodes(nodes: unknown, workflow: string, report: Report): readonly [string, unknown][] {
  if (nodes === undefined) return [];
  const isObject = typeof nodes === "object" && nodes !== null && !Array.isArray(nodes);
  const entries: [string, unknown][] = isObject ? Object.entries(nodes) : [];
  if (entries.length > 0) return entries;
  report({
    job: workflow,
    path: ["nodes"],
    message: isObject ? `${workflow} has no nodes.` : `${workflow}.nodes gives ${show(nodes)}, not an object.`,
    hint: 'Give at least one node: nodes: () => ({ resize: { job: "resize", input: { … } } }).',
  });
  return [];
}

function readResult(
  options: object,
  context: object,
  name: string,
  hasOutput: boolean,
  report: Report,
): WorkflowPart | undefined {
  const hasResult = "result" in options && options.result !== undefined;
  if (hasResult !== hasOutput) {
    report({
      job: name,
      path: [hasResult ? "result" : "output"],
      message: hasResult
        ? `${name} gives a result, but has no output.`
        : `${name} has an output, but nothing gives it.`,
      hint: hasResult ? "Declare its type: output: z.object({ … })." : "Write result: ({ input, nodes }) => ({ … }).",
    });
    return undefined;
  }
  if (!hasResult) return undefined;
  const template = readTemplate(call(options, "result", context, name, report), {
    workflow: name,
    path: ["result"],
    report,
  });
  return template === undefined ? undefined : { name: "result", kind: "result", input: template };
}

interface Nodes {
  readonly workflow: string;
  /** Of all nodes. */
  readonly names: readonly string[];
  /** Those that were not refused. */
  readonly declared: readonly DeclaredNode[];
  readonly result: WorkflowPart | undefined;
  readonly report: Report;
}

function planOfNodes({ workflow, names, declared, result, report }: Nodes): FlowPlan | undefined {
  const read = new Set(declared.map(({ part }) => part.name));
  // A node that was refused is still one that others may need.
  const refused = names.filter((name) => !read.has(name)).map((name): Draft => ({ name, action: { kind: "timer" } }));
  const drafts = [...refused, ...declared.flatMap((node) => node.drafts)];
  const { plan, problems } = planFlow([...drafts, endDraft(drafts, result?.input)]);
  for (const { node, message, hint } of problems) {
    const place = declared.find(
      ({ part: { name } }) => node === name || node.startsWith(`${name}/`) || node.startsWith(`${name}.`),
    );
    report({
      job: workflow,
      path: place ? ["nodes", place.part.name] : ["result"],
      message: `${workflow}: ${message}`,
      hint,
    });
  }
  return problems.length === 0 ? plan : undefined;
}
