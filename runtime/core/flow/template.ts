import { JobwrightError } from "../../contract/index.ts";
import type { JsonValue } from "../json-value.ts";
import {
  type Expression,
  expressionOf,
  isReference,
  type NodeAspect,
  nodeAspects,
  operators,
  type Path,
} from "./expression.ts";

/**
 * A template is JSON that stands for any value that jobs can have, with expressions in it. What JSON cannot say is an object with
 * the key `$`, which says what it is: `{"$":"date","v":0}`, `{"$":"output","node":"resize","path":["file"]}`.
 *
 * It knows no schema: which job the value is for, and how that one would store it, does not matter before it is evaluated.
 */
export type Template = JsonValue;

const tag = "$";

/** Throws `JW_INVALID_INPUT` for what no job can have, e.g. a function. */
export function encodeTemplate(value: unknown, path = "the input"): Template {
  const expression = expressionOf(value);
  if (expression) return encodeExpression(expression, path);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { [tag]: "number", v: textOfNumber(value) };
    case "bigint":
      return { [tag]: "bigint", v: value.toString() };
    case "undefined":
      return { [tag]: "undefined" };
    case "object":
      return value === null ? null : encodeObject(value, path);
    default:
      throw unstorable(path, `a ${typeof value}`);
  }
}

/** `String` forgets the sign of zero. */
function textOfNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function encodeExpression(expression: Expression, path: string): Template {
  if ("operands" in expression) {
    const v = expression.operands.map((operand) => encodeTemplate(operand, path));
    return { [tag]: expression.of, v };
  }
  if ("node" in expression) return { [tag]: expression.of, node: expression.node, path: expression.path };
  return { [tag]: expression.of, path: expression.path };
}

function encodeObject(value: object, path: string): Template {
  if (Array.isArray(value)) return value.map((item, index) => encodeTemplate(item, `${path}[${index}]`));
  if (value instanceof Date) return { [tag]: "date", v: Number.isNaN(value.getTime()) ? null : value.getTime() };
  if (value instanceof Uint8Array) return { [tag]: "bytes", v: Buffer.from(value).toString("base64") };
  if (value instanceof Map) return { [tag]: "map", v: encodeTemplate([...value], path) };
  if (value instanceof Set) return { [tag]: "set", v: encodeTemplate([...value], path) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unstorable(path, "an object of a class");
  const entries = Object.entries(value).map(([key, item]) => [key, encodeTemplate(item, `${path}.${key}`)] as const);
  const plain = withEntries(entries);
  return Object.hasOwn(plain, tag) ? { [tag]: "object", v: entries.map(([key, item]) => [key, item]) } : plain;
}

/** Also for a key `__proto__`, which an assignment would not make a property of. */
function withEntries<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries(entries);
}

/** What an expression stands for. */
export type Evaluate = (expression: Expression) => unknown;

/** The value that a template stands for. Throws `JW_INVALID_PAYLOAD` for what is no template. */
export function decodeTemplate(template: unknown, evaluate: Evaluate): unknown {
  if (Array.isArray(template)) return template.map((item) => decodeTemplate(item, evaluate));
  if (typeof template !== "object" || template === null) return template;
  if (!Object.hasOwn(template, tag)) {
    return withEntries(Object.entries(template).map(([key, item]) => [key, decodeTemplate(item, evaluate)]));
  }
  const tagged = template as Readonly<Record<string, unknown>>; // it has the tag
  const expression = readExpression(tagged);
  if (!expression) return decodeTagged(tagged, evaluate);
  if (!("operands" in expression)) return evaluate(expression);
  const operands = expression.operands.map((operand) => decodeTemplate(operand, evaluate));
  return evaluate({ of: expression.of, operands });
}

function decodeTagged(tagged: Readonly<Record<string, unknown>>, evaluate: Evaluate): unknown {
  const { [tag]: kind, v } = tagged;
  const items = (): unknown[] => {
    const decoded = decodeTemplate(v, evaluate);
    if (Array.isArray(decoded)) return decoded;
    throw damaged();
  };
  switch (kind) {
    case "number":
      return Number(v);
    case "bigint":
      return BigInt(String(v));
    case "undefined":
      return undefined;
    case "date":
      return new Date(v === null ? Number.NaN : Number(v));
    case "bytes":
      return new Uint8Array(Buffer.from(String(v), "base64"));
    case "map":
      return new Map(items() as [unknown, unknown][]); // pairs, by encodeObject
    case "set":
      return new Set(items());
    case "object":
      return withEntries(items() as [string, unknown][]); // entries, by encodeObject
    default:
      throw damaged();
  }
}

/** Undefined: it stands for a value. Throws `JW_INVALID_PAYLOAD` for an expression that is none. */
function readExpression({ [tag]: of, node, path, v }: Readonly<Record<string, unknown>>): Expression | undefined {
  if (isOneOf(operators, of) && Array.isArray(v)) return { of, operands: v };
  const isAspect = isOneOf(nodeAspects, of);
  if (!isAspect && of !== "input" && of !== "item") return undefined;
  if (!Array.isArray(path)) throw damaged();
  const steps = path.map((step) => (typeof step === "number" ? step : String(step)));
  if (of !== "item" && typeof node === "string") return { of, node, path: steps };
  if (isAspect) throw damaged();
  return { of, path: steps };
}

function isOneOf<const T extends string>(list: readonly T[], value: unknown): value is T {
  return (list as readonly unknown[]).includes(value);
}

/** The same template with other expressions, or values, in the place of its references. */
export function rewrite(template: Template, replace: (expression: Expression) => Template | undefined): Template {
  if (Array.isArray(template)) return template.map((item: Template) => rewrite(item, replace));
  if (typeof template !== "object" || template === null) return template;
  const object = template as Readonly<Record<string, Template>>; // no array, no primitive
  const expression = Object.hasOwn(object, tag) ? readExpression(object) : undefined;
  if (expression && isReference(expression)) return replace(expression) ?? template;
  return withEntries(Object.entries(object).map(([key, item]) => [key, rewrite(item, replace)]));
}

/** A part of a template, as `valueAt` is a part of its value: also of what a reference in it stands for. */
export function templateAt(template: Template, path: Path): Template {
  let at = template;
  for (const [index, step] of path.entries()) {
    const expression = expressionIn(at);
    if (expression && !("operands" in expression)) {
      return encodeExpression({ ...expression, path: [...expression.path, ...path.slice(index)] }, "");
    }
    const part = expression ? undefined : partOf(at, step);
    if (part === undefined) return { [tag]: "undefined" };
    at = part;
  }
  return at;
}

function partOf(template: Template, step: string | number): Template | undefined {
  if (typeof template !== "object" || template === null) return undefined;
  const object = template as Readonly<Record<string | number, Template>>; // arrays have numbers for keys
  if (Array.isArray(template) || !Object.hasOwn(object, tag))
    return Object.hasOwn(object, step) ? object[step] : undefined;
  const entries = object[tag] === "object" ? (object["v"] as readonly [string, Template][]) : []; // by encodeObject
  return entries.find(([key]) => key === String(step))?.[1];
}

/** What stands there if it is an expression. */
export function expressionIn(template: Template): Expression | undefined {
  if (typeof template !== "object" || template === null || !Object.hasOwn(template, tag)) return undefined;
  return readExpression(template as Readonly<Record<string, unknown>>); // it has the tag
}

export interface NodeReference {
  readonly node: string;
  readonly aspect: NodeAspect | "input";
}

/** The nodes that a template takes something from. */
export function referencesIn(template: Template): readonly NodeReference[] {
  const found: NodeReference[] = [];
  rewrite(template, (expression) => {
    if ("node" in expression) found.push({ node: expression.node, aspect: expression.of });
    return undefined;
  });
  return found;
}

/** Whether a template has anything in it but references. */
export function holdsValues(template: Template): boolean {
  return isOrHoldsValue(rewrite(template, () => []));
}

function isOrHoldsValue(part: Template): boolean {
  if (typeof part !== "object" || part === null) return true;
  return Object.entries(part).some(([key, item]: [string, Template]) => key !== tag && isOrHoldsValue(item));
}

function unstorable(path: string, what: string): JobwrightError {
  return new JobwrightError("JW_INVALID_INPUT", `${path} is ${what}, which cannot be stored.`, {
    hint: "Give plain data, dates, bigints, maps, sets, bytes, and references to other nodes.",
  });
}

function damaged(): JobwrightError {
  return new JobwrightError("JW_INVALID_PAYLOAD", "The stored template of a node cannot be read.");
}
