import { dirname, resolve } from "node:path";
import { readIfExists } from "../find.ts";

/** Erased before the file runs, and its types are not looked at. It may lead into the generated folder. */
const typeImport = /\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|[\w$]+)\s+from\s*["'][^"'\n]*["']/g;

const endings = ["", ".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.js"];

/**
 * The schema file and the files that it imports by relative paths, directly or not. Read from the text, because a file
 * that cannot be loaded has to be watched as well.
 */
export function localImports(file: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(file)) return found;
  const text = readIfExists(file);
  if (text === undefined) return found;
  found.add(file);
  for (const [, specifier] of text
    .replaceAll(typeImport, "")
    .matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g)) {
    const target = specifier === undefined ? undefined : locate(resolve(dirname(file), specifier));
    if (target !== undefined) localImports(target, found);
  }
  return found;
}

/** The file that an import of this absolute path means. */
export function locate(path: string): string | undefined {
  // `./money.js` in TypeScript means `./money.ts`.
  const typescript = path.replace(/\.(m?)js$/, ".$1ts");
  return [path, typescript]
    .flatMap((base) => endings.map((ending) => base + ending))
    .find((candidate) => readIfExists(candidate) !== undefined);
}
