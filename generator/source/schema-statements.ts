import type { ts } from "ts-morph";
import type { Docs } from "../model/model.ts";

type Ts = typeof ts;

/** Constants at the top of a file, by name. */
export function readConstants(ts: Ts, file: ts.SourceFile): ReadonlyMap<string, ts.VariableDeclaration> {
  const constants = new Map<string, ts.VariableDeclaration>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const declaration of statement.declarationList.declarations) {
      if (ts.isIdentifier(declaration.name)) constants.set(declaration.name.text, declaration);
    }
  }
  return constants;
}

/** The call that makes the schema: the one that the file exports, or the first. */
export function findDefineJobs(
  ts: Ts,
  file: ts.SourceFile,
  constants: ReadonlyMap<string, ts.VariableDeclaration>,
): ts.CallExpression | undefined {
  const names = new Set(["defineJobs"]);
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const { propertyName, name } of bindings.elements)
      if (propertyName?.text === "defineJobs") names.add(name.text);
  }
  function search(node: ts.Node): ts.CallExpression | undefined {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const name = ts.isPropertyAccessExpression(callee)
        ? callee.name.text
        : ts.isIdentifier(callee)
          ? callee.text
          : "";
      if (names.has(name)) return node;
    }
    return ts.isFunctionLike(node) ? undefined : ts.forEachChild(node, search);
  }
  // A file may have several: the one that it exports has the others as namespaces.
  const { expression } = file.statements.find(ts.isExportAssignment) ?? {};
  const exported = expression && ts.isIdentifier(expression) ? constants.get(expression.text) : expression;
  return (exported && search(exported)) ?? search(file);
}

/** What the comment above a node says. */
export function readDocs(ts: Ts, node: ts.Node): Docs {
  const comment = ts.getJSDocCommentsAndTags(node).findLast(ts.isJSDoc);
  if (!comment) return {};
  const text = ts.getTextOfJSDocComment(comment.comment)?.trim();
  const deprecated = comment.tags?.find((tag) => tag.tagName.text === "deprecated");
  return {
    ...(text ? { text } : {}),
    ...(deprecated ? { deprecated: ts.getTextOfJSDocComment(deprecated.comment)?.trim() ?? "" } : {}),
  };
}
