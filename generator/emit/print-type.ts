import type { Property, TypeNode } from "../model/model.ts";
import { jsDoc, maxWidth, typeKey } from "./text.ts";
import type { PrintedSide, TypeNames } from "./type-names.ts";

/** Prints the types of one side of a schema, or of what is stored. */
export interface TypePrinter {
  /** A type in one expression; nested lines are indented by `indent`. */
  print(type: TypeNode, indent?: string): string;
  /** `interface Name { … }`, or a type alias where it is not an object. */
  declare(name: string, type: TypeNode): string;
}

export function createTypePrinter(names: TypeNames, side: PrintedSide): TypePrinter {
  /** The layout asks for one text several times; without the memory the work would double with each level. */
  const printed = new WeakMap<TypeNode, Map<string, string>>();

  function print(type: TypeNode, indent = ""): string {
    const byIndent = printed.get(type) ?? new Map<string, string>();
    printed.set(type, byIndent);
    const text = byIndent.get(indent) ?? printKind(type, indent);
    byIndent.set(indent, text);
    return text;
  }

  function printKind(type: TypeNode, indent: string): string {
    switch (type.kind) {
      case "string":
      case "boolean":
      case "bigint":
      case "null":
      case "undefined":
      case "any":
      case "unknown":
      case "never":
      case "number":
        return type.kind;
      case "date":
        return "Date";
      case "bytes":
        return "Uint8Array<ArrayBuffer>";
      case "literal":
        return type.values.map(({ text }) => text).join(" | ");
      case "template":
      case "written":
        return type.text;
      case "object":
        return printObject(type.properties, type.rest, indent);
      case "array":
        return `${wrap(type.item, indent)}[]`;
      case "set":
        return printGeneric("Set", [type.item], indent);
      case "map":
        return printGeneric("Map", [type.key, type.value], indent);
      case "tuple":
        return printTuple(type, indent);
      case "record":
        return printRecord(type, indent);
      case "union":
        return [...new Set(type.members.map((member) => printMember(member, indent)))].join(" | ");
      case "intersection":
        return `${wrap(type.left, indent)} & ${wrap(type.right, indent)}`;
      case "ref":
        return names.ref(type.id, side);
      case "readonly":
        return printReadonly(type.item, indent);
      case "brand":
        return `${wrap(type.item, indent)} & $brand<${JSON.stringify(type.name)}>`;
      default:
        return type satisfies never;
    }
  }

  function wrap(type: TypeNode, indent: string): string {
    const text = print(type, indent);
    const compound =
      ["union", "intersection", "brand"].includes(type.kind) ||
      (type.kind === "written" && !isName(text)) ||
      (type.kind === "readonly" && text.startsWith("readonly "));
    const list = type.kind === "literal" && type.values.length > 1;
    if (!compound && !list) return text;
    return type.kind === "union" && text.includes("\n") ? `(${printLines(type, indent)}\n${indent})` : `(${text})`;
  }

  /** A member a line. */
  function printLines(type: TypeNode, indent: string): string {
    return unionMembers(type, `${indent}    `)
      .map((member) => `\n${indent}  | ${member}`)
      .join("");
  }

  function printGeneric(name: string, args: readonly TypeNode[], indent: string): string {
    const line = args.map((arg) => print(arg, indent)).join(", ");
    if (!line.includes("\n") || (args.length === 1 && args[0]?.kind !== "union")) return `${name}<${line}>`;
    return `${name}<${printItems(
      args.map((arg) => printItem(arg, `${indent}  `)),
      indent,
    )}>`;
  }

  /** Its members begin lines of their own, where the lines of other types begin. */
  function printItem(type: TypeNode, indent: string): string {
    const text = print(type, indent);
    if (type.kind !== "union" || !text.includes("\n")) return text;
    return printLines(type, indent.slice(2)).trimStart();
  }

  function printItems(items: readonly string[], indent: string): string {
    return `${items.map((item) => `\n${indent}  ${item}`).join(",")}\n${indent}`;
  }

  function printMember(type: TypeNode, indent: string): string {
    return type.kind === "written" && !isName(type.text) ? wrap(type, indent) : print(type, indent);
  }

  function printObject(properties: readonly Property[], rest: TypeNode | undefined, indent: string): string {
    if (properties.length === 0 && !rest) return "Record<string, never>";
    const inner = `${indent}  `;
    const members = properties.map((property) => printProperty(property, inner));
    if (!rest) return `{\n${members.join("")}${indent}}`;
    const index = `${inner}[key: string]: ${print(rest, inner)};\n`;
    // Other keys may hold what the listed ones do not; only an intersection says so.
    if (properties.every((property) => fitsRest(property, rest))) return `{\n${members.join("")}${index}${indent}}`;
    return `{\n${members.join("")}${indent}} & {\n${index}${indent}}`;
  }

  function printProperty({ key, optional, type, docs }: Property, indent: string): string {
    const start = `${indent}${typeKey(key)}${optional ? "?" : ""}:`;
    return `${jsDoc(docs, indent)}${start}${afterSign(type, start, indent)};\n`;
  }

  /** What follows a `:` or `=`: one member a line when the whole is too wide, or has objects in it. */
  function afterSign(type: TypeNode, start: string, indent: string): string {
    const text = ` ${print(type, indent)}`;
    const width = Math.max(...`${start}${text};`.split("\n").map((line) => line.length));
    const isOnOneLine = width <= maxWidth && !(type.kind === "union" && text.includes("\n"));
    return isOnOneLine || unionMembers(type, indent).length < 2 ? text : printLines(type, indent);
  }

  function unionMembers(type: TypeNode, indent: string): readonly string[] {
    if (type.kind === "literal") return type.values.map(({ text }) => text);
    if (type.kind !== "union") return [printMember(type, indent)];
    return [...new Set(type.members.flatMap((member) => unionMembers(member, indent)))];
  }

  function printTuple({ items, rest }: TypeNode & { readonly kind: "tuple" }, indent: string): string {
    const printAll = (inner: string): readonly string[] => [
      ...items.map(({ type, optional }) => (optional ? `${wrap(type, inner)}?` : printItem(type, inner))),
      ...(rest ? [`...${wrap(rest, inner)}[]`] : []),
    ];
    const line = printAll(indent).join(", ");
    return line.includes("\n") ? `[${printItems(printAll(`${indent}  `), indent)}]` : `[${line}]`;
  }

  function printRecord({ key, value, partial }: TypeNode & { readonly kind: "record" }, indent: string): string {
    // Not Record<…>: a type that leads back to itself through a mapped type is circular.
    if (key.kind === "string" || key.kind === "number" || key.kind === "template") {
      const text = print(value, indent);
      return `{ [key: ${print(key)}]: ${partial ? unionText(text, "undefined") : text} }`;
    }
    const record = printGeneric("Record", [key, value], indent);
    return partial ? `Partial<${record}>` : record;
  }

  function printReadonly(type: TypeNode, indent: string): string {
    switch (type.kind) {
      case "array":
      case "tuple":
        return `readonly ${print(type, indent)}`;
      case "map":
      case "set":
        return `Readonly${print(type, indent)}`;
      default:
        return `Readonly<${print(type, indent)}>`;
    }
  }

  return {
    print,
    declare(name, type) {
      const isInterface = type.kind === "object" && (type.properties.length > 0 || type.rest !== undefined);
      const text = print(type);
      if (isInterface && !text.includes("\n} & {\n")) return `export interface ${name} ${text}\n`;
      const start = `export type ${name} =`;
      return `${start}${afterSign(type, start, "")};\n`;
    },
  };
}

/** Whether an index signature of type `rest` lets the property stand beside it. */
function fitsRest({ type, optional }: Property, rest: TypeNode): boolean {
  if (rest.kind === "unknown" || rest.kind === "any") return true;
  const kinds = new Set(membersOf(rest).map((member) => JSON.stringify(member)));
  const fits = (member: TypeNode): boolean =>
    kinds.has(JSON.stringify(member)) ||
    (member.kind === "literal" && member.values.every((value) => kinds.has(plainKind(value.type))));
  return membersOf(type).every(fits) && (!optional || kinds.has(JSON.stringify({ kind: "undefined" })));
}

function membersOf(type: TypeNode): readonly TypeNode[] {
  return type.kind === "union" ? type.members : [type];
}

/** As `JSON.stringify` has the node of the type that a literal belongs to. */
function plainKind(kind: string): string {
  return JSON.stringify(kind === "number" ? { kind, special: false } : { kind });
}

/** A type that needs no parentheses anywhere. */
function isName(text: string): boolean {
  return /^[\w$.]+$/.test(text);
}

function unionText(text: string, member: string): string {
  return text.split(" | ").includes(member) ? text : `${text} | ${member}`;
}
