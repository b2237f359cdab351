import { type JobRecord, JobwrightError, type Provider } from "../../contract/index.ts";
import type { FlowPlace } from "../envelope.ts";
import { operate, valueAt } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import { nodeId } from "./ids.ts";
import type { Makers } from "../makers.ts";
import { needsOf, valueOf } from "./outcomes.ts";
import { decodeTemplate, type NodeReference, referencesIn, type Template } from "./template.ts";

export interface Resolving {
  readonly provider: Provider;
  readonly makers: Makers;
  /** Of the job whose templates these are. */
  readonly id: string;
  readonly flow: FlowPlace;
}

/** The values of templates of one node, from what the nodes that it needs gave. Throws `JW_INVALID_PAYLOAD`. */
export async function resolveTemplates(
  resolving: Resolving,
  templates: readonly Template[],
): Promise<readonly unknown[]> {
  const values = await valuesOf(resolving, templates.flatMap(referencesIn));
  const evaluate = (expression: Expression): unknown => {
    if ("operands" in expression) return operate(expression.of, expression.operands);
    if (!("node" in expression)) throw unreplaced(expression.of);
    return valueAt(values.get(keyOf({ node: expression.node, aspect: expression.of })), expression.path);
  };
  return templates.map((template) => decodeTemplate(template, evaluate));
}

/** The value of a template that takes nothing from other nodes. */
export function decodeKnown(template: Template): unknown {
  return decodeTemplate(template, (expression) => {
    if ("operands" in expression) return operate(expression.of, expression.operands);
    throw unreplaced(expression.of);
  });
}

/** Each node is read once, whatever is taken of it. */
async function valuesOf(
  resolving: Resolving,
  references: readonly NodeReference[],
): Promise<ReadonlyMap<string, unknown>> {
  const wanted = new Map(references.map((reference) => [keyOf(reference), reference]));
  if (wanted.size === 0) return new Map();
  const { provider, makers, id, flow } = resolving;
  const records = new Map((await needsOf(provider, id)).map(({ job }) => [job.id, job]));
  const entries = [...wanted].map(async ([key, { node, aspect }]) => {
    const record = await recordOf(provider, records, nodeId(flow.id, node), node);
    return [key, await valueOf(provider, makers, record, aspect === "input" ? "output" : aspect)] as const;
  });
  return new Map(await Promise.all(entries));
}

async function recordOf(
  provider: Provider,
  records: ReadonlyMap<string, JobRecord>,
  id: string,
  node: string,
): Promise<JobRecord> {
  const record = records.get(id) ?? (await provider.get(id));
  if (record) return record;
  throw new JobwrightError("JW_INVALID_PAYLOAD", `The node ${node}, whose output is needed, is not there any more.`);
}

function keyOf({ node, aspect }: NodeReference): string {
  return `${aspect} ${node}`;
}

function unreplaced(of: string): JobwrightError {
  return new JobwrightError("JW_INVALID_PAYLOAD", `A stored template refers to the ${of} of something.`);
}
