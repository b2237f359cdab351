import { readIfExists } from "../find.ts";
import { ownFileOf } from "./own-file.ts";

/** Erased before the file runs, and its types are not looked at. It may lead into the generated folder. */
const typeImport = /\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|[\w$]+)\s+from\s*["'][^"'\n]*["']/g;

/**
 * The schema file and the project's own files that it imports, directly or not: see `own-file.ts`. Read from the text, because
 * a file that cannot be loaded has to be watched as well.
 */
export function localImports(file: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(file)) return found;
  const text = readIfExists(file);
  if (text === undefined) return found;
  found.add(file);
  for (const [, specifier] of text.replaceAll(typeImport, "").matchAll(/(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g)) {
    const target = specifier === undefined ? undefined : ownFileOf(file, specifier);
    if (target !== undefined) localImports(target, found);
  }
  return found;
}
