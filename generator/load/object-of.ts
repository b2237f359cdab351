import type { $ZodType } from "zod/v4/core";
import type { Sides, TypeNode } from "../model/model.ts";

/** As if the schemas were the properties of one object. */
export function objectOf(
  schemas: Readonly<Record<string, $ZodType>>,
  walk: (schema: $ZodType, name: string) => Sides,
): Sides {
  const names = Object.keys(schemas).sort();
  const sides = names.flatMap((name) => (schemas[name] ? [[name, walk(schemas[name], name)] as const] : []));
  const object = (side: keyof Sides): TypeNode => ({
    kind: "object",
    properties: sides.map(([key, types]) => ({ key, optional: false, type: types[side], docs: {} })),
  });
  return { in: object("in"), out: object("out") };
}
