import type { $ZodType } from "zod/v4/core";

/** Whether an `async` function takes part in parsing this schema itself (not its children). */
export function isAsync(schema: $ZodType): boolean {
  const { def } = schema._zod;
  const functions: unknown[] = (def.checks ?? []).map((check) =>
    "fn" in check._zod.def ? check._zod.def.fn : undefined,
  );
  for (const key of ["fn", "transform", "reverseTransform"] as const) {
    if (key in def) functions.push((def as unknown as Readonly<Record<string, unknown>>)[key]); // looked for by name
  }
  return functions.some((fn) => typeof fn === "function" && fn.constructor.name === "AsyncFunction");
}
