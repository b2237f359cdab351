import { createHash } from "node:crypto";
import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { literalOf, type LiteralValue } from "./literal.ts";
import { acceptsUndefined, type CasePlan, type FieldPlan, type ParsePlan, type SchemaPath } from "./parse-plan.ts";
import { planScalar, planSizes } from "./plan-checks.ts";

/** Versions of zod that plans are proven to agree with; any other one parses by itself. */
const testedVersions: ReadonlySet<string> = new Set(["4.6"]);

/** Larger schemas would be more code than the time of parsing them is worth. */
const maxNodes = 1_000;
const maxDepth = 100;

const unplannable = Symbol("unplannable");

/** How zod parses with this schema. Undefined: a parser that does the same is impossible, or would not be faster. */
export function planParse(schema: $ZodType): ParsePlan | undefined {
  const { major, minor } = schema._zod.version;
  if (!testedVersions.has(`${major}.${minor}`)) return undefined;
  try {
    const plan = createPlanner().plan(schema, []);
    return isWorthIt(plan) ? plan : undefined;
  } catch (error) {
    if (error === unplannable) return undefined;
    throw error;
  }
}

/** Of a schema: it changes with everything that a printed parser depends on. Undefined: there is no plan. */
export function parseFingerprint(schema: $ZodType): string | undefined {
  const plan = planParse(schema);
  return plan && fingerprintOf(plan);
}

export function fingerprintOf(plan: ParsePlan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 16);
}

/** A lone scalar is as fast in zod. */
function isWorthIt({ kind }: ParsePlan): boolean {
  return ["object", "array", "set", "map", "tuple", "record", "union", "switch"].includes(kind);
}

function createPlanner(): { plan(schema: $ZodType, at: SchemaPath): ParsePlan } {
  const open = new Set<$ZodType>();
  const recursive = new Set<$ZodType>();
  let nodes = 0;

  function plan(schema: $ZodType, at: SchemaPath): ParsePlan {
    if (++nodes > maxNodes || at.length > maxDepth) throw unplannable;
    if (open.has(schema)) {
      recursive.add(schema);
      return live(schema, at);
    }
    open.add(schema);
    const planned = planKind(schema, at);
    open.delete(schema);
    // zod closes cycles of values that run through a recursive schema, so all of it stays with zod.
    return planned && !recursive.has(schema) ? planned : live(schema, at);
  }

  function planKind(schema: $ZodType, at: SchemaPath): ParsePlan | undefined {
    const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
    if ("coerce" in def && def.coerce) return undefined;
    const child = (type: $ZodType, ...step: SchemaPath[number]): ParsePlan => plan(type, [...at, step]);
    switch (def.type) {
      case "string":
      case "number":
      case "bigint":
      case "date":
        return planScalar(def);
      case "array":
      case "set": {
        const checks = planSizes(def.checks);
        if (!checks) return undefined;
        const item = def.type === "array" ? child(def.element, "element") : child(def.valueType, "valueType");
        return { kind: def.type, item, checks };
      }
      case "map": {
        const checks = planSizes(def.checks);
        const [key, value] = [child(def.keyType, "keyType"), child(def.valueType, "valueType")];
        return checks && { kind: "map", key, value, checks };
      }
      default:
        return def.checks?.length ? undefined : planUnchecked(schema, at, child);
    }
  }

  function planUnchecked(schema: $ZodType, at: SchemaPath, child: Child): ParsePlan | undefined {
    const { def } = (schema as $ZodTypes)._zod; // as above
    switch (def.type) {
      case "any":
      case "unknown":
        return { kind: "any" };
      case "boolean":
      case "nan":
        return { kind: def.type };
      case "null":
        return literals([null]);
      case "undefined":
        return literals([undefined]);
      case "literal":
        return literals(def.values);
      case "enum":
        return schema._zod.values && literals([...schema._zod.values]);
      case "custom":
        return schema._zod.bag["Class"] === Uint8Array ? { kind: "bytes" } : undefined;
      case "object":
        return planObject(def, child);
      case "tuple":
        return planTuple(def, child);
      case "record":
        return isPlainText(def.keyType) && def.mode !== "loose"
          ? { kind: "record", value: child(def.valueType, "valueType") }
          : undefined;
      case "optional":
        return planOptional(schema, def.innerType, child);
      case "nullable":
        return { kind: "nullable", inner: child(def.innerType, "innerType") };
      case "readonly": {
        const inner = child(def.innerType, "innerType");
        // Only what the parser made itself may be frozen before the rest of the value is known to be right.
        return isFresh(inner) ? { kind: "readonly", inner } : undefined;
      }
      case "default": {
        const inner = child(def.innerType, "innerType");
        // What zod makes of a value may be undefined again, which the default replaces as well.
        return holdsLive(inner) ? undefined : { kind: "default", inner, at };
      }
      case "prefault":
        return { kind: "prefault", inner: child(def.innerType, "innerType"), at };
      case "union":
        return "discriminator" in def ? planSwitch(def, child) : planUnion(def, child);
      default:
        return undefined;
    }
  }

  return { plan };
}

type Child = (type: $ZodType, ...step: SchemaPath[number]) => ParsePlan;
type DefOf<Type extends $ZodTypes["_zod"]["def"]["type"]> = Extract<$ZodTypes["_zod"]["def"], { readonly type: Type }>;

function live(schema: $ZodType, at: SchemaPath): ParsePlan {
  if (!("safeParse" in schema)) throw unplannable;
  return { kind: "live", at };
}

function literals(values: readonly unknown[]): ParsePlan | undefined {
  const written = allOf(values.map((value) => (Number.isNaN(value) ? undefined : literalOf(value))));
  return written && written.length > 0 ? { kind: "literal", values: written } : undefined;
}

/** Undefined if one of them is. */
function allOf<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === values.length ? present : undefined;
}

function planObject({ shape, catchall }: DefOf<"object">, child: Child): ParsePlan | undefined {
  const rest = planRest(catchall);
  const keys = Reflect.ownKeys(shape);
  if (!rest || !keys.every((key) => typeof key === "string" && key !== "__proto__")) return undefined;
  const fields = allOf(
    Object.entries(shape).map(([key, schema]): FieldPlan | undefined => {
      const presence = presenceOf(schema);
      return presence && { key, presence, plan: child(schema, "shape", key) };
    }),
  );
  return fields && { kind: "object", fields, rest };
}

function planRest(catchall: $ZodType | undefined): "strip" | "refuse" | "keep" | undefined {
  if (!catchall) return "strip";
  const { type, checks } = catchall._zod.def;
  if (type === "never") return "refuse";
  return (type === "unknown" || type === "any") && !checks?.length ? "keep" : undefined;
}

function presenceOf({ _zod: { optin, optout } }: $ZodType): FieldPlan["presence"] | undefined {
  if (optin === undefined) return "required";
  if (optin === "optional") return optout === "optional" ? "optional" : "given";
  // Absent, it may fail without harm: too seldom for code of its own.
  return optout === "optional" ? undefined : "filled";
}

function planTuple({ items, rest }: DefOf<"tuple">, child: Child): ParsePlan | undefined {
  const plans = items.map((item, index) => child(item, "items", index));
  const isFixed = items.every(({ _zod: { optin, optout } }) => optin === undefined && optout === undefined);
  if (!isFixed || plans.some(acceptsUndefined)) return undefined;
  return { kind: "tuple", items: plans, ...(rest ? { rest: child(rest, "rest") } : {}) };
}

/** `z.string()` and nothing else. */
function isPlainText(schema: $ZodType): boolean {
  const plan = schema._zod.def.type === "string" ? planScalar(schema._zod.def) : undefined;
  const coerces = "coerce" in schema._zod.def && schema._zod.def.coerce === true;
  return plan?.kind === "string" && plan.checks.length === 0 && !coerces;
}

function planOptional(schema: $ZodType, innerType: $ZodType, child: Child): ParsePlan | undefined {
  const inner = child(innerType, "innerType");
  if (schema._zod.traits.has("$ZodExactOptional")) return inner;
  // A default inside is asked even for undefined.
  return innerType._zod.optin === "defaulted" ? undefined : { kind: "optional", inner };
}

function planUnion(def: DefOf<"union">, child: Child): ParsePlan | undefined {
  // `z.xor` counts the options that accept.
  if (def.inclusive === false || def.options.length === 0) return undefined;
  return { kind: "union", options: def.options.map((option, index) => child(option, "options", index)) };
}

function planSwitch(def: DefOf<"union"> & { readonly discriminator: unknown }, child: Child): ParsePlan | undefined {
  const { discriminator: key } = def;
  if (typeof key !== "string" || ("unionFallback" in def && def.unionFallback)) return undefined;
  const cases = allOf(
    def.options.map((option, index): CasePlan | undefined => {
      const plan = literals([...(option._zod.propValues?.[key] ?? [])]);
      return plan?.kind === "literal" ? { values: plan.values, plan: child(option, "options", index) } : undefined;
    }),
  );
  return cases && areDistinct(cases.flatMap(({ values }) => values)) ? { kind: "switch", key, cases } : undefined;
}

function areDistinct(values: readonly LiteralValue[]): boolean {
  return new Set(values.map(({ text }) => text)).size === values.length;
}

function isFresh({ kind }: ParsePlan): boolean {
  return ["object", "array", "set", "map", "tuple", "record"].includes(kind);
}

/** Whether zod makes the value itself, other than inside of it. */
function holdsLive(plan: ParsePlan): boolean {
  if (plan.kind === "union") return plan.options.some(holdsLive);
  return "inner" in plan ? holdsLive(plan.inner) : plan.kind === "live";
}
