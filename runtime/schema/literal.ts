/** A value of a literal type, with the text that writes it in TypeScript. */
export interface LiteralValue {
  readonly type: "string" | "number" | "boolean" | "bigint" | "null" | "undefined";
  readonly text: string;
}

/** Undefined: no literal can be written for it. */
export function literalOf(value: unknown): LiteralValue | undefined {
  switch (typeof value) {
    case "string":
      return { type: "string", text: JSON.stringify(value) };
    case "number":
      return { type: "number", text: Object.is(value, -0) ? "0" : String(value) };
    case "boolean":
      return { type: "boolean", text: String(value) };
    case "bigint":
      return { type: "bigint", text: `${value}n` };
    case "undefined":
      return { type: "undefined", text: "undefined" };
    default:
      return value === null ? { type: "null", text: "null" } : undefined;
  }
}
