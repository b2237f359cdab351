import type { ContractNode } from "../model/contract.ts";
import {
  type JobModel,
  type Model,
  type NamedType,
  type StoredSide,
  storedSides,
  type TypeNode,
} from "../model/model.ts";
import { aboutOf, type DocsView, docsViewOf, noDocs } from "./docs-view.ts";
import { createSchemaPrinter, type Draft } from "./json-schema-node.ts";
import type { JsonSchema } from "./schema-types.ts";

/**
 * The schemas of all stored values, by name: `sendEmail.input`, `sendEmail.errors.bounced`, and `sendEmail.types.Tree` for
 * what is recursive. `folder`: where they lie in the document, e.g. `#/$defs`.
 */
export function schemasOf(model: Model, folder: string, draft: Draft): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(model.jobs.flatMap((job) => schemasOfJob(job, model.named, folder, draft)));
}

type Entry = readonly [name: string, schema: JsonSchema];

function schemasOfJob(job: JobModel, named: readonly NamedType[], folder: string, draft: Draft): readonly Entry[] {
  const { types = {}, errors = {} } = job.contract;
  const nameOf = namesOf(job, Object.keys(types));
  const { print } = createSchemaPrinter({ draft, ref: (name) => `${folder}/${nameOf(name)}`, types });
  const entry = (side: StoredSide): readonly Entry[] => {
    const node = side === "errors" ? undefined : job.contract[side];
    if (!node) return [];
    const about = side === "input" ? aboutOf(job.docs) : {};
    return [[schemaName(job, side), { ...print(node, docsOf(job, side, named)), ...about }]];
  };
  return [
    ...storedSides.flatMap(entry),
    ...Object.entries(errors).map(([error, node]): Entry => [schemaName(job, "errors", error), print(node)]),
    ...Object.entries(types).map(([name, node]): Entry => [nameOf(name), print(node, docsOfNamed(name, node, named))]),
  ];
}

/** The name of a schema in the document. */
export function schemaName(job: JobModel, side: StoredSide, error?: string): string {
  return [job.name, side, ...(error === undefined ? [] : [error])].join(".");
}

function docsOf(job: JobModel, side: StoredSide, named: readonly NamedType[]): DocsView {
  const type = job[side]?.in;
  return type ? docsViewOf(type, named) : noDocs;
}

function docsOfNamed(name: string, node: ContractNode, named: readonly NamedType[]): DocsView {
  const types: readonly TypeNode[] = named.filter((type) => type.name === name).map((type) => type.in);
  const [only] = types;
  return node.kind === "object" && only && types.length === 1 ? docsViewOf(only, named) : noDocs;
}

/** Names that every `$ref` and AsyncAPI take as they are; different ones stay different. */
function namesOf(job: JobModel, types: readonly string[]): (name: string) => string {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const type of types) {
    const wish = `${job.name}.types.${type.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
    let name = wish;
    for (let number = 2; taken.has(name); number++) name = `${wish}_${number}`;
    taken.add(name);
    names.set(type, name);
  }
  return (name) => names.get(name) ?? name;
}
