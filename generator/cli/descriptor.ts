import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { JobwrightConfig } from "../../runtime/config.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import { findUpward, schemaNames } from "../find.ts";
import { findConfig } from "./config.ts";

/** That of the configuration, or what `codegen` left nearby; undefined if there is none. `file`: of the configuration. */
export async function descriptorOf(
  config: JobwrightConfig,
  file: string | undefined,
): Promise<SchemaDescriptor | undefined> {
  return config.descriptor ?? (await loadDescriptor(dirname(findConfig(file))));
}

const descriptorNames = ["descriptor.ts", "descriptor.js", "descriptor.mts", "descriptor.mjs"];

/** What `codegen` left next to the schema, or next to the configuration. One that cannot be loaded is none. */
async function loadDescriptor(folder: string): Promise<SchemaDescriptor | undefined> {
  const schema = findUpward(folder, schemaNames);
  const folders = [...(schema === undefined ? [] : [dirname(schema)]), folder];
  const file = folders
    .flatMap((parent) => descriptorNames.map((name) => join(parent, "generated", name)))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  try {
    const { tsImport } = await import("tsx/esm/api");
    const module: unknown = await tsImport(pathToFileURL(file).href, import.meta.url);
    return exportOf(module);
  } catch {
    return undefined;
  }
}

function exportOf(module: unknown): SchemaDescriptor | undefined {
  const { descriptor } = module as { readonly descriptor?: SchemaDescriptor }; // a module is an object
  return Array.isArray(descriptor?.jobs) ? descriptor : undefined;
}
