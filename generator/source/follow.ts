import { readIfExists } from "../find.ts";
import { applyEdit, createEntryFinder, findEdit, type SourceEdit } from "./layout.ts";
import { localImports } from "./local-imports.ts";
import { readSchemaSource, type SchemaSource, type SourceNode } from "./schema-source.ts";

/** A source after an edit of entries, and the edit. */
export interface Followed {
  readonly source: SchemaSource;
  readonly edit: SourceEdit;
}

/**
 * The source of a text that differs in entries only: those are parsed, the others kept, with all that is known of them. It takes
 * `before` apart, which must not be asked any more. Undefined: read the whole text.
 */
export function followEdit(before: SchemaSource, file: string, text: string): Followed | undefined {
  const edit = before.layout && findEdit(before.layout, text);
  if (!before.layout || !edit) return undefined;
  const excerpt = readSchemaSource(file, edit.excerpt);
  const kept = new Map(before.layout.entries.map((entry) => [entry, before.root.child(entry.key)]));
  const layout = applyEdit(before.layout, edit, excerpt.layout);
  if (!layout) return undefined;
  const findEntry = createEntryFinder(layout);
  const nodes = new Map(layout.entries.map((entry) => [entry.key, kept.get(entry) ?? excerpt.root.child(entry.key)]));
  const root = withChildren(excerpt.root, nodes);
  const source: SchemaSource = {
    root,
    layout,
    job: (name) => name.split(".").reduce<SourceNode | undefined>((node, part) => node?.child(part), root),
    // They stand before the entries, and have not changed.
    constant: before.constant,
    entryOf: (job) => findEntry(job) ?? source,
  };
  return { source, edit };
}

function withChildren(node: SourceNode, nodes: ReadonlyMap<string, SourceNode | undefined>): SourceNode {
  const children = (part: string): readonly SourceNode[] => {
    const own = nodes.get(part);
    return own ? [own] : node.children(part);
  };
  return {
    file: node.file,
    get line() {
      return node.line;
    },
    get column() {
      return node.column;
    },
    get docs() {
      return node.docs;
    },
    child: (part) => children(part)[0],
    children,
    hint: (inside) => node.hint(inside),
  };
}

/** A source, and all that it was made of. */
export interface ReadSource {
  readonly file: string;
  readonly text: string;
  /** Texts of the files that it imports. */
  readonly imports: string;
  readonly made: SchemaSource;
}

export function readSource(file: string, text: string): ReadSource {
  return { file, text, imports: importsOf(file), made: readSchemaSource(file, text) };
}

/** What was read of an older text, as far as it holds; `before` must not be asked any more. Undefined: read the whole text. */
export function followSource(
  before: ReadSource | undefined,
  file: string,
  text: string,
): { readonly source: ReadSource; readonly edit?: SourceEdit } | undefined {
  if (before?.file !== file || before.imports !== importsOf(file)) return undefined;
  if (before.text === text) return { source: before };
  const followed = followEdit(before.made, file, text);
  return followed && { source: { ...before, text, made: followed.source }, edit: followed.edit };
}

function importsOf(file: string): string {
  const others = [...localImports(file)].filter((other) => other !== file);
  return JSON.stringify(others.map((other) => [other, readIfExists(other)]));
}
