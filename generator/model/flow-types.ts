import type { Expression, NodeAspect, Path } from "../../runtime/core/flow/expression.ts";
import type { WorkflowPart } from "../../runtime/schema/options.ts";
import { nearest } from "../../runtime/schema/suggest.ts";
import { alternativesOf, enter, fieldsOf } from "./key-paths.ts";
import {
  type JobModel,
  type Model,
  type NamedType,
  type TypeNode,
  unionOf,
  type WorkflowModel,
  withUndefined,
} from "./model.ts";

/** Before its contract is known. */
export type PlainWorkflow = Omit<WorkflowModel, "contract">;

/** What workflows are checked against. */
export interface FlowModel extends Pick<Model, "named"> {
  readonly jobs: readonly Omit<JobModel, "contract">[];
  readonly workflows: readonly PlainWorkflow[];
}

/** Named types are two, and a flow meets both: those of the input side get ids of their own. */
export function typesOf(named: readonly NamedType[]): ReadonlyMap<string, TypeNode> {
  return new Map(
    named.flatMap((type) => [[type.id, type.out] as const, [inputId(type.id), onInput(type.in)] as const]),
  );
}

const inputId = (id: string): string => `${id} of inputs`;

/** A type of the input side of a schema, as `typesOf` knows its refs. */
export function onInput(type: TypeNode): TypeNode {
  // The model is plain data.
  return JSON.parse(JSON.stringify(type), (_, value: unknown) =>
    isRef(value) ? { ...value, id: inputId(value.id) } : value,
  ) as TypeNode;
}

function isRef(value: unknown): value is Extract<TypeNode, { readonly kind: "ref" }> {
  const isObject = typeof value === "object" && value !== null;
  return isObject && "kind" in value && value.kind === "ref" && "id" in value && typeof value.id === "string";
}

const nothing: TypeNode = { kind: "undefined" };

/** What a node gives to those that refer to it. */
export function givenBy(part: WorkflowPart, aspect: NodeAspect, workflow: PlainWorkflow, model: FlowModel): TypeNode {
  const job = part.kind === "job" ? model.jobs.find(({ name }) => name === part.target) : undefined;
  const output = outputOf(part, job, workflow, model);
  const one = { output, maybe: withUndefined(output), outcome: outcomeOf(output, failureOf(job)) }[aspect];
  return part.each === undefined ? one : { kind: "array", item: one };
}

function outputOf(
  part: WorkflowPart,
  job: FlowModel["jobs"][number] | undefined,
  { signals }: PlainWorkflow,
  { workflows }: FlowModel,
): TypeNode {
  if (part.kind === "job") return job?.output?.out ?? nothing;
  if (part.kind === "workflow") {
    const output = workflows.find(({ name }) => name === part.target)?.output;
    return output ? onInput(output.in) : nothing;
  }
  const payloads = part.kind === "signal" && signals?.out.kind === "object" ? signals.out.properties : [];
  return payloads.find(({ key }) => key === part.name)?.type ?? nothing;
}

/** The union of the declared errors. */
function failureOf(job: FlowModel["jobs"][number] | undefined): TypeNode {
  const errors = job?.errors?.out.kind === "object" ? job.errors.out.properties : [];
  return unionOf(errors.map(({ key, type }) => objectOf({ name: textOf(key), data: type })));
}

/** As `NodeOutcome` says it. */
function outcomeOf(output: TypeNode, failure: TypeNode): TypeNode {
  return unionOf([
    objectOf({ status: textOf("succeeded"), output }),
    objectOf({ status: textOf("dead"), failure: withUndefined(failure), error: withUndefined({ kind: "string" }) }),
    objectOf({ status: { kind: "literal", values: ["cancelled", "skipped", "pending"].map(literal) } }),
  ]);
}

function objectOf(fields: Readonly<Record<string, TypeNode>>): TypeNode {
  const properties = Object.entries(fields).map(([key, type]) => ({ key, optional: false, type, docs: {} }));
  return { kind: "object", properties };
}

function textOf(text: string): TypeNode {
  return { kind: "literal", values: [literal(text)] };
}

function literal(text: string) {
  return { type: "string", text: JSON.stringify(text) } as const;
}

/** A type, or why a path leads nowhere. */
export type Found =
  | { readonly type: TypeNode }
  | { readonly missing: string; readonly passed: Path; readonly hint: string };

/** What stands at a path, as `valueAt` finds it: of what may be missing everything may be. */
export function typeAt(root: TypeNode, path: Path, types: ReadonlyMap<string, TypeNode>): Found {
  let at = root;
  for (const [depth, step] of path.entries()) {
    const alternatives = alternativesOf(at, types);
    const found = alternatives.map((type) => partOf(type, String(step), types));
    const parts = found.flatMap((part) => part ?? []);
    if (parts.length === 0) {
      const fields = [...new Set(alternatives.flatMap((type) => fieldsOf(type, types)))];
      const meant = nearest(String(step), fields);
      const list = fields.length === 0 ? "Take it as a whole." : `There are ${fields.join(", ")}.`;
      return {
        missing: String(step),
        passed: path.slice(0, depth),
        hint: meant === undefined ? list : `Did you mean ${meant}?`,
      };
    }
    at = unionOf(found.includes(undefined) ? [...parts, nothing] : parts);
  }
  return { type: at };
}

function partOf(type: TypeNode, step: string, types: ReadonlyMap<string, TypeNode>): TypeNode | undefined {
  const isIndex = /^\d+$/.test(step);
  if (type.kind === "array")
    return isIndex ? withUndefined(type.item) : step === "length" ? { kind: "number", special: false } : undefined;
  if (type.kind === "tuple") return isIndex ? itemOf(type, Number(step)) : undefined;
  if (type.kind === "record") {
    const [value] = enter(type, step, types);
    return value && withUndefined(value);
  }
  const property = type.kind === "object" ? type.properties.find(({ key }) => key === step) : undefined;
  if (property) return property.optional ? withUndefined(property.type) : property.type;
  const [inner] = enter(type, step, types);
  return inner && type.kind === "object" ? withUndefined(inner) : inner;
}

function itemOf({ items, rest }: Extract<TypeNode, { readonly kind: "tuple" }>, index: number): TypeNode | undefined {
  const item = items[index];
  if (item) return item.optional ? withUndefined(item.type) : item.type;
  return rest && withUndefined(rest);
}

/** A reference as it is written. */
export function referenceText(
  expression: Exclude<Expression, { readonly operands: unknown }>,
  path = expression.path,
): string {
  const root = "node" in expression ? ["nodes", expression.node, expression.of] : [expression.of];
  return [...root, ...path].join(".");
}
