import type { Model, Property, TypeNode } from "./model.ts";
import { admits } from "./questions.ts";

/** What of a model JSON cannot carry as it is. Refs are followed. */
export interface Richness {
  /** Holds, somewhere, what needs a codec. */
  isRich(type: TypeNode): boolean;
  /** A named type that is rich. */
  isRichRef(id: string): boolean;
  /** zod demands the key, JSON drops it together with its `undefined`. */
  mustRestore(property: Property): boolean;
  /** `undefined` where a value has to stand, for which JSON has null. */
  isHole(type: TypeNode): boolean;
  /** The same where null is a value of its own. */
  isLostHole(type: TypeNode): boolean;
}

export function createRichness(model: Model): Richness {
  const types = new Map(model.named.map((named) => [named.id, named.in]));
  const rich = new Set<string>();
  const may = (what: "null" | "undefined", type: TypeNode): boolean => admits(what, type, types);
  const isHole = (type: TypeNode): boolean => may("undefined", type) && !may("null", type);
  const mustRestore = ({ optional, type }: Property): boolean =>
    !optional && (may("undefined", type) || type.kind === "unknown" || type.kind === "any");

  function isRich(type: TypeNode): boolean {
    const test = (inner: TypeNode | undefined): boolean => inner !== undefined && isRich(inner);
    /** A place that has to be filled; where null is a value, too, the planner refuses it. */
    const element = (inner: TypeNode | undefined): boolean =>
      inner !== undefined && (may("undefined", inner) || isRich(inner));
    const entry = (inner: TypeNode | undefined): boolean => inner !== undefined && (isHole(inner) || isRich(inner));
    switch (type.kind) {
      case "date":
      case "bigint":
      case "bytes":
      case "map":
      case "set":
        return true;
      case "number":
        return type.special;
      case "literal":
        return type.values.some((value) => value.type === "bigint");
      case "object":
        return entry(type.rest) || type.properties.some((property) => test(property.type) || mustRestore(property));
      case "array":
        return element(type.item);
      case "readonly":
      case "brand":
        return test(type.item);
      case "tuple":
        return element(type.rest) || type.items.some((item) => test(item.type) || may("undefined", item.type));
      case "record":
        return entry(type.value);
      case "union":
        return type.members.some(test);
      case "intersection":
        return test(type.left) || test(type.right);
      case "ref":
        return rich.has(type.id);
      case "written":
        return test(type.stored);
      default:
        return false;
    }
  }

  // A type may be rich through one that it refers to.
  for (let before = -1; before < rich.size;) {
    before = rich.size;
    for (const { id, in: type } of model.named) if (isRich(type)) rich.add(id);
  }
  return {
    isRich,
    isRichRef: (id) => rich.has(id),
    mustRestore,
    isHole,
    isLostHole: (type) => may("undefined", type) && may("null", type),
  };
}
