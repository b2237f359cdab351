import type { $ZodType, $ZodTypeDef } from "zod/v4/core";
import { type TypeNode, unionOf } from "../model/model.ts";

/** Made by `z.instanceof`, whose values are no plain data whatever their type is called. */
export function hasClass(schema: $ZodType): boolean {
  return schema._zod.bag["Class"] !== undefined;
}

/** A name of a class, of whose values nobody knows how to store them. */
export function holdsWritten(type: TypeNode): boolean {
  return JSON.stringify(type).includes('"kind":"written"');
}

/** Kinds of which zod knows no type that could be printed. */
export function isOpaque(def: $ZodTypeDef): boolean {
  return def.type === "custom" || def.type === "transform";
}

/** The same, of which nothing is changed. */
export function readonlyNode(type: TypeNode): TypeNode {
  switch (type.kind) {
    case "union":
      return unionOf(type.members.map(readonlyNode));
    case "array":
    case "tuple":
    case "map":
    case "set":
    case "object":
    case "record":
    case "intersection":
    case "ref":
      return { kind: "readonly", item: type };
    default:
      return type;
  }
}

/** `z.json()`: every application has it, so it gets a name that tells what it is. */
export function isJson(id: string, type: TypeNode | undefined): boolean {
  if (type?.kind !== "union") return false;
  const kinds = type.members.map(({ kind }) => kind).join();
  const [list, record] = [type.members[4], type.members[5]];
  const loops =
    list?.kind === "array" &&
    record?.kind === "record" &&
    [list.item, record.value].every((node) => node.kind === "ref" && node.id === id);
  return loops && kinds === "string,number,boolean,null,array,record";
}
