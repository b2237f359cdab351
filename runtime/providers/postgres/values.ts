import { JobwrightError } from "../../contract/index.ts";

type Parser = (value: string) => unknown;

const asText: Parser = (value) => value;
const asBoolean: Parser = (value) => value === "t";

/** By object id; all others are text here (https://www.postgresql.org/docs/current/catalog-pg-type.html). */
const parsers: ReadonlyMap<number, Parser> = new Map([
  [16, asBoolean],
  ...[20, 21, 23, 26, 700, 701].map((numeric) => [numeric, Number] as const),
]);

/**
 * How results are read, whatever the application told pg about types: all our numbers, also 64-bit ones, are below 2⁵³.
 * The shape is that of pg's `CustomTypesConfig`.
 */
export const types = {
  getTypeParser: (oid: number) => parsers.get(oid) ?? asText,
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Ids are kept as UUIDs: 16 bytes instead of 37, in the row and in its index. No other id can be there. */
export function isStorableId(id: string): boolean {
  return uuid.test(id);
}

export function storableId(id: string): string {
  if (uuid.test(id)) return id;
  throw new JobwrightError("JW_INVALID_INPUT", `The id ${JSON.stringify(id)} is not a UUID in lower case.`, {
    hint: "Leave ids to the client, or pass a UUID.",
  });
}

export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** PostgreSQL's text holds every character but U+0000, and UTF-8 has no lone surrogates. */
export function storable(text: string, what: string): string {
  if (isStorable(text)) return text;
  throw new JobwrightError(
    "JW_INVALID_INPUT",
    `${what} has a NUL or half a surrogate pair, which PostgreSQL cannot hold.`,
    {
      hint: "Encode it as JSON, which escapes both.",
    },
  );
}

/** For text that must not be refused for a character: what cannot be stored, and the escape itself, is written in words. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\\0]|\p{Surrogate}/gu, (unit) => {
    if (unit === "\\") return "\\\\";
    return `\\${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

export function unescaped(text: string): string {
  return text.replaceAll(/\\(\\|[0-9a-f]{4})/g, (_, code: string) =>
    code === "\\" ? code : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
