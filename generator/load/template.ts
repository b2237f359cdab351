import type { $ZodTemplateLiteralPart, $ZodType } from "zod/v4/core";
import type { TypeNode } from "../model/model.ts";

/** The TypeScript template literal type of `z.templateLiteral(parts)`. */
export function templateText(parts: readonly $ZodTemplateLiteralPart[], walk: (schema: $ZodType) => TypeNode): string {
  const texts = parts.map((part) => {
    if (typeof part === "object" && part !== null) return hole(walk(part));
    return escape(part === undefined ? "" : String(part));
  });
  return `\`${texts.join("")}\``;
}

function hole(type: TypeNode): string {
  if (type.kind === "template") return type.text.slice(1, -1);
  return `\${${choices(type).join(" | ")}}`;
}

function choices(type: TypeNode): readonly string[] {
  switch (type.kind) {
    case "union":
      return type.members.flatMap(choices);
    case "literal":
      return type.values.map((value) => (value.type === "undefined" ? '""' : value.text));
    case "undefined":
      return ['""'];
    case "template":
      return [type.text];
    case "number":
    case "boolean":
    case "bigint":
    case "null":
      return [type.kind];
    default:
      return ["string"];
  }
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
}
