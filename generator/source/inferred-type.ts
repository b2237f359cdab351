import type { ts } from "ts-morph";
import { literalOf } from "../../runtime/schema/literal.ts";
import { type Property, type TypeNode, unionOf } from "../model/model.ts";

type Ts = typeof ts;

/** Types of every program, which the model has kinds of its own for, and classes that it names. */
const knownNames = "Date Map Set ReadonlyMap ReadonlySet Uint8Array URL URLSearchParams RegExp Error".split(" ");

/** Deeper types are left alone: nobody wants to read them. */
const maxDepth = 20;

/**
 * What the compiler inferred, written out: without a name that the generated types would have to import. Undefined: it cannot
 * be, because it is recursive, a class, an enum, a function, or nothing that the compiler knows.
 */
export function createInferredTypes(t: Ts, checker: ts.TypeChecker): (type: ts.Type) => TypeNode | undefined {
  const open = new Set<ts.Type>();

  function nodeOf(type: ts.Type): TypeNode | undefined {
    if (open.has(type) || open.size > maxDepth) return undefined;
    open.add(type);
    const node = kindOf(type);
    open.delete(type);
    return node;
  }

  function kindOf(type: ts.Type): TypeNode | undefined {
    const is = (flag: ts.TypeFlags): boolean => (type.flags & flag) !== 0;
    const { TypeFlags: flag } = t;
    if (is(flag.EnumLike)) return undefined;
    if (is(flag.Unknown)) return { kind: "unknown" };
    if (is(flag.String)) return { kind: "string" };
    if (is(flag.Number)) return { kind: "number", special: false };
    if (is(flag.Boolean)) return { kind: "boolean" };
    if (is(flag.BigInt)) return { kind: "bigint" };
    if (is(flag.Null)) return { kind: "null" };
    if (is(flag.Undefined)) return { kind: "undefined" };
    if (is(flag.TemplateLiteral)) return { kind: "template", text: checker.typeToString(type) };
    if (type.isUnion()) return unionNode(type.types);
    return is(flag.Object) || isPlainIntersection(type) ? objectKind(type) : literalNode(type);
  }

  function literalNode(type: ts.Type): TypeNode | undefined {
    const literal = literalOf(literalValue(type));
    return literal && literal.type !== "undefined" ? { kind: "literal", values: [literal] } : undefined;
  }

  function literalValue(type: ts.Type): unknown {
    if (type.flags & t.TypeFlags.BooleanLiteral) return checker.typeToString(type) === "true";
    if (!type.isLiteral()) return undefined;
    const { value } = type;
    return typeof value === "object" ? BigInt(`${value.negative ? "-" : ""}${value.base10Value}`) : value;
  }

  /** The compiler orders members by when it met them first, which may change with anything; `undefined` and `null` come last. */
  function unionNode(members: readonly ts.Type[]): TypeNode | undefined {
    const nodes = allOf(members.map(nodeOf));
    if (!nodes) return undefined;
    const [yes, no] = [true, false].map((value) => nodes.find((node) => isLiteral(node, value)));
    const joined: readonly TypeNode[] =
      yes && no ? [...nodes.filter((node) => node !== yes && node !== no), { kind: "boolean" }] : nodes;
    const keyed = joined.map((node) => ({ node, key: `${rankOf(node)}${JSON.stringify(node)}` }));
    return unionOf(keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ node }) => node));
  }

  function isPlainIntersection(type: ts.Type): boolean {
    return type.isIntersection() && type.types.every(({ flags }) => flags & t.TypeFlags.Object);
  }

  function objectKind(type: ts.Type): TypeNode | undefined {
    if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return undefined;
    const args = checker.getTypeArguments(type as ts.TypeReference); // of another object it gives none
    if (checker.isTupleType(type)) return tupleNode(type as ts.TupleTypeReference, args); // as asked
    const name = type.symbol?.name ?? "";
    if (checker.isArrayType(type)) {
      const item = args[0] && nodeOf(args[0]);
      return item && maybeReadonly({ kind: "array", item }, name === "ReadonlyArray");
    }
    if (isForeign(type.symbol) && knownNames.includes(name)) return knownNode(type, name, args);
    return type.symbol && type.symbol.flags & t.SymbolFlags.Class ? undefined : plainObject(type);
  }

  function isForeign(symbol: ts.Symbol | undefined): boolean {
    const files = (symbol?.declarations ?? []).map((declaration) => declaration.getSourceFile().fileName);
    return files.length > 0 && files.every((file) => file.includes("/node_modules/"));
  }

  function knownNode(type: ts.Type, name: string, args: readonly ts.Type[]): TypeNode | undefined {
    if (name === "Date") return { kind: "date", coerce: false };
    if (name === "Uint8Array" && checker.typeToString(type) === "Uint8Array<ArrayBuffer>") return { kind: "bytes" };
    const [first, second] = args.map(nodeOf);
    const isReadonly = name.startsWith("Readonly");
    if (name.endsWith("Set")) return first && maybeReadonly({ kind: "set", item: first }, isReadonly);
    if (name.endsWith("Map")) {
      return first && second && maybeReadonly({ kind: "map", key: first, value: second }, isReadonly);
    }
    return { kind: "written", text: name, stored: { kind: "unknown" } };
  }

  function tupleNode({ target }: ts.TupleTypeReference, args: readonly ts.Type[]): TypeNode | undefined {
    const nodes = allOf(args.map(nodeOf));
    const isRest = (index: number): boolean => target.elementFlags[index] === t.ElementFlags.Rest;
    // A rest in the middle, or several, have no kind in the model.
    const isPlain = target.elementFlags.every(
      (flag, index) =>
        flag === t.ElementFlags.Required ||
        flag === t.ElementFlags.Optional ||
        (isRest(index) && index === args.length - 1),
    );
    if (!nodes || !isPlain) return undefined;
    const items = nodes
      .filter((_, index) => !isRest(index))
      .map((type, index) => ({ optional: target.elementFlags[index] === t.ElementFlags.Optional, type }));
    const rest = isRest(nodes.length - 1) ? nodes.at(-1) : undefined;
    return maybeReadonly({ kind: "tuple", items, ...(rest ? { rest } : {}) }, target.readonly);
  }

  function plainObject(type: ts.Type): TypeNode | undefined {
    const symbols = checker.getPropertiesOfType(type);
    const properties = allOf(symbols.map(propertyNode));
    const indexes = checker.getIndexInfosOfType(type);
    const [index] = indexes;
    const isPlain = !index || (indexes.length === 1 && !!(index.keyType.flags & t.TypeFlags.String));
    const rest = index && nodeOf(index.type);
    if (!properties || !isPlain || (index && !rest)) return undefined;
    // `{}`, which is anything but null.
    if (properties.length === 0 && !rest) return undefined;
    if (index && rest && properties.length === 0) {
      const record: TypeNode = { kind: "record", key: { kind: "string" }, value: rest, partial: false };
      return maybeReadonly(record, index.isReadonly);
    }
    const fixed = properties.filter((_, at) => symbols[at] && isReadonly(symbols[at]));
    const whole: TypeNode = { kind: "object", properties, ...(rest ? { rest } : {}) };
    if (fixed.length === 0 || fixed.length === properties.length) return maybeReadonly(whole, fixed.length > 0);
    const others = properties.filter((property) => !fixed.includes(property));
    return {
      kind: "intersection",
      left: { kind: "readonly", item: { kind: "object", properties: fixed } },
      right: { kind: "object", properties: others, ...(rest ? { rest } : {}) },
    };
  }

  function propertyNode(symbol: ts.Symbol): Property | undefined {
    // Keys that are symbols have such names, and nothing else that could be written down.
    const type = symbol.name.startsWith("__@") ? undefined : nodeOf(checker.getTypeOfSymbol(symbol));
    if (!type) return undefined;
    const text = t.displayPartsToString(symbol.getDocumentationComment(checker));
    const optional = (symbol.flags & t.SymbolFlags.Optional) !== 0;
    return { key: t.unescapeLeadingUnderscores(symbol.escapedName), optional, type, docs: text === "" ? {} : { text } };
  }

  /** As it is declared, or as a mapped type or `as const` made it, of which the compiler tells nobody. */
  function isReadonly(symbol: ts.Symbol): boolean {
    const { checkFlags = 0 } = (symbol as { readonly links?: { readonly checkFlags?: number } }).links ?? {};
    const isDeclared = (declaration: ts.Declaration): boolean =>
      (t.getCombinedModifierFlags(declaration) & t.ModifierFlags.Readonly) !== 0;
    return (checkFlags & readonlyCheckFlag) !== 0 || (symbol.declarations ?? []).some(isDeclared);
  }

  return nodeOf;
}

/** `CheckFlags.Readonly`, which the compiler does not export. */
const readonlyCheckFlag = 8;

function maybeReadonly(item: TypeNode, isReadonly: boolean): TypeNode {
  return isReadonly ? { kind: "readonly", item } : item;
}

function allOf<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length === values.length ? there : undefined;
}

function isLiteral(node: TypeNode, value: boolean): boolean {
  return node.kind === "literal" && node.values.some(({ type, text }) => type === "boolean" && text === String(value));
}

function rankOf({ kind }: TypeNode): number {
  return kind === "undefined" ? 2 : kind === "null" ? 1 : 0;
}
