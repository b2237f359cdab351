import {
  type LiteralValue,
  type Property,
  type TupleItem,
  type TypeNode,
  unionOf,
  withoutUndefined,
} from "../model/model.ts";
import { admits } from "../model/questions.ts";

/**
 * The type of what the codec of a type stores: JSON, with dates, big integers and bytes as text. `named`: what refs lead to.
 * Refs stay refs, to what is stored of the named type.
 */
export function wireType(type: TypeNode, named: ReadonlyMap<string, TypeNode>): TypeNode {
  const inner = (node: TypeNode): TypeNode => wireType(withoutUndefined(node), named);
  const mayBeAbsent = (node: TypeNode): boolean => isAnything(node) || admits("undefined", node, named);

  /** JSON leaves out a key whose value is undefined. */
  function property({ optional, type: value, ...rest }: Property): Property {
    return { ...rest, optional: optional || mayBeAbsent(value), type: inner(value) };
  }

  /** Where JSON cannot leave out what is undefined, it is null. */
  function element(node: TypeNode): TypeNode {
    const stored = inner(node);
    return mayBeAbsent(node) && !isAnything(node) ? unionOf([stored, nothing]) : stored;
  }

  /** What is undefined at the end is left out; before the end it has to stand. */
  function items(all: readonly TupleItem[]): readonly TupleItem[] {
    const isMissable = ({ optional, type: item }: TupleItem): boolean => optional || mayBeAbsent(item);
    const lastNeeded = all.findLastIndex((item) => !isMissable(item));
    return all.map((item, index) => ({ optional: index > lastNeeded, type: element(item.type) }));
  }

  switch (type.kind) {
    case "date":
    case "bigint":
    case "bytes":
      return { kind: "string" };
    case "undefined":
      return nothing;
    case "number":
      return type.special ? unionOf([{ kind: "number", special: false }, specialNumbers]) : type;
    case "literal":
      return { kind: "literal", values: type.values.map(wireLiteral) };
    case "object":
      return {
        kind: "object",
        properties: type.properties.map(property),
        ...(type.rest ? { rest: element(type.rest) } : {}),
      };
    case "array":
    case "set":
      return { kind: "array", item: element(type.item) };
    case "map":
      return { kind: "array", item: { kind: "tuple", items: [type.key, type.value].map(pairItem) } };
    case "tuple":
      return { kind: "tuple", items: items(type.items), ...(type.rest ? { rest: element(type.rest) } : {}) };
    case "record":
      return { ...type, key: inner(type.key), value: element(type.value), partial: type.partial && isListed(type.key) };
    case "union":
      return unionOf(type.members.map((member) => wireType(member, named)));
    case "intersection":
      return { kind: "intersection", left: inner(type.left), right: inner(type.right) };
    case "readonly":
      return { kind: "readonly", item: inner(type.item) };
    case "brand":
      return inner(type.item);
    case "written":
      return type.stored.kind === "unknown" ? type : inner(type.stored);
    default:
      return type;
  }

  function pairItem(node: TypeNode): TupleItem {
    return { optional: false, type: element(node) };
  }
}

const nothing: TypeNode = { kind: "null" };

const specialNumbers: TypeNode = {
  kind: "literal",
  values: ["NaN", "Infinity", "-Infinity"].map((name) => ({ type: "string", text: JSON.stringify(name) })),
};

function isAnything({ kind }: TypeNode): boolean {
  return kind === "unknown" || kind === "any";
}

/** Other keys than those of a list may be absent in any case. */
function isListed({ kind }: TypeNode): boolean {
  return kind !== "string" && kind !== "number" && kind !== "template";
}

function wireLiteral(value: LiteralValue): LiteralValue {
  if (value.type === "bigint") return { type: "string", text: JSON.stringify(value.text.slice(0, -1)) };
  return value.type === "undefined" ? { type: "null", text: "null" } : value;
}
