import { dirname, resolve as resolvePath } from "node:path";
import type { ts } from "ts-morph";
import type { SchemaCall } from "./inference.ts";
import { locate } from "./own-file.ts";
import { posixRelative, readIfExists } from "../find.ts";
import { followingOf } from "./schema-steps.ts";

/** What the text of the schema file says of a type that zod does not know when it runs. */
export interface TypeHint {
  /** Of `.brand<"UserId">()`. */
  readonly brands: readonly Brand[];
  /** Of `z.custom<Money>()`, of a transform with a declared result, of an enum of TypeScript. */
  readonly type?: WrittenType;
  /** Of a transform, or a custom schema: the call that only the compiler can tell the result of. */
  readonly call?: SchemaCall;
}

export interface Brand {
  readonly name: string;
  readonly side: "in" | "out" | "inout";
}

export interface WrittenType {
  readonly text: string;
  readonly from?: string;
  /** JSON carries its values, as far as the text tells. */
  readonly plain: boolean;
}

export type HintReader = (node: ts.Node, inside: readonly number[]) => TypeHint;

type Ts = typeof ts;

export const noHint: TypeHint = { brands: [] };

/** `resolve` leads from the name of a constant to its value; `folder` is that of the schema file, which may import this one. */
export function createHintReader(
  ts: Ts,
  file: ts.SourceFile,
  folder: string,
  resolve: (node: ts.Node) => ts.Node,
): HintReader {
  const imports = readImports(ts, file);
  const isNamespace = (node: ts.Node): boolean => ts.isIdentifier(node) && imports.has(node.text);
  const following = followingOf(ts, { resolve, isNamespace });

  function read(node: ts.Node): TypeHint {
    const { base, outer } = following.peel(node);
    const brands = outer.flatMap((call) => brandOf(call) ?? []);
    const type = typeOf(base);
    const call = callOf(node, base);
    return { brands, ...(type ? { type } : {}), ...(call ? { call } : {}) };
  }

  /** `x.transform(f)`, of which `f` is asked for, or `z.transform(f)` or `z.custom<T>()` itself. */
  function callOf(node: ts.Node, base: ts.Node): SchemaCall | undefined {
    const isNamed = (one: ts.Node, name: string): boolean => ts.isCallExpression(one) && following.nameOf(one) === name;
    const call = [node.parent, base].find(
      (one) => isNamed(one, "transform") || (one === base && isNamed(one, "custom")),
    );
    return call && { file: resolvePath(file.fileName), from: call.getStart(file), to: call.end };
  }

  function brandOf(call: ts.CallExpression): Brand | undefined {
    const [name, side] = (call.typeArguments ?? []).map(literalText);
    if (following.nameOf(call) !== "brand" || name === undefined) return undefined;
    return { name, side: side === "in" || side === "inout" ? side : "out" };
  }

  function literalText(node: ts.TypeNode): string | undefined {
    return ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal) ? node.literal.text : undefined;
  }

  function typeOf(base: ts.Node): WrittenType | undefined {
    if (ts.isArrowFunction(base) || ts.isFunctionExpression(base)) return base.type && writtenOf(base.type);
    if (!ts.isCallExpression(base)) return undefined;
    const [arg] = base.arguments;
    switch (following.nameOf(base)) {
      case "custom":
        return base.typeArguments?.[0] && writtenOf(base.typeArguments[0]);
      case "transform":
        return arg && typeOf(arg);
      case "enum":
      case "nativeEnum":
        return arg && isEnum(arg) ? named(arg.getText(file)) : undefined;
      default:
        return undefined;
    }
  }

  function writtenOf(type: ts.TypeNode): WrittenType | undefined {
    const text = type.getText(file);
    const [name] = /^\w+(?=(?:\[\])*$)/.exec(text) ?? [];
    if (name !== undefined && imports.has(name)) return { ...named(name), text, plain: true };
    return isClosed(type) ? { text, plain: !/\b(?:bigint|symbol|undefined|unknown|any)\b/.test(text) } : undefined;
  }

  /** It needs no name of this file. */
  function isClosed(type: ts.Node): boolean {
    if (ts.isTypeReferenceNode(type) || ts.isTypeQueryNode(type) || ts.isFunctionTypeNode(type)) return false;
    return !ts.forEachChild(type, (child) => (isClosed(child) ? undefined : true));
  }

  function named(name: string): WrittenType {
    const from = imports.get(name);
    return { text: name, ...(from === undefined ? {} : { from: fromSchema(from) }), plain: true };
  }

  /** As the schema file would import it. */
  function fromSchema(from: string): string {
    const home = dirname(resolvePath(file.fileName));
    if (!from.startsWith(".") || home === folder) return from;
    const path = posixRelative(folder, resolvePath(home, from));
    return path.startsWith(".") ? path : `./${path}`;
  }

  /** One of TypeScript, in a file of its own: its members are no literals to the compiler, but types of their own. */
  function isEnum(node: ts.Node): boolean {
    const from = ts.isIdentifier(node) ? imports.get(node.text) : undefined;
    if (from === undefined || !from.startsWith(".")) return false;
    const path = locate(resolvePath(dirname(file.fileName), from));
    return path !== undefined && new RegExp(`export enum ${node.getText(file)}\\b`).test(readIfExists(path) ?? "");
  }

  return (node, inside) => {
    const place = following.walk(node, inside);
    return place ? read(place) : noHint;
  };
}

/** Where the names come from that the file imports as they are called there. */
function readImports(ts: Ts, file: ts.SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text } = statement.moduleSpecifier;
    const bindings = statement.importClause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) found.set(bindings.name.text, text);
    if (bindings && ts.isNamedImports(bindings))
      for (const { propertyName, name } of bindings.elements) if (!propertyName) found.set(name.text, text);
  }
  return found;
}
