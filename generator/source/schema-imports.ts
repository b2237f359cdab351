import type { ts } from "ts-morph";

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
