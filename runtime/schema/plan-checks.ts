import type { $ZodCheck, $ZodChecks, $ZodStringFormatChecks, $ZodTypeDef, $ZodURLDef } from "zod/v4/core";
import type { ParsePlan, Pattern, RangeCheck, SizeCheck, TextCheck } from "./parse-plan.ts";

type Check = SizeCheck | TextCheck | RangeCheck;
type CheckDef = $ZodChecks["_zod"]["def"];

/** Formats of zod that are their pattern and nothing else; others look at the text a second time. */
const patternFormats: ReadonlySet<string> = new Set(
  "cidrv4 cuid cuid2 date datetime duration e164 email emoji guid ipv4 ksuid lowercase mac nanoid regex time ulid uppercase uuid xid".split(
    " ",
  ),
);

/** A string, number, bigint or date with its checks; undefined if only zod can do one of them. */
export function planScalar(def: $ZodTypeDef): ParsePlan | undefined {
  if ("format" in def && def.format === "url") return planUrl(def as unknown as $ZodURLDef); // no other format has the name
  const own = "check" in def ? planCheck(def as unknown as CheckDef) : []; // `z.email()` is its own check
  const others = planChecks(def.checks);
  if (!own || !others) return undefined;
  const checks = [...own, ...others];
  switch (def.type) {
    case "string":
      return { kind: "string", checks: checks as readonly TextCheck[] }; // zod has no others on strings
    case "number":
    case "bigint":
    case "date":
      return { kind: def.type, checks: checks as readonly RangeCheck[] }; // as above
    default:
      return undefined;
  }
}

/** Checks on the size of a collection; undefined if there are others. */
export function planSizes(checks: readonly $ZodCheck[] | undefined): readonly SizeCheck[] | undefined {
  const plans = planChecks(checks);
  return plans?.every(isSize) ? plans : undefined;
}

function isSize(check: Check): check is SizeCheck {
  return check.check === "atLeast" || check.check === "atMost";
}

function planChecks(checks: readonly $ZodCheck[] = []): readonly Check[] | undefined {
  const plans = checks.map((check) => planCheck((check as $ZodChecks)._zod.def)); // every check of zod is one of its kinds
  return plans.every((plan) => plan !== undefined) ? plans.flat() : undefined;
}

function planCheck(def: CheckDef): readonly Check[] | undefined {
  switch (def.check) {
    case "min_length":
    case "min_size":
      return planSize("atLeast", def.minimum);
    case "max_length":
    case "max_size":
      return planSize("atMost", def.maximum);
    case "length_equals":
      return planExactSize(def.length);
    case "size_equals":
      return planExactSize(def.size);
    default:
      // zod gives these a condition by itself; on any other check it is the user's.
      return def.when ? undefined : planUnconditional(def);
  }
}

function planUnconditional(def: CheckDef): readonly Check[] | undefined {
  switch (def.check) {
    case "greater_than":
      return planBound(def.inclusive ? "from" : "above", def.value);
    case "less_than":
      return planBound(def.inclusive ? "upTo" : "below", def.value);
    case "number_format":
    case "bigint_format":
      return formats[def.format ?? ""];
    case "string_format":
      return planFormat(def as $ZodStringFormatChecks["_zod"]["def"]); // the kinds of this check
    default:
      return undefined;
  }
}

function planSize(check: SizeCheck["check"], size: unknown): readonly Check[] | undefined {
  return Number.isSafeInteger(size) ? [{ check, size: Number(size) }] : undefined;
}

function planExactSize(size: unknown): readonly Check[] | undefined {
  const [least, most] = [planSize("atLeast", size), planSize("atMost", size)];
  return least && most && [...least, ...most];
}

function planBound(check: "above" | "from" | "below" | "upTo", value: unknown): readonly Check[] | undefined {
  if (typeof value === "bigint") return [{ check, bound: `${value}n` }];
  const bound = value instanceof Date ? value.getTime() : value;
  return Number.isFinite(bound) ? [{ check, bound: String(bound) }] : undefined;
}

/** `z.url()`. As one of the checks of a `z.string()` it would change the text between two others. */
function planUrl(def: $ZodURLDef): ParsePlan | undefined {
  const checks = planChecks(def.checks);
  const [hostname, protocol] = [planPattern(def.hostname), planPattern(def.protocol)];
  if (!checks || hostname === null || protocol === null || def.when) return undefined;
  const form = {
    ...(hostname ? { hostname } : {}),
    ...(protocol ? { protocol } : {}),
    ...(def.normalize ? { normalize: true as const } : {}),
  };
  return { kind: "url", form, checks: checks as readonly TextCheck[] }; // zod has no others on strings
}

/** Null: a pattern that remembers where it stopped. */
function planPattern(pattern: RegExp | undefined): Pattern | null | undefined {
  if (pattern?.global || pattern?.sticky) return null;
  return pattern && { source: pattern.source, flags: pattern.flags };
}

const range = (from: string, upTo: string): readonly RangeCheck[] => [
  { check: "from", bound: from },
  { check: "upTo", bound: upTo },
];

const formats: Readonly<Record<string, readonly RangeCheck[]>> = {
  safeint: [{ check: "integer" }],
  int32: [{ check: "integer" }, ...range("-2147483648", "2147483647")],
  uint32: [{ check: "integer" }, ...range("0", "4294967295")],
  float32: range("-3.4028234663852886e38", "3.4028234663852886e38"),
  float64: [],
  int64: range("-9223372036854775808n", "9223372036854775807n"),
  uint64: range("0n", "18446744073709551615n"),
};

function planFormat(def: $ZodStringFormatChecks["_zod"]["def"]): readonly Check[] | undefined {
  // Formats of the user's own carry a function.
  if ("fn" in def) return undefined;
  if ("includes" in def) {
    return [{ check: "includes", text: def.includes, ...(def.position === undefined ? {} : { from: def.position }) }];
  }
  if ("prefix" in def) return [{ check: "startsWith", text: def.prefix }];
  if ("suffix" in def) return [{ check: "endsWith", text: def.suffix }];
  const pattern = patternFormats.has(def.format) ? planPattern(def.pattern) : undefined;
  return pattern ? [{ check: "pattern", ...pattern }] : undefined;
}
