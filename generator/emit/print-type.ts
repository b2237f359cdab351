import type { Property, TypeNode } from "../model/model.ts";
import { jsDoc, maxWidth, typeKey } from "./text.ts";
import type { Side, TypeNames } from "./type-names.ts";

/** Prints the types of one side of a schema. */
export interface TypePrinter {
  /** A type in one expression; nested lines are indented by `indent`. */
  print(type: TypeNode, indent?: string): string;
  /** `interface Name { … }`, or a type alias where it is not an object. */
  declare(name: string, type: TypeNode): string;
}

export function createTypePrinter(names: TypeNames, side: Side): TypePrinter {
  function print(type: TypeNode, indent = ""): string {
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
        return `Set<${print(type.item, indent)}>`;
      case "map":
        return `Map<${print(type.key, indent)}, ${print(type.value, indent)}>`;
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
      ["union", "intersection", "brand", "written"].includes(type.kind) ||
      (type.kind === "readonly" && text.startsWith("readonly "));
    const list = type.kind === "literal" && type.values.length > 1;
    return compound || list ? `(${text})` : text;
  }

  function printMember(type: TypeNode, indent: string): string {
    return type.kind === "written" ? wrap(type, indent) : print(type, indent);
  }

  function printObject(properties: readonly Property[], rest: TypeNode | undefined, indent: string): string {
    if (properties.length === 0 && !rest) return "Record<string, never>";
    const inner = `${indent}  `;
    const members = properties.map((property) => printProperty(property, inner));
    if (!rest) return `{\n${members.join("")}${indent}}`;
    const index = `${inner}[key: string]: ${print(rest, inner)};\n`;
    // Other keys may hold what the listed ones do not; only an intersection says so.
    if (rest.kind === "unknown" || rest.kind === "any" || properties.length === 0)
      return `{\n${members.join("")}${index}${indent}}`;
    return `{\n${members.join("")}${indent}} & {\n${index}${indent}}`;
  }

  function printProperty({ key, optional, type, docs }: Property, indent: string): string {
    const start = `${indent}${typeKey(key)}${optional ? "?" : ""}:`;
    return `${jsDoc(docs, indent)}${start} ${breakUnion(type, `${start} `, indent)};\n`;
  }

  /** One member a line when the whole is too wide, or has objects in it. */
  function breakUnion(type: TypeNode, start: string, indent: string): string {
    const text = print(type, indent);
    const width = Math.max(...`${start}${text};`.split("\n").map((line) => line.length));
    const members = unionMembers(type, `${indent}    `);
    const isOnOneLine = width <= maxWidth && !(type.kind === "union" && text.includes("\n"));
    if (isOnOneLine || members.length < 2) return text;
    return members.map((member) => `\n${indent}  | ${member}`).join("");
  }

  function unionMembers(type: TypeNode, indent: string): readonly string[] {
    if (type.kind === "literal") return type.values.map(({ text }) => text);
    if (type.kind !== "union") return [printMember(type, indent)];
    return [...new Set(type.members.flatMap((member) => unionMembers(member, indent)))];
  }

  function printTuple(type: TypeNode & { readonly kind: "tuple" }, indent: string): string {
    const items = type.items.map((item) => (item.optional ? `${wrap(item.type, indent)}?` : print(item.type, indent)));
    return `[${[...items, ...(type.rest ? [`...${wrap(type.rest, indent)}[]`] : [])].join(", ")}]`;
  }

  function printRecord({ key, value, partial }: TypeNode & { readonly kind: "record" }, indent: string): string {
    // Not Record<…>: a type that leads back to itself through a mapped type is circular.
    if (key.kind === "string" || key.kind === "number" || key.kind === "template") {
      const text = print(value, indent);
      return `{ [key: ${print(key)}]: ${partial ? unionText(text, "undefined") : text} }`;
    }
    const record = `Record<${print(key, indent)}, ${print(value, indent)}>`;
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
      return `${start} ${breakUnion(type, `${start} `, "")};\n`.replace("= \n", "=\n");
    },
  };
}

function unionText(text: string, member: string): string {
  return text.split(" | ").includes(member) ? text : `${text} | ${member}`;
}
