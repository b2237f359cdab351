import { createRequire } from "node:module";
import { dirname, resolve as resolvePath } from "node:path";
import type { ts } from "ts-morph";
import { posixRelative, readIfExists } from "../find.ts";
import type { Docs } from "../model/model.ts";
import { createEntryFinder, createPieceFinder, readLayout, type SourceEntry, type SourceLayout } from "./layout.ts";
import { ownFileOf } from "./own-file.ts";
import { type ImportedValue, readImportedValues } from "./schema-imports.ts";
import { findDefineJobs, readConstants, readDocs } from "./schema-statements.ts";
import { createHintReader, noHint, type TypeHint } from "./type-hints.ts";

/** A place in the schema file, for messages, and the comment above it. */
export interface SourceNode {
  /** Relative to the folder of the schema file, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly docs: Docs;
  /** A part of it: an option, a key of an object, `[]`, `[0]`, `[key]`, `[value]`. Undefined: it is not written here. */
  child(part: string): SourceNode | undefined;
  /** All parts of that name: members of a union may share one. In the order of the text. */
  children(part: string): readonly SourceNode[];
  /** What is written of the type of the schema here, or of one inside of it: see `Following.walk`. */
  hint(inside: readonly number[]): TypeHint;
}

/** What the text of the schema file shows, and of files that it imports; it is read, never run. */
export interface SchemaSource {
  /** By its full name, e.g. `billing.charge`. */
  job(name: string): SourceNode | undefined;
  /** A constant at the top of the file. */
  constant(name: string): SourceNode | undefined;
  /** The call of `defineJobs`, or the beginning of the file. */
  readonly root: SourceNode;
  /**
   * What the text says of a job, as an object that stays the same while that is the same, wherever it moves: see `followEdit`.
   */
  entryOf(job: string): SourceEntry | SchemaSource;
  readonly layout: SourceLayout | undefined;
}

/** Loads the parser, which takes a quarter of a second: only when there is something to look up. */
export function readSchemaSource(file: string, text: string): SchemaSource {
  // Not `import()`: Node would search ten megabytes of CommonJS for the names of exports first, for 100 ms.
  const { ts } = createRequire(import.meta.url)("ts-morph") as { readonly ts: Ts };
  const opened = new Map<string, SchemaSource>();
  const folder = dirname(resolvePath(file));

  function open(path: string, content: string): SchemaSource {
    const parsed = ts.createSourceFile(path, content, ts.ScriptTarget.Latest, true);
    const source = createSchemaSource(ts, parsed, { folder, exported: (value) => exported(path, value) });
    opened.set(path, source);
    return source;
  }

  function exported(importer: string, { specifier, name }: ImportedValue): SourceNode | undefined {
    const path = ownFileOf(importer, specifier);
    if (path === undefined) return undefined;
    if (!opened.has(path)) {
      const content = readIfExists(path);
      if (content === undefined) return undefined;
      open(path, content);
    }
    const source = opened.get(path);
    return name === "default" ? source?.root : source?.constant(name);
  }

  return open(file, text);
}

type Ts = typeof ts;

const isElement = /^\[(\d+)\]$/;

interface Surroundings {
  /** Of the schema file. */
  readonly folder: string;
  /** What another file of the project exports; undefined: nobody knows. */
  exported(value: ImportedValue): SourceNode | undefined;
}

function createSchemaSource(ts: Ts, file: ts.SourceFile, { folder, exported }: Surroundings): SchemaSource {
  const constants = readConstants(ts, file);
  const imports = readImportedValues(ts, file);
  const relative = posixRelative(folder, resolvePath(file.fileName));
  const found = new Map<ts.Node, Map<string, readonly SourceNode[]>>();
  const jobObjects = new Map<ts.Node, ReadonlyMap<string, ts.Node>>();

  const layout = readLayout(ts, file);
  const pieceAt = createPieceFinder(layout);
  const findEntry = createEntryFinder(layout);

  function nodeOf(place: ts.Node, value: ts.Node | undefined): SourceNode {
    // All looked up when they are asked for: most nodes are passed through on the way to others.
    let at: (ts.LineAndCharacter & { readonly piece: { readonly moved: number } | undefined }) | undefined;
    let docs: Docs | undefined;
    const position = (): NonNullable<typeof at> => {
      if (at) return at;
      const start = place.getStart(file);
      return (at = { ...file.getLineAndCharacterOfPosition(start), piece: pieceAt(start) });
    };
    const children = (part: string): readonly SourceNode[] => (value ? childrenOnce(value, part) : []);
    return {
      file: relative,
      get line() {
        const { line, piece } = position();
        return line + 1 + (piece?.moved ?? 0);
      },
      get column() {
        return position().character + 1;
      },
      get docs() {
        return (docs ??= readDocs(ts, place));
      },
      child: (part) => children(part)[0],
      children,
      hint: (inside) => hintOf(value, inside),
    };
  }

  /** Both sides of a schema, the places of its types and the map ask for the same. */
  function childrenOnce(value: ts.Node, part: string): readonly SourceNode[] {
    const known = found.get(value) ?? new Map<string, readonly SourceNode[]>();
    found.set(value, known);
    const children = known.get(part) ?? [...childrenOf(value, part)];
    known.set(part, children);
    return children;
  }

  function hintOf(value: ts.Node | undefined, inside: readonly number[]): TypeHint {
    if (!value) return noHint;
    return importedBy(resolve(value))?.hint(inside) ?? readHint(value, inside);
  }

  /** What a name stands for that another file exports. */
  function importedBy(node: ts.Node): SourceNode | undefined {
    const value = ts.isIdentifier(node) ? imports.get(node.text) : undefined;
    return value && exported(value);
  }

  function* childrenOf(value: ts.Node | undefined, part: string): Iterable<SourceNode> {
    const expression = value && resolve(value);
    if (!expression) return;
    if (ts.isObjectLiteralExpression(expression)) yield* membersNamed(expression, part);
    else if (ts.isArrayLiteralExpression(expression)) yield* elementNode(expression, part);
    else if (ts.isCallExpression(expression)) yield* childrenOfCall(expression, part);
    // `nodes: ({ input }) => ({ … })`: what it gives is what is asked for.
    else if (ts.isFunctionLike(expression)) yield* childrenOf(resultOf(expression), part);
    else yield* importedBy(expression)?.children(part) ?? [];
  }

  function resultOf(node: ts.SignatureDeclaration): ts.Node | undefined {
    const body = "body" in node ? node.body : undefined;
    if (!body || !ts.isBlock(body)) return body;
    return body.statements.find(ts.isReturnStatement)?.expression;
  }

  function* childrenOfCall(
    { expression: callee, arguments: args }: ts.CallExpression,
    part: string,
  ): Iterable<SourceNode> {
    const isMethod = ts.isPropertyAccessExpression(callee);
    let isFound = false;
    for (const child of childrenOfArguments(isMethod ? callee.name.text : callee.getText(file), args, part)) {
      isFound = true;
      yield child;
    }
    // `z.object({ … }).optional()`: what is asked for stands further in.
    if (!isFound && isMethod) yield* childrenOf(callee.expression, part);
  }

  function childrenOfArguments(name: string, args: readonly ts.Expression[], part: string): Iterable<SourceNode> {
    const [first, second] = args;
    if (!first) return [];
    if (part === "[]" && (name === "array" || name === "set")) return [nodeOf(first, first)];
    if (part === "[key]" && ["record", "partialRecord", "looseRecord", "map"].includes(name))
      return [nodeOf(first, first)];
    if (part === "[value]") return second ? [nodeOf(second, second)] : [];
    if (isElement.test(part) && name === "tuple") return childrenOf(first, part);
    return childrenOfEach(args, part);
  }

  function elementNode(list: ts.ArrayLiteralExpression, part: string): readonly SourceNode[] {
    const item = list.elements[Number(isElement.exec(part)?.[1] ?? -1)];
    return item ? [nodeOf(item, item)] : [];
  }

  /** `z.object`, `.extend`, `z.optional`, `z.union([…])`, `job(…)`: whichever argument has the part. */
  function* childrenOfEach(args: readonly ts.Expression[], part: string): Iterable<SourceNode> {
    for (const arg of args) {
      const expression = resolve(arg);
      const candidates = ts.isArrayLiteralExpression(expression) ? expression.elements : [expression];
      for (const candidate of candidates) if (!ts.isFunctionLike(candidate)) yield* childrenOf(candidate, part);
    }
  }

  function* membersNamed(object: ts.ObjectLiteralExpression, name: string): Iterable<SourceNode> {
    const member = membersOf(object).get(name);
    if (member) {
      yield nodeOf(member, valueOf(member));
      return;
    }
    for (const property of object.properties)
      if (ts.isSpreadAssignment(property)) yield* childrenOf(property.expression, name);
  }

  function membersOf(object: ts.ObjectLiteralExpression): ReadonlyMap<string, ts.Node> {
    const known = jobObjects.get(object);
    if (known) return known;
    const members = new Map<string, ts.Node>();
    for (const property of object.properties) {
      const key = property.name;
      if (key && (ts.isIdentifier(key) || ts.isStringLiteralLike(key) || ts.isNumericLiteral(key)))
        members.set(key.text, property);
    }
    jobObjects.set(object, members);
    return members;
  }

  function valueOf(member: ts.Node): ts.Node | undefined {
    if (ts.isPropertyAssignment(member)) return member.initializer;
    // Without a constant of this file the name itself, which may be imported.
    if (ts.isShorthandPropertyAssignment(member)) return constants.get(member.name.text)?.initializer ?? member.name;
    if (ts.isMethodDeclaration(member)) return member;
    if (!ts.isGetAccessorDeclaration(member)) return undefined;
    const statement = member.body?.statements.find(ts.isReturnStatement);
    return statement?.expression;
  }

  /** Through parentheses, casts and constants of this file. */
  function resolve(node: ts.Node, depth = 0): ts.Node {
    if (depth > 20) return node;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
      return resolve(node.expression, depth + 1);
    }
    const constant = ts.isIdentifier(node) ? constants.get(node.text)?.initializer : undefined;
    return constant ? resolve(constant, depth + 1) : node;
  }

  const readHint = createHintReader(ts, file, folder, resolve);
  const call = findDefineJobs(ts, file, constants);
  const declarations = call?.arguments[0];
  const root = nodeOf(call ?? file, declarations);
  const source: SchemaSource = {
    root,
    layout,
    entryOf: (job) => findEntry(job) ?? source,
    job: (name) => name.split(".").reduce<SourceNode | undefined>((node, part) => node?.child(part), root),
    constant(name) {
      const declaration = constants.get(name);
      // The comment of `const a = …` belongs to the whole statement.
      return declaration && nodeOf(declaration.parent.parent, declaration.initializer);
    },
  };
  return source;
}
