import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { JobwrightError } from "../runtime/contract/errors.ts";
import type { Emitter } from "./emit/emitter.ts";
import { loadDefaultExport } from "./load/user-module.ts";

/**
 * What `jobs.codegen.ts`, next to the schema file, exports by default. Not a part of `jobwright.config.ts`, which imports the
 * generated files and so cannot be loaded before they are there.
 */
export interface CodegenConfig {
  /** Print further files into the generated folder, after the ones that every project gets. Default: none. */
  readonly emitters?: readonly Emitter[];
}

const names = ["jobs.codegen.ts", "jobs.codegen.mts", "jobs.codegen.js", "jobs.codegen.mjs"];

/** The configuration file that belongs to a schema file, if there is one. */
export function findCodegenConfig(schema: string): string | undefined {
  return names.map((name) => join(dirname(schema), name)).find((file) => existsSync(file));
}

/** Runs the configuration file of a schema file; without one, the defaults. Throws `JW_CONFIG`. */
export async function loadCodegenConfig(schema: string): Promise<CodegenConfig> {
  const file = findCodegenConfig(schema);
  if (file === undefined) return {};
  const config = await loadDefaultExport(file);
  if (isConfig(config)) return config;
  throw new JobwrightError("JW_CONFIG", `${file} does not export a configuration of codegen by default.`, {
    hint: "Export `{ emitters: [{ name, emit }] } satisfies CodegenConfig`.",
  });
}

function isConfig(value: unknown): value is CodegenConfig {
  if (typeof value !== "object" || value === null) return false;
  const { emitters = [] } = value as { readonly emitters?: unknown }; // looked at in the next line
  return Array.isArray(emitters) && emitters.every(isEmitter);
}

function isEmitter(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "name" in value && typeof value.name === "string" && "emit" in value && typeof value.emit === "function";
}
