import type { TypeNode } from "./model.ts";

/** A type in a few words, for messages. */
export function typeText(type: TypeNode): string {
  switch (type.kind) {
    case "date":
      return "Date";
    case "bytes":
      return "Uint8Array";
    case "literal":
      return type.values.map(({ text }) => text).join(" | ");
    case "template":
    case "written":
      return type.text;
    case "object":
      return `{ ${[...type.properties.map(({ key, optional }) => key + (optional ? "?" : "")), ...(type.rest ? ["…"] : [])].join(", ")} }`;
    case "array":
      return `${inBrackets(type.item)}[]`;
    case "set":
      return `Set<${typeText(type.item)}>`;
    case "tuple":
      return `[${type.items.map((item) => typeText(item.type)).join(", ")}]`;
    case "record":
      return `Record<${typeText(type.key)}, ${typeText(type.value)}>`;
    case "map":
      return `Map<${typeText(type.key)}, ${typeText(type.value)}>`;
    case "union":
      return type.members.map(typeText).join(" | ");
    case "intersection":
      return `${typeText(type.left)} & ${typeText(type.right)}`;
    case "ref":
      return "a recursive type";
    case "readonly":
    case "brand":
      return typeText(type.item);
    default:
      return type.kind;
  }
}

function inBrackets(type: TypeNode): string {
  const text = typeText(type);
  return text.includes(" | ") || text.includes(" & ") ? `(${text})` : text;
}
