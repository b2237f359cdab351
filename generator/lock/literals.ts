import { isDeepStrictEqual } from "node:util";
import type { ContractNode, ContractValue } from "../model/contract.ts";

/** Whether a reader takes this one value. Undefined: it depends on code. */
export function acceptsValue(accept: ContractNode, value: ContractValue): boolean {
  switch (accept.kind) {
    case "any":
    case "unknown":
      return true;
    case "literal":
      return accept.values.some((own) => isDeepStrictEqual(own, value));
    case "null":
      return value === null;
    case "undefined":
      return isTagged(value, "undefined");
    case "boolean":
      return typeof value === "boolean";
    case "nan":
      return isTagged(value, "number") && value.number === "NaN";
    case "string":
      return typeof value === "string" && fitsText(accept, value);
    case "template":
      return typeof value === "string" && fitsPattern(accept.pattern, value);
    case "number":
      return typeof value === "number" && fitsNumber(accept, value);
    case "bigint":
      return isTagged(value, "bigint") && fitsBigint(accept, BigInt(value.bigint));
    default:
      return false;
  }
}

function isTagged<Tag extends string>(value: ContractValue, tag: Tag): value is ContractValue & Record<Tag, string> {
  return typeof value === "object" && value !== null && tag in value;
}

type Of<Kind extends ContractNode["kind"]> = ContractNode & { readonly kind: Kind };

function fitsText(
  { minLength = 0, maxLength = Infinity, formats, patterns = [] }: Of<"string">,
  text: string,
): boolean {
  const length = Array.from(text).length;
  if (length < minLength || length > maxLength || formats) return false;
  return patterns.every((pattern) => fitsPattern(pattern, text));
}

/** `pattern` as code has it: `/^a/u`. */
function fitsPattern(pattern: string, text: string): boolean {
  const end = pattern.lastIndexOf("/");
  return new RegExp(pattern.slice(1, end), pattern.slice(end + 1).replace(/[gy]/g, "")).test(text);
}

function fitsNumber({ min, max, above, below, int, multipleOf = [] }: Of<"number">, value: number): boolean {
  return (
    isInside(value, { min, max, above, below }) &&
    (!int || Number.isSafeInteger(value)) &&
    multipleOf.every((step) => Number.isInteger(step) && value % step === 0)
  );
}

function fitsBigint({ min, max, above, below, multipleOf = [] }: Of<"bigint">, value: bigint): boolean {
  const parsed = (limit: string | undefined): bigint | undefined => (limit === undefined ? undefined : BigInt(limit));
  return (
    isInside(value, { min: parsed(min), max: parsed(max), above: parsed(above), below: parsed(below) }) &&
    multipleOf.every((step) => BigInt(step) !== 0n && value % BigInt(step) === 0n)
  );
}

interface Bounds<Value> {
  readonly min: Value | undefined;
  readonly max: Value | undefined;
  readonly above: Value | undefined;
  readonly below: Value | undefined;
}

function isInside<Value extends number | bigint>(value: Value, { min, max, above, below }: Bounds<Value>): boolean {
  return (
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}
