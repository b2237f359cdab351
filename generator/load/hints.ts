import { readFileSync } from "node:fs";
import { readIfExists } from "../find.ts";
import { localImports } from "../source/local-imports.ts";
import { ownFileOf } from "../source/own-file.ts";
import { noHint, type TypeHint } from "../source/type-hints.ts";
import { readSchemaSource, type SchemaSource } from "../source/schema-source.ts";
import type { Place } from "./walk.ts";

/** Without any of these the text has nothing to tell, and the parser, which takes a quarter of a second, is not loaded. */
const telling = /\.brand<|\bcustom<|\btransform\(|\b(?:enum|nativeEnum)\(\s*\w/;

/** What the texts of a schema file and of its imports say of the type at a place. */
export function createHints(file: string): (place: Place) => TypeHint {
  if (![...localImports(file)].some(mayTell)) return () => noHint;
  const text = readFileSync(file, "utf8");
  let source: SchemaSource | undefined;
  return ({ job, path, inside }) => {
    source ??= readSchemaSource(file, text);
    let node = source.job(job);
    for (const part of path) node = node?.child(part);
    return node?.hint(inside) ?? noHint;
  };
}

/** Itself, or through a package of the workspace, whose files are not looked for. */
function mayTell(file: string): boolean {
  const text = readIfExists(file) ?? "";
  const packages = text.matchAll(/\bfrom\s*["']([^."'][^"']*)["']/g);
  return telling.test(text) || [...packages].some(([, name = ""]) => ownFileOf(file, name) !== undefined);
}
