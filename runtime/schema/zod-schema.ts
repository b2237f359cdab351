import type { $ZodType } from "zod/v4/core";
import { type Report, show } from "./problems.ts";

export function isZod4(schema: unknown): schema is $ZodType {
  return (
    typeof schema === "object" &&
    schema !== null &&
    "_zod" in schema &&
    "safeParse" in schema &&
    typeof schema.safeParse === "function"
  );
}

/** Reports what is no schema, and a missing input. `owner`: the job or workflow that the option belongs to. */
export function readSchema(
  options: object,
  side: "input" | "output" | "progress",
  owner: string,
  report: Report,
): $ZodType | undefined {
  const schema: unknown = (options as Readonly<Record<string, unknown>>)[side]; // any value may stand there in JavaScript
  if (schema === undefined && side !== "input") return undefined;
  if (isZod4(schema)) return schema;
  const isZod3 = typeof schema === "object" && schema !== null && "_def" in schema;
  report({
    job: owner,
    path: schema === undefined ? [] : [side],
    message:
      schema === undefined
        ? `${owner} has no input.`
        : `${owner}.${side} is ${isZod3 ? "a zod 3 schema" : `${show(schema)}, not a zod schema`}.`,
    hint: isZod3 ? 'Install zod 4.5 or later, and import it from "zod".' : `Write ${side}: z.object({ … }).`,
  });
  return undefined;
}
