import type { $ZodType } from "zod/v4/core";
import { createDefaultReader } from "../../../generator/load/contract-defaults.ts";
import { createContractWalker } from "../../../generator/load/contract-walk.ts";
import type { JobContract } from "../../../generator/model/contract.ts";

/** What the lock keeps of a job with this input. */
export function contractOfInput(schema: $ZodType, names: ReadonlyMap<unknown, string> = new Map()): JobContract {
  const walker = createContractWalker({ exportNames: names, defaults: createDefaultReader(new Map()) });
  const input = walker.walk(schema, "input");
  const types = walker.types();
  return { input, ...(Object.keys(types).length === 0 ? {} : { types }) };
}
