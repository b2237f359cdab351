import { readFileSync } from "node:fs";
import { readIfExists } from "../find.ts";
import { createInference, type Inferred } from "../source/inference.ts";
import { localImports } from "../source/local-imports.ts";
import { ownFileOf } from "../source/own-file.ts";
import { noHint, type TypeHint } from "../source/type-hints.ts";
import { readSchemaSource, type SchemaSource } from "../source/schema-source.ts";
import type { Place } from "./walk.ts";

/** Without any of these the text has nothing to tell, and the parser, which takes a quarter of a second, is not loaded. */
const telling = /\.brand<|\bcustom<|\btransform\(|\b(?:enum|nativeEnum)\(\s*\w/;

/** What zod does not know of the type at a place. */
export interface Hints {
  /** What the texts of the schema file and of its imports say. */
  at(place: Place): TypeHint;
  /** What the compiler infers of what comes out of a transform; undefined: it cannot be asked. */
  inferredAt(place: Place): Inferred | undefined;
}

export const noHints: Hints = { at: () => noHint, inferredAt: () => undefined };

/**
 * `onCompiling`: told before the compiler is started, which may take longer than all the rest. `content`: of the file, if it is
 * not what is there.
 */
export function createHints(file: string, onCompiling: () => void, content?: string): Hints {
  if (![...localImports(file)].some((part) => mayTell(part, part === file ? content : undefined))) return noHints;
  const text = content ?? readFileSync(file, "utf8");
  const infer = createInference(file, onCompiling);
  let source: SchemaSource | undefined;

  function at({ job, path, inside }: Place): TypeHint {
    source ??= readSchemaSource(file, text);
    let node = source.job(job);
    for (const part of path) node = node?.child(part);
    return node?.hint(inside) ?? noHint;
  }

  return {
    at,
    inferredAt(place) {
      const { call } = at(place);
      return call && infer(call);
    },
  };
}

/** Itself, or through a package of the workspace, whose files are not looked for. */
function mayTell(file: string, content?: string): boolean {
  const text = content ?? readIfExists(file) ?? "";
  const packages = text.matchAll(/\bfrom\s*["']([^."'][^"']*)["']/g);
  return telling.test(text) || [...packages].some(([, name = ""]) => ownFileOf(file, name) !== undefined);
}
