import { readFileSync } from "node:fs";
import { noHint, type TypeHint } from "../source/type-hints.ts";
import { readSchemaSource, type SchemaSource } from "../source/schema-source.ts";
import type { Place } from "./walk.ts";

/** Without any of these the text has nothing to tell, and the parser, which takes a quarter of a second, is not loaded. */
const telling = /\.brand<|\bcustom<|\btransform\(|\b(?:enum|nativeEnum)\(\s*\w/;

/** What the text of a schema file says of the type at a place. */
export function createHints(file: string): (place: Place) => TypeHint {
  const text = readFileSync(file, "utf8");
  if (!telling.test(text)) return () => noHint;
  let source: SchemaSource | undefined;
  return ({ job, path, inside }) => {
    source ??= readSchemaSource(file, text);
    let node = source.job(job);
    for (const part of path) node = node?.child(part);
    return node?.hint(inside) ?? noHint;
  };
}
