import type { LiteralValue } from "./literal.ts";

/**
 * What a zod schema does to a value, as data: what the generator prints parsers from. It says exactly what zod does or
 * leaves the part to zod (`live`); a union takes the first option that accepts, so a plan may never refuse more than zod.
 */
export type ParsePlan =
  | { readonly kind: "any" | "boolean" | "bytes" | "nan" }
  | { readonly kind: "string"; readonly checks: readonly TextCheck[] }
  /** What is left of the text is what the other checks see. */
  | { readonly kind: "url"; readonly form: UrlForm; readonly checks: readonly TextCheck[] }
  /** `date`: bounds are in ms. */
  | { readonly kind: "number" | "bigint" | "date"; readonly checks: readonly RangeCheck[] }
  | { readonly kind: "literal"; readonly values: readonly LiteralValue[] }
  | {
      readonly kind: "object";
      readonly fields: readonly FieldPlan[];
      /** What happens to other keys. */
      readonly rest: "strip" | "refuse" | "keep";
    }
  | { readonly kind: "array" | "set"; readonly item: ParsePlan; readonly checks: readonly SizeCheck[] }
  | {
      readonly kind: "map";
      readonly key: ParsePlan;
      readonly value: ParsePlan;
      readonly checks: readonly SizeCheck[];
    }
  | { readonly kind: "tuple"; readonly items: readonly ParsePlan[]; readonly rest?: ParsePlan }
  /** Of texts as keys. */
  | { readonly kind: "record"; readonly value: ParsePlan }
  | { readonly kind: "optional" | "nullable" | "readonly"; readonly inner: ParsePlan }
  /** `default` is the result in place of `undefined`, `prefault` the input. The value is asked of the schema each time. */
  | { readonly kind: "default" | "prefault"; readonly inner: ParsePlan; readonly at: SchemaPath }
  | { readonly kind: "union"; readonly options: readonly ParsePlan[] }
  /** A union whose option is told by the value of one key. */
  | { readonly kind: "switch"; readonly key: string; readonly cases: readonly CasePlan[] }
  /** Only zod can do it: that part of the schema is called. */
  | { readonly kind: "live"; readonly at: SchemaPath };

/** From the root: members of zod's definitions, with a key where the member is a list or a shape. */
export type SchemaPath = readonly (readonly [member: string, key?: string | number])[];

export interface FieldPlan {
  readonly key: string;
  /**
   * `required`: the key has to be there. `optional`: without the key, nothing happens. `filled`: the key is always there
   * afterwards. `given`: the value is parsed without the key, too, and the key left out if that gives undefined.
   */
  readonly presence: "required" | "optional" | "filled" | "given";
  readonly plan: ParsePlan;
}

export interface CasePlan {
  readonly values: readonly LiteralValue[];
  readonly plan: ParsePlan;
}

/** In code points for texts, in entries for lists, sets and maps. */
export interface SizeCheck {
  readonly check: "atLeast" | "atMost";
  readonly size: number;
}

export type TextCheck =
  | SizeCheck
  | { readonly check: "pattern"; readonly source: string; readonly flags: string }
  | { readonly check: "includes"; readonly text: string; readonly from?: number }
  | { readonly check: "startsWith" | "endsWith"; readonly text: string };

/** What zod asks of a URL beyond that it is one. */
export interface UrlForm {
  readonly hostname?: Pattern;
  readonly protocol?: Pattern;
  /** The result is the URL as it is written in full. */
  readonly normalize?: true;
}

export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** `bound`: the number as it is written. */
export type RangeCheck =
  | { readonly check: "above" | "from" | "below" | "upTo"; readonly bound: string }
  | { readonly check: "integer" };

/** Whether the plan accepts `undefined`. */
export function acceptsUndefined(plan: ParsePlan): boolean {
  switch (plan.kind) {
    case "any":
    case "optional":
    case "default":
    case "prefault":
    case "live":
      return true;
    case "literal":
      return plan.values.some(({ type }) => type === "undefined");
    case "nullable":
    case "readonly":
      return acceptsUndefined(plan.inner);
    case "union":
      return plan.options.some(acceptsUndefined);
    default:
      return false;
  }
}
