import type { ts } from "ts-morph";

/** Leads through the calls that make a schema the way that the walker goes through the schema itself. */
export interface Following {
  /** The call that made the schema, and the calls after it that only refine it, outermost first. */
  peel(node: ts.Node): { readonly base: ts.Node; readonly outer: readonly ts.CallExpression[] };
  /** To the schema inside, by its index: 0 in a wrapper, 0 and 1 in a pipe, the option's in a union. */
  walk(node: ts.Node, inside: readonly number[]): ts.Node | undefined;
  nameOf(call: ts.CallExpression): string;
}

interface Tools {
  /** Through the constants of the file. */
  resolve(node: ts.Node): ts.Node;
  /** Whether this is `z`. */
  isNamespace(node: ts.Node): boolean;
}

const wrappers = new Set(["optional", "nullable", "nonoptional", "exactOptional", "readonly", "success"]);
const withValue = new Set(["default", "prefault", "catch"]);
const pairs = new Set(["or", "and", "pipe", "transform"]);
const lists = new Set(["union", "discriminatedUnion", "xor"]);
const others = new Set(["nullish", "array", "codec", "intersection", "preprocess", "lazy"]);

export function followingOf(t: typeof ts, { resolve, isNamespace }: Tools): Following {
  function nameOf({ expression }: ts.CallExpression): string {
    return t.isPropertyAccessExpression(expression) ? expression.name.text : "";
  }

  function ownerOf({ expression }: ts.CallExpression): ts.Node {
    return t.isPropertyAccessExpression(expression) ? expression.expression : expression;
  }

  function peel(node: ts.Node, outer: readonly ts.CallExpression[] = []): ReturnType<Following["peel"]> {
    const base = resolve(node);
    if (!t.isCallExpression(base) || isNamespace(ownerOf(base))) return { base, outer };
    const name = nameOf(base);
    const isStep = [wrappers, withValue, pairs, lists, others].some((names) => names.has(name));
    return isStep || name === "" ? { base, outer } : peel(ownerOf(base), [...outer, base]);
  }

  function step(node: ts.Node, index: number): ts.Node | undefined {
    const { base: call } = peel(node);
    if (!t.isCallExpression(call)) return undefined;
    const name = nameOf(call);
    const args = call.arguments;
    // `z.optional(x)`, or `x.optional()`.
    const all: readonly ts.Node[] = isNamespace(ownerOf(call)) ? args : [ownerOf(call), ...args];
    if (wrappers.has(name) || withValue.has(name)) return index === 0 ? all[0] : undefined;
    if (pairs.has(name) || ["codec", "intersection", "preprocess"].includes(name)) return all[index];
    if (lists.has(name)) {
      const options = args.find(t.isArrayLiteralExpression);
      return options?.elements[index];
    }
    const [first] = args;
    if (name === "lazy" && first && t.isArrowFunction(first) && !t.isBlock(first.body)) return first.body;
    return undefined;
  }

  function walk(node: ts.Node, [index, ...rest]: readonly number[]): ts.Node | undefined {
    if (index === undefined) return node;
    const { base } = peel(node);
    // `.nullish()` is an optional of a nullable.
    if (t.isCallExpression(base) && nameOf(base) === "nullish") {
      const inner = isNamespace(ownerOf(base)) ? base.arguments[0] : ownerOf(base);
      return inner && rest.length > 0 ? walk(inner, rest.slice(1)) : undefined;
    }
    const inner = step(node, index);
    return inner && walk(inner, rest);
  }

  return { peel, walk, nameOf };
}
