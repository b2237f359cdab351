import type { $ZodType } from "zod/v4/core";
import type { JobDefinition, WorkflowDefinition } from "../../runtime/schema/index.ts";
import type { JobContract } from "../model/contract.ts";
import { createDefaultReader, type DefaultReader } from "./contract-defaults.ts";
import { createContractWalker } from "./contract-walk.ts";

/** The schemas of a job, or of a workflow. */
type Contracted = Pick<JobDefinition, "input" | "output"> &
  Partial<Pick<JobDefinition, "errors" | "progress"> & Pick<WorkflowDefinition, "signals">>;

/** What each job and workflow stores and accepts, in the order of `definitions`. */
export function contractsOf(
  definitions: readonly Contracted[],
  exportNames: ReadonlyMap<unknown, string>,
): readonly JobContract[] {
  const found = new Map<$ZodType, string>();
  const read = (): readonly JobContract[] => {
    const defaults = createDefaultReader(found);
    return definitions.map((definition) => contractOf(definition, exportNames, defaults));
  };
  const contracts = read();
  if (found.size === 0) return contracts;
  // Once more at another time: a default that is different then is none that could be written down.
  for (const begin = Date.now(); Date.now() <= begin + 1;);
  return read();
}

function contractOf(
  { input, output, errors, progress, signals = {} }: Contracted,
  exportNames: ReadonlyMap<unknown, string>,
  defaults: DefaultReader,
): JobContract {
  const walker = createContractWalker({ exportNames, defaults });
  const own = Object.entries(signals).filter(([name]) => !name.includes("/"));
  const sides = {
    input: walker.walk(input, "input"),
    ...(output ? { output: walker.walk(output, "output") } : {}),
    ...(errors ? { errors: walkAll(errors, (schema, name) => walker.walk(schema, `errors.${name}`)) } : {}),
    ...(progress ? { progress: walker.walk(progress, "progress") } : {}),
    ...(own.length > 0
      ? { signals: walkAll(Object.fromEntries(own), (schema, name) => walker.walk(schema, `nodes.${name}.signal`)) }
      : {}),
  };
  const types = walker.types();
  return { ...sides, ...(Object.keys(types).length === 0 ? {} : { types }) };
}

/** By name, sorted. */
function walkAll(
  schemas: Readonly<Record<string, $ZodType>>,
  walk: (schema: $ZodType, name: string) => JobContract["input"],
): Required<JobContract>["errors"] {
  const entries = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, schema]) => [name, walk(schema, name)]));
}
