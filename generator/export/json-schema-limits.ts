import type { ContractValue, NumberLimits, Size, StringFormat, StringLimits } from "../model/contract.ts";
import type { JsonSchema } from "./schema-types.ts";
import { isUndefined, wireValue } from "./wire-value.ts";

/** The formats of zod for which JSON Schema has a name. What has options of its own may be more than the standard allows. */
const formats: Readonly<Record<string, string>> = {
  email: "email",
  url: "uri",
  uuid: "uuid",
  guid: "uuid",
  ipv4: "ipv4",
  ipv6: "ipv6",
  datetime: "date-time",
  date: "date",
  time: "time",
  duration: "duration",
};

export function stringLimits({ minLength, maxLength, formats: wanted = [], patterns = [] }: StringLimits): JsonSchema {
  const [format] = wanted.flatMap(formatOf);
  const [first, ...others] = patterns.map(patternOf).filter((schema) => Object.keys(schema).length > 0);
  return {
    ...defined({ minLength, maxLength, format }),
    ...first,
    ...(others.length > 0 ? { allOf: others } : {}),
  };
}

function formatOf({ name, options }: StringFormat): readonly string[] {
  const format = options === undefined ? formats[name] : undefined;
  return format === undefined ? [] : [format];
}

/** `source` is a regular expression with its slashes. JSON Schema has no flags, so what needs other ones than `u` is left out. */
export function patternOf(source: string): JsonSchema {
  const [, pattern, flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(source) ?? [];
  return pattern !== undefined && /^[uvg]*$/.test(flags) && isUnicode(pattern) ? { pattern } : {};
}

/** Validators compile patterns with the flag `u`, which is stricter. */
function isUnicode(pattern: string): boolean {
  try {
    new RegExp(pattern, "u").test("");
    return true;
  } catch {
    return false;
  }
}

export function numberLimits({ min, max, above, below, multipleOf = [] }: NumberLimits): JsonSchema {
  const [first, ...others] = multipleOf;
  return {
    ...defined({ minimum: min, maximum: max, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf: first }),
    ...(others.length > 0 ? { allOf: others.map((step) => ({ multipleOf: step })) } : {}),
  };
}

export function sizeLimits({ minItems, maxItems }: Size): JsonSchema {
  return defined({ minItems, maxItems });
}

export function literalsOf(values: readonly ContractValue[]): JsonSchema {
  const stored = values.filter((value) => !isUndefined(value)).map(wireValue);
  if (stored.length === 0) return { not: {} };
  return stored.length === 1 ? { const: stored[0] } : { enum: stored };
}

function defined(limits: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}
