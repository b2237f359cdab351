import type { Docs, NamedType, TypeNode } from "../model/model.ts";

/** A field of an input or output, for a table. */
export interface Field {
  /** From the value on, e.g. `lines[].sku`; empty for the value itself. */
  readonly path: string;
  readonly type: string;
  readonly optional: boolean;
  readonly docs: Docs;
}

/** Deeper ones belong to the type, not to a table. */
const maxDepth = 4;

/** A value that is no object is one field without a path. Recursive types are named and not followed again. */
export function fieldsOf(type: TypeNode, named: readonly NamedType[]): readonly Field[] {
  const types = new Map(named.map((entry) => [entry.id, entry]));

  function fields(
    node: TypeNode,
    path: string,
    optional: boolean,
    docs: Docs,
    open: readonly string[],
  ): readonly Field[] {
    const own: Field = { path, type: typeLabel(node, types), optional, docs };
    const inner = open.length < maxDepth ? membersOf(node, path, open) : [];
    return path === "" && inner.length > 0 ? inner : [own, ...inner];
  }

  function membersOf(node: TypeNode, path: string, open: readonly string[]): readonly Field[] {
    switch (node.kind) {
      case "object":
        return node.properties.flatMap(({ key, type: inner, optional, docs }) =>
          fields(inner, path === "" ? key : `${path}.${key}`, optional, docs, [...open, ""]),
        );
      case "array":
      case "set":
        return membersOf(node.item, `${path}[]`, open);
      case "readonly":
      case "brand":
        return membersOf(node.item, path, open);
      case "union":
        return onlyObject(node.members, path, open);
      case "ref": {
        const target = open.includes(node.id) ? undefined : types.get(node.id);
        return target ? membersOf(target.in, path, [...open, node.id]) : [];
      }
      default:
        return [];
    }
  }

  /** `{ … } | undefined` is an object; the fields of several would be told as if they were one. */
  function onlyObject(members: readonly TypeNode[], path: string, open: readonly string[]): readonly Field[] {
    const holders = members.filter(({ kind }) => kind !== "undefined" && kind !== "null");
    return holders.length === 1 && holders[0] ? membersOf(holders[0], path, open) : [];
  }

  return fields(type, "", false, {}, []);
}

/** A type in a few words. */
function typeLabel(type: TypeNode, types: ReadonlyMap<string, NamedType>): string {
  const label = (node: TypeNode): string => typeLabel(node, types);
  switch (type.kind) {
    case "date":
      return "Date";
    case "bytes":
      return "Uint8Array";
    case "literal":
      return type.values.map(({ text }) => text).join(" | ");
    case "template":
    case "written":
      return type.text;
    case "array":
      return type.item.kind === "union" ? `(${label(type.item)})[]` : `${label(type.item)}[]`;
    case "set":
      return `Set<${label(type.item)}>`;
    case "map":
      return `Map<${label(type.key)}, ${label(type.value)}>`;
    case "record":
      return `Record<${label(type.key)}, ${label(type.value)}>`;
    case "tuple":
      return `[${[...type.items.map((item) => label(item.type)), ...(type.rest ? [`...${label(type.rest)}[]`] : [])].join(", ")}]`;
    case "union":
      return [...new Set(type.members.filter(({ kind }) => kind !== "undefined").map(label))].join(" | ");
    case "intersection":
      return `${label(type.left)} & ${label(type.right)}`;
    case "ref":
      return types.get(type.id)?.name ?? "unknown";
    case "readonly":
    case "brand":
      return label(type.item);
    default:
      return type.kind;
  }
}
