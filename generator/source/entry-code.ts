import { createRequire } from "node:module";
import type { ts } from "ts-morph";

/**
 * JavaScript of an object of these entries. Undefined where they hold functions or classes: a contract tells functions from each
 * other by their code as it runs, and that is not how another compiler prints them.
 */
export function codeOfEntries(entries: string): string | undefined {
  const { ts: t } = createRequire(import.meta.url)("ts-morph") as { readonly ts: typeof ts }; // as in `readSchemaSource`
  const text = `({${entries}\n})`;
  const holdsCode = (node: ts.Node): boolean =>
    t.isFunctionLike(node) ||
    t.isClassLike(node) ||
    t.forEachChild(node, (child) => holdsCode(child) || undefined) === true;
  if (holdsCode(t.createSourceFile("entries.ts", text, t.ScriptTarget.Latest))) return undefined;
  const compilerOptions = { target: t.ScriptTarget.ESNext, module: t.ModuleKind.ESNext };
  return t.transpileModule(text, { compilerOptions }).outputText;
}
