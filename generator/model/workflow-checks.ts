import type { WorkflowPart } from "../../runtime/schema/options.ts";
import { type FlowModel, onInput, type PlainWorkflow, typesOf } from "./flow-types.ts";
import { alternativesOf } from "./key-paths.ts";
import type { Problem, TypeNode } from "./model.ts";
import { createTemplateChecks, type TemplateChecks } from "./template-checks.ts";
import { typeText } from "./type-text.ts";

/** Everything that does not fit together in the workflows of a schema. */
export function checkWorkflows(model: FlowModel): readonly Problem[] {
  const types = typesOf(model.named);
  return model.workflows.flatMap((workflow) =>
    workflow.parts.flatMap((part) => checkPart(part, workflow, model, types)),
  );
}

function checkPart(
  part: WorkflowPart,
  workflow: PlainWorkflow,
  model: FlowModel,
  types: ReadonlyMap<string, TypeNode>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const place = part.kind === "result" ? [] : ["nodes", part.name];
  const checksWith = (item: TypeNode): TemplateChecks =>
    createTemplateChecks({ workflow, model, types, item, problems });
  const outer = checksWith({ kind: "never" });

  function itemOf(): TypeNode {
    if (part.each === undefined) return { kind: "never" };
    const list = outer.typeOf(part.each, [...place, "each"]);
    const alternatives = list ? alternativesOf(list, types) : [];
    const strange = alternatives.find(({ kind }) => !["array", "tuple", "any", "unknown"].includes(kind));
    if (strange && list) {
      outer.refuse([...place, "each"], `is ${typeText(list)}, not an array.`, "Give an array that is always there.");
      return { kind: "unknown" };
    }
    const [first] = alternatives;
    if (first?.kind === "array") return first.item;
    return first?.kind === "tuple"
      ? { kind: "union", members: first.items.map(({ type }) => type) }
      : { kind: "unknown" };
  }

  const checks = checksWith(itemOf());
  if (part.condition !== undefined) outer.check(part.condition, { kind: "boolean" }, [...place, "if"]);
  const target = targetOf(part, workflow, model);
  if (part.input !== undefined && target)
    checks.check(part.input, target, [...place, part.kind === "result" ? "result" : "input"]);
  return problems;
}

/** What the input of a node, or the result, has to be. */
function targetOf(
  { kind, target }: WorkflowPart,
  { output }: PlainWorkflow,
  { jobs, workflows }: FlowModel,
): TypeNode | undefined {
  if (kind === "result") return output && onInput(output.in);
  const job = kind === "job" ? jobs.find(({ name }) => name === target) : undefined;
  if (job) return onInput(job.input.in);
  const inner = workflows.find(({ name }) => name === target);
  return inner && onInput(inner.input.in);
}
