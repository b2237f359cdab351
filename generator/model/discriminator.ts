import type { TypeNode } from "./model.ts";

export interface Discriminator {
  readonly key: string;
  /** Per object, the literals (as source text) that mark it. */
  readonly values: readonly (readonly string[])[];
}

/** The first key that has its own literals in each of the objects, if there is one. */
export function nearestDiscriminator(objects: readonly TypeNode[]): Discriminator | undefined {
  const [first] = objects;
  if (first?.kind !== "object") return undefined;
  for (const { key } of first.properties) {
    const values = objects.map((object) => literalsOf(object, key));
    const all = values.flat();
    if (values.every((own) => own.length > 0) && new Set(all).size === all.length) return { key, values };
  }
  return undefined;
}

function literalsOf(object: TypeNode, key: string): readonly string[] {
  if (object.kind !== "object") return [];
  const property = object.properties.find((candidate) => candidate.key === key);
  if (property?.optional !== false) return [];
  const type = property.type.kind === "written" ? property.type.stored : property.type;
  if (type.kind === "null") return ["null"];
  return type.kind === "literal" ? type.values.map(({ text }) => text) : [];
}
