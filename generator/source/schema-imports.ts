import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { ts } from "ts-morph";
import { locate } from "./local-imports.ts";

/** A value of another file, under the name that it has there. */
export interface ImportedValue {
  readonly specifier: string;
  readonly name: string;
}

/** What a file imports by name, by its names here. Not `import * as`, which is no value of its own. */
export function readImportedValues(t: typeof ts, file: ts.SourceFile): ReadonlyMap<string, ImportedValue> {
  const found = new Map<string, ImportedValue>();
  for (const statement of file.statements) {
    if (!t.isImportDeclaration(statement) || !t.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text: specifier } = statement.moduleSpecifier;
    const { name, namedBindings } = statement.importClause ?? {};
    if (name) found.set(name.text, { specifier, name: "default" });
    if (!namedBindings || !t.isNamedImports(namedBindings)) continue;
    for (const element of namedBindings.elements)
      found.set(element.name.text, { specifier, name: (element.propertyName ?? element.name).text });
  }
  return found;
}

/** What every schema imports; no schema is in there, even where they are linked. */
const foreign = /^(?:node:|(?:jobwright|zod)(?:\/|$))/;

/**
 * The file that an import means, if it is the project's own: found by a relative path, or a package that is linked into
 * `node_modules`, as those of a workspace are. Others are not worth reading.
 */
export function ownFileOf(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return locate(resolve(dirname(importer), specifier));
  if (foreign.test(specifier)) return undefined;
  try {
    const file = realpathSync(createRequire(importer).resolve(specifier));
    return /[\\/]node_modules[\\/]/.test(file) ? undefined : file;
  } catch {
    return undefined; // a path of a tsconfig, a package without an entry for `require`, or none
  }
}
