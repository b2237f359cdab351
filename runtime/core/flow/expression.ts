/**
 * Expressions: what the input of a node says of values that other nodes will give. They stand in templates, are stored with the
 * job, and are evaluated when it is claimed.
 */

/**
 * What of a node is meant.
 *
 * - `output`: what its handler returned; it has to have succeeded. Of a batch: the outputs of its members, as an array.
 * - `maybe`: the same, or undefined if it has no output.
 * - `outcome`: how it ended. Of a batch: the outcomes of its members, as an array.
 */
export const nodeAspects = ["output", "maybe", "outcome"] as const;

export type NodeAspect = (typeof nodeAspects)[number];

export type Path = readonly (string | number)[];

/**
 * `item`: that of the member of a map; `input`: that of the workflow. Both are replaced before anything is stored. With a node
 * `input` is that of a workflow within the flow, which this node gives.
 */
export type Expression =
  | { readonly of: NodeAspect | "input"; readonly node: string; readonly path: Path }
  | { readonly of: "input" | "item"; readonly path: Path }
  | { readonly of: Operator; readonly operands: readonly unknown[] };

/** Comparisons are those of JavaScript, of numbers, bigints, dates and texts; `eq` and `ne` compare by value. */
export const operators = ["eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not"] as const;

export type Operator = (typeof operators)[number];

function isOperator(of: Expression["of"]): of is Operator {
  return (operators as readonly string[]).includes(of);
}

export function isReference(expression: Expression): expression is Exclude<Expression, { readonly of: Operator }> {
  return !isOperator(expression.of);
}

const expressions = new WeakMap<object, Expression>();

/**
 * Stands for a value that is not there yet. Its properties stand for those of the value, whatever they are called: so it
 * must not be awaited or printed, and `expressionOf` is the only way to look inside.
 */
export function createReference(expression: Exclude<Expression, { readonly of: Operator }>): object {
  const reference: object = new Proxy(Object.freeze({}), {
    get(_target, key) {
      if (typeof key === "symbol") return undefined;
      return createReference({ ...expression, path: [...expression.path, key] });
    },
  });
  expressions.set(reference, expression);
  return reference;
}

/** Something to be computed from references and values. */
export function createOperation(of: Operator, operands: readonly unknown[]): object {
  const operation = Object.freeze({});
  expressions.set(operation, { of, operands });
  return operation;
}

/** Undefined: an ordinary value. */
export function expressionOf(value: unknown): Expression | undefined {
  return typeof value === "object" && value !== null ? expressions.get(value) : undefined;
}
