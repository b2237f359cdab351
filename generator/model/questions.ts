import type { TypeNode } from "./model.ts";

/** Whether `undefined` is a value of this type; `unknown` and `any` are the user's own affair. */
export function admitsUndefined(type: TypeNode): boolean {
  switch (type.kind) {
    case "undefined":
      return true;
    case "literal":
      return type.values.some((value) => value.type === "undefined");
    case "union":
      return type.members.some(admitsUndefined);
    case "intersection":
      return admitsUndefined(type.left) && admitsUndefined(type.right);
    case "brand":
    case "readonly":
      return admitsUndefined(type.item);
    case "written":
      return admitsUndefined(type.stored);
    default:
      return false;
  }
}
