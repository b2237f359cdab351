import { literalOf } from "../../runtime/schema/literal.ts";
import { admitsUndefined, withoutUndefined, withUndefined } from "../model/contract-unions.ts";
import type { ContractNode, ContractValue, JobContract, Member } from "../model/contract.ts";
import { type Property, type TupleItem, type TypeNode, unionOf } from "../model/model.ts";

/** The type of what a contract's values look like in the store: JSON, with dates, big integers and bytes as text. */
export function storedType(contract: ContractNode, types: JobContract["types"] = {}): TypeNode {
  const inner = (node: ContractNode): TypeNode => storedType(node, types);
  const mayBeAbsent = (node: ContractNode): boolean => admitsUndefined(node, types);

  function property([key, { type, optional }]: readonly [string, Member]): Property {
    const isOptional = optional !== undefined || mayBeAbsent(type);
    return { key, docs: {}, optional: isOptional, type: inner(withoutUndefined(type)) };
  }

  /** Where JSON cannot leave out what is undefined, it is null. */
  function element(node: ContractNode): TypeNode {
    const type = inner(withoutUndefined(node));
    return mayBeAbsent(node) && type.kind !== "unknown" ? unionOf([type, { kind: "null" }]) : type;
  }

  /** At the end of a tuple it is left out, elsewhere it is null. */
  function item({ type, optional }: Member): TupleItem {
    const node = optional === undefined ? type : withUndefined(type);
    return { optional: mayBeAbsent(node), type: element(node) };
  }

  switch (contract.kind) {
    case "any":
    case "unknown":
    case "opaque":
      return { kind: "unknown" };
    case "never":
    case "null":
    case "boolean":
    case "string":
      return { kind: contract.kind };
    case "undefined":
      return { kind: "null" };
    case "number":
      return { kind: "number", special: false };
    case "nan":
      return literal(["NaN"]);
    case "bigint":
    case "date":
    case "bytes":
    case "template":
      return { kind: "string" };
    case "literal":
      return literal(contract.values.map(storedLiteral));
    case "object": {
      const properties = Object.entries(contract.properties).map(property);
      const { others } = contract;
      if (others === "strip" || others === "strict") return { kind: "object", properties };
      return { kind: "object", properties, rest: others === "loose" ? { kind: "unknown" } : inner(others) };
    }
    case "array":
    case "set":
      return { kind: "array", item: element(contract.item) };
    case "map":
      return { kind: "array", item: { kind: "tuple", items: [contract.key, contract.value].map(pairItem) } };
    case "record": {
      const key = keyType(inner(contract.key));
      // Other keys than those of a list may be absent in any case.
      const partial = key.kind === "literal" && (contract.partial === true || mayBeAbsent(contract.value));
      return { kind: "record", key, value: element(contract.value), partial };
    }
    case "tuple": {
      const items = contract.items.map(item);
      return contract.rest ? { kind: "tuple", items, rest: element(contract.rest) } : { kind: "tuple", items };
    }
    case "union":
      return unionOf(contract.members.map(inner));
    case "intersection":
      return { kind: "intersection", left: inner(contract.left), right: inner(contract.right) };
    case "ref":
      return { kind: "ref", id: contract.name };
    default:
      return contract satisfies never;
  }

  function pairItem(node: ContractNode): TupleItem {
    return { optional: false, type: element(node) };
  }
}

function literal(values: readonly unknown[]): TypeNode {
  return { kind: "literal", values: values.flatMap((value) => literalOf(value) ?? []) };
}

/** Big integers, and numbers that JSON lacks, are text. */
function storedLiteral(value: ContractValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("bigint" in value) return value.bigint;
  return "number" in value ? value.number : null;
}

/** Keys of JSON are text. */
function keyType(key: TypeNode): TypeNode {
  if (key.kind !== "literal") return { kind: "string" };
  return {
    kind: "literal",
    values: key.values.map(({ type, text }) => ({ type: "string", text: quoted(type, text) })),
  };
}

function quoted(type: string, text: string): string {
  return type === "string" ? text : JSON.stringify(text);
}
