import type { $ZodType, $ZodTypes } from "zod/v4/core";
import type { Sensitive } from "../../runtime/core/redaction.ts";
import type { JobDefinition } from "../../runtime/schema/index.ts";
import { metaOf } from "./meta.ts";
import { lazyTarget } from "./optional.ts";

/** Keys from the value inwards; `*` stands for any key or index. */
type Steps = readonly string[];

const whole: readonly Steps[] = [[]];

/** Deeper schemas have no end, and are refused elsewhere. */
const maxDepth = 100;

/**
 * Where `.meta({ sensitive: true })` stands in a schema, as dotted paths into what is stored. What has no path of its own
 * makes all that it is in sensitive: better too much than too little.
 */
function sensitivePaths(schema: $ZodType, ...at: readonly string[]): readonly string[] {
  const found = stepsTo(schema, new Set()).map((steps) => pathOf([...at, ...steps]));
  return [...new Set(found)].sort();
}

/** A key that cannot be part of a path ends it, and so covers its neighbours as well. */
function pathOf(steps: Steps): string {
  const end = steps.findIndex((step) => step === "" || step.includes("."));
  return (end < 0 ? steps : steps.slice(0, end)).join(".");
}

function stepsTo(schema: $ZodType, open: ReadonlySet<$ZodType>): readonly Steps[] {
  if (isMarked(schema)) return whole;
  if (!holdsMark(schema, new Set())) return [];
  // A path has an end, and what recurs here has none.
  if (open.has(schema) || open.size > maxDepth) return whole;
  const inside = new Set([...open, schema]);
  const at = (step: string, inner: $ZodType): readonly Steps[] =>
    stepsTo(inner, inside).map((steps) => [step, ...steps]);
  const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
  switch (def.type) {
    case "object":
      return [
        ...Object.entries(def.shape).flatMap(([key, inner]) => at(key, inner)),
        ...(def.catchall ? at("*", def.catchall) : []),
      ];
    case "array":
      return at("*", def.element);
    case "set":
      return at("*", def.valueType);
    case "map":
      // A list of pairs.
      return [...at("0", def.keyType), ...at("1", def.valueType)].map((steps) => ["*", ...steps]);
    case "tuple":
      return [...def.items.flatMap((item, index) => at(String(index), item)), ...(def.rest ? at("*", def.rest) : [])];
    case "record":
      return holdsMark(def.keyType, new Set()) ? whole : at("*", def.valueType);
    case "union":
      return def.options.flatMap((option) => stepsTo(option, inside));
    case "intersection":
      return [...stepsTo(def.left, inside), ...stepsTo(def.right, inside)];
    case "pipe":
      // What is stored goes in; how it leads to what comes out nobody knows.
      return holdsMark(def.out, new Set()) ? whole : stepsTo(def.in, inside);
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "catch":
    case "success":
    case "readonly":
    case "promise":
      return stepsTo(def.innerType, inside);
    case "lazy":
      return stepsTo(lazyTarget(schema), inside);
    default:
      return whole;
  }
}

function isMarked(schema: $ZodType): boolean {
  return metaOf(schema).sensitive === true;
}

/** Whether the schema, or anything in it, is marked. */
function holdsMark(schema: $ZodType, seen: Set<$ZodType>, depth = 0): boolean {
  if (isMarked(schema)) return true;
  if (seen.has(schema) || depth > maxDepth) return false;
  seen.add(schema);
  return partsOf(schema).some((part) => holdsMark(part, seen, depth + 1));
}

function partsOf(schema: $ZodType): readonly $ZodType[] {
  const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
  switch (def.type) {
    case "object":
      return [...Object.values(def.shape), ...(def.catchall ? [def.catchall] : [])];
    case "array":
      return [def.element];
    case "set":
      return [def.valueType];
    case "map":
    case "record":
      return [def.keyType, def.valueType];
    case "tuple":
      return [...def.items, ...(def.rest ? [def.rest] : [])];
    case "union":
      return def.options;
    case "intersection":
      return [def.left, def.right];
    case "pipe":
      return [def.in, def.out];
    case "lazy":
      return [lazyTarget(schema)];
    case "template_literal":
      return def.parts.flatMap((part) => (typeof part === "object" && part !== null ? [part] : []));
    default:
      return "innerType" in def ? [def.innerType] : [];
  }
}

/** Of all stored values of a job; undefined if nothing is marked. */
export function sensitiveOf({ input, output, errors = {}, progress }: JobDefinition): Sensitive | undefined {
  const sides = {
    input: sensitivePaths(input),
    output: output ? sensitivePaths(output) : [],
    errors: Object.entries(errors).flatMap(([name, schema]) => sensitivePaths(schema, name)),
    progress: progress ? sensitivePaths(progress) : [],
  };
  const marked = Object.entries(sides).filter(([, paths]) => paths.length > 0);
  return marked.length === 0 ? undefined : Object.fromEntries(marked);
}
