import { createOperation, type Operator } from "./expression.ts";
import type { Reference, Templated } from "./references.ts";

type Ordered = number | bigint | string | Date;
type Comparison = <T>(left: Templated<T>, right: Templated<T>) => Reference<boolean>;
type Order = <T extends Ordered>(left: Templated<T>, right: Templated<T>) => Reference<boolean>;
type Join = (...conditions: readonly Reference<boolean>[]) => Reference<boolean>;

/** Conditions on values that are not there yet, for `if`. */
export interface Comparisons {
  /** Equal in value: also objects, lists, dates. */
  readonly eq: Comparison;
  readonly ne: Comparison;
  readonly lt: Order;
  readonly lte: Order;
  readonly gt: Order;
  readonly gte: Order;
  readonly and: Join;
  readonly or: Join;
  readonly not: (condition: Reference<boolean>) => Reference<boolean>;
}

function operation(operator: Operator): (...operands: readonly unknown[]) => Reference<boolean> {
  // The brand of a reference is a type alone.
  return (...operands) => createOperation(operator, operands) as Reference<boolean>;
}

export const comparisons: Comparisons = {
  eq: operation("eq"),
  ne: operation("ne"),
  lt: operation("lt"),
  lte: operation("lte"),
  gt: operation("gt"),
  gte: operation("gte"),
  and: operation("and"),
  or: operation("or"),
  not: operation("not"),
};
