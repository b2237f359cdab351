import { isDeepStrictEqual } from "node:util";
import { JobwrightError } from "../../contract/index.ts";
import type { Operator, Path } from "./expression.ts";

/** The value at a path; undefined where the path leads nowhere. Only own properties count, so no prototype is ever seen. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step]; // an own property
  }
  return at;
}

/** Throws `JW_INVALID_PAYLOAD` if the operands cannot be compared. */
export function operate(operator: Operator, operands: readonly unknown[]): boolean {
  const [left, right] = operands;
  switch (operator) {
    case "eq":
      return isDeepStrictEqual(left, right);
    case "ne":
      return !isDeepStrictEqual(left, right);
    case "and":
      return operands.every((operand) => operand === true);
    case "or":
      return operands.some((operand) => operand === true);
    case "not":
      return left !== true;
    default:
      return compare(operator, order(left, right));
  }
}

function compare(operator: "lt" | "lte" | "gt" | "gte", sign: number): boolean {
  switch (operator) {
    case "lt":
      return sign < 0;
    case "lte":
      return sign <= 0;
    case "gt":
      return sign > 0;
    case "gte":
      return sign >= 0;
  }
}

function order(left: unknown, right: unknown): number {
  const [a, b] = [comparable(left), comparable(right)];
  if (a !== undefined && b !== undefined && (typeof a === "string") === (typeof b === "string")) {
    return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN;
  }
  throw new JobwrightError("JW_INVALID_PAYLOAD", "A condition compares values that have no order.", {
    hint: "Compare numbers, dates, bigints or texts with their like.",
  });
}

function comparable(value: unknown): number | bigint | string | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string" ? value : undefined;
}
