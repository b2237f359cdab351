import type { Parser } from "./schema-module.ts";

/** A parser that the generator printed for one schema. It needs no `new Function`, which zod's own compiler does. */
export interface EmittedParser {
  /** Fingerprint of the schema that it was printed for; with any other one it would be wrong. */
  readonly of: string;
  /** `schema` is that schema, for what only zod can do. The function returns `invalid` for what zod refuses. */
  readonly bind: (schema: unknown) => (value: unknown) => unknown;
}

/** The answer to a value that the schema refuses. */
export const invalid: unique symbol = Symbol.for("jobwright.invalid");

/**
 * Answers with the emitted parser where it accepts, and with zod, which tells why, where it does not. A parser that was
 * printed for another schema (the file was edited since, zod was updated) is left alone: slower, never wrong.
 */
export function withEmittedParser(
  schema: Parser,
  emitted: EmittedParser | undefined,
  fingerprintOf: (schema: Parser) => string | undefined,
): Parser {
  if (!emitted) return schema;
  let parse: ((value: unknown) => unknown) | undefined;
  // Not before it is needed: an application with a thousand jobs uses few of them in each process.
  const bind = (): ((value: unknown) => unknown) =>
    emitted.of === fingerprintOf(schema) ? emitted.bind(schema) : () => invalid;
  return {
    safeParse(value) {
      parse ??= bind();
      const data = parse(value);
      return data === invalid ? schema.safeParse(value) : { success: true, data };
    },
  };
}
