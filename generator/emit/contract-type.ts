import { literalOf } from "../../runtime/schema/literal.ts";
import { admitsUndefined, withUndefined } from "../model/contract-unions.ts";
import type { ContractNode, ContractValue, JobContract, Member } from "../model/contract.ts";
import { type Property, type TupleItem, type TypeNode, unionOf, withUndefined as orUndefined } from "../model/model.ts";

/** The type of the values that a contract describes, as they were enqueued. */
export function contractType(contract: ContractNode, types: JobContract["types"] = {}): TypeNode {
  const inner = (node: ContractNode): TypeNode => {
    const type = contractType(node, types);
    return node.default || node.prefault ? orUndefined(type) : type;
  };

  function property([key, { type, optional }]: readonly [string, Member]): Property {
    return { key, docs: {}, optional: optional !== undefined || admitsUndefined(type, types), type: inner(type) };
  }

  function item({ type, optional }: Member): TupleItem {
    const node = optional === undefined ? type : withUndefined(type);
    return { optional: admitsUndefined(node, types), type: inner(node) };
  }

  switch (contract.kind) {
    case "any":
    case "unknown":
    case "opaque":
      return { kind: "unknown" };
    case "never":
    case "null":
    case "undefined":
    case "boolean":
    case "bigint":
    case "bytes":
    case "string":
      return { kind: contract.kind };
    case "number":
    case "nan":
      return { kind: "number", special: contract.kind === "nan" };
    case "date":
      return { kind: "date", coerce: contract.coerce === true };
    case "template":
      return { kind: "string" };
    case "literal":
      return unionOf(contract.values.map(literalType));
    case "object": {
      const properties = Object.entries(contract.properties).map(property);
      const { others } = contract;
      if (others === "strip" || others === "strict") return { kind: "object", properties };
      return { kind: "object", properties, rest: others === "loose" ? { kind: "unknown" } : inner(others) };
    }
    case "array":
    case "set":
      return { kind: contract.kind, item: inner(contract.item) };
    case "map":
      return { kind: "map", key: inner(contract.key), value: inner(contract.value) };
    case "record": {
      const key = inner(contract.key);
      const partial = contract.partial === true || admitsUndefined(contract.value, types);
      return { kind: "record", key: isListed(key) ? key : { kind: "string" }, value: inner(contract.value), partial };
    }
    case "tuple": {
      const items = contract.items.map(item);
      return contract.rest ? { kind: "tuple", items, rest: inner(contract.rest) } : { kind: "tuple", items };
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
}

function isListed(key: TypeNode): boolean {
  return key.kind === "literal" || (key.kind === "union" && key.members.every(isListed));
}

/** TypeScript has no literals of the numbers that JSON lacks. */
function literalType(value: ContractValue): TypeNode {
  const isSpecial = typeof value === "object" && value !== null && "number" in value;
  const literal = isSpecial ? undefined : literalOf(plainValue(value));
  return literal ? { kind: "literal", values: [literal] } : { kind: "number", special: true };
}

function plainValue(value: ContractValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  return "bigint" in value ? BigInt(value.bigint) : undefined;
}
