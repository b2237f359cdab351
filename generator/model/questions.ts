import type { TypeNode } from "./model.ts";

/** Whether `null` or `undefined` is a value of this type; `unknown` and `any` are the user's own affair. */
export function admits(
  what: "null" | "undefined",
  type: TypeNode,
  named: ReadonlyMap<string, TypeNode> = new Map(),
  open: ReadonlySet<string> = new Set(),
): boolean {
  const inside = (inner: TypeNode): boolean => admits(what, inner, named, open);
  switch (type.kind) {
    case "null":
    case "undefined":
      return type.kind === what;
    case "literal":
      return type.values.some((value) => value.type === what);
    case "union":
      return type.members.some(inside);
    case "intersection":
      return inside(type.left) && inside(type.right);
    case "brand":
    case "readonly":
      return inside(type.item);
    case "written":
      return inside(type.stored);
    case "ref": {
      const target = open.has(type.id) ? undefined : named.get(type.id);
      return target !== undefined && admits(what, target, named, new Set([...open, type.id]));
    }
    default:
      return false;
  }
}
