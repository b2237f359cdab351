import type { $ZodType } from "zod/v4/core";
import type { ReaderValue } from "../model/contract.ts";
import { contractValue } from "./contract-value.ts";

/** Reads the defaults of a schema, and finds those that a function makes anew each time, such as the time of day. */
export interface DefaultReader {
  read(schema: $ZodType): ReaderValue;
}

/** `before`: what an earlier reader found. A default that is another one by now is made by a function. */
export function createDefaultReader(found: Map<$ZodType, string>): DefaultReader {
  return {
    read(schema) {
      const value = valueOf(schema);
      const text = JSON.stringify(value);
      const before = found.get(schema);
      found.set(schema, before ?? text);
      return value === undefined || (before !== undefined && before !== text) ? { dynamic: true } : { value };
    },
  };
}

function valueOf(schema: $ZodType): ReturnType<typeof contractValue> | undefined {
  try {
    return contractValue((schema._zod.def as unknown as { readonly defaultValue: unknown }).defaultValue); // a default has one
  } catch {
    // The function that makes it may count on what is only there at run time.
    return undefined;
  }
}
