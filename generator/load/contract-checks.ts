import type { $ZodCheck, $ZodChecks, $ZodType } from "zod/v4/core";
import type { ContractValue, OpaqueCode, Range, Size, StringFormat, StringLimits } from "../model/contract.ts";
import { codeHash, contractValue, dateText } from "./contract-value.ts";

/** What the checks of a schema leave of its values. A node takes of it what its kind can have. */
export interface Limits extends StringLimits, Size, Range<number | string> {
  readonly int?: true;
  readonly multipleOf?: readonly (number | string)[];
  readonly opaque?: readonly OpaqueCode[];
}

type Draft = { -readonly [Key in keyof Limits]: Limits[Key] };
type HashOf = (schema: $ZodType) => string;

/** `hashOf` describes a schema that a check holds. */
export function limitsOf(schema: $ZodType, hashOf: HashOf): Limits {
  const checks = checksOf(schema);
  const overwrite = checks.findIndex((check) => check._zod.def.check === "overwrite");
  const draft: Draft = {};
  for (const check of overwrite === -1 ? checks : checks.slice(0, overwrite)) addCheck(draft, check, hashOf);
  if (overwrite !== -1) addOverwritten(draft, checks.slice(overwrite), hashOf);
  return draft;
}

/** `z.email()` and `z.int()` are checks of themselves; so is a custom schema, which is looked at as a kind. */
function checksOf(schema: $ZodType): readonly $ZodChecks[] {
  const { def } = schema._zod;
  const self = "check" in def && def.type !== "custom" ? [schema as unknown as $ZodCheck] : [];
  return [...self, ...(def.checks ?? [])] as unknown as readonly $ZodChecks[]; // what zod has beyond these ends in `default`
}

/** Checks after an overwrite see what its code made of the value, which nobody knows before it runs. */
function addOverwritten(draft: Draft, checks: readonly $ZodChecks[], hashOf: HashOf): void {
  const parts = checks.map((check) => {
    if (check._zod.def.check === "overwrite") return check._zod.def.tx;
    const after: Draft = {};
    addCheck(after, check, hashOf);
    return JSON.stringify(after);
  });
  addCode(draft, { kind: "overwrite", hash: codeHash(...parts) });
}

function addCheck(draft: Draft, check: $ZodChecks, hashOf: HashOf): void {
  const { def } = check._zod;
  switch (def.check) {
    case "greater_than":
      return raise(draft, def.inclusive ? "min" : "above", limitValue(def.value));
    case "less_than":
      return lower(draft, def.inclusive ? "max" : "below", limitValue(def.value));
    case "multiple_of":
      draft.multipleOf = [...(draft.multipleOf ?? []), limitValue(def.value)];
      return undefined;
    case "number_format":
      return addNumberFormat(draft, def.format);
    case "min_length":
      return raise(draft, "minLength", def.minimum);
    case "max_length":
      return lower(draft, "maxLength", def.maximum);
    case "length_equals":
      return exactly(draft, "minLength", "maxLength", def.length);
    case "min_size":
      return raise(draft, "minItems", def.minimum);
    case "max_size":
      return lower(draft, "maxItems", def.maximum);
    case "size_equals":
      return exactly(draft, "minItems", "maxItems", def.size);
    case "string_format":
      return addFormat(draft, check);
    default:
      return addOther(draft, check, hashOf);
  }
}

type Lower = "min" | "above" | "minLength" | "minItems";
type Upper = "max" | "below" | "maxLength" | "maxItems";

function raise(draft: Draft, key: Lower, value: number | string): void {
  const before = draft[key];
  if (before === undefined || compareLimits(value, before) > 0) Object.assign(draft, { [key]: value });
}

function lower(draft: Draft, key: Upper, value: number | string): void {
  const before = draft[key];
  if (before === undefined || compareLimits(value, before) < 0) Object.assign(draft, { [key]: value });
}

function exactly(draft: Draft, low: Lower, high: Upper, value: number): void {
  raise(draft, low, value);
  lower(draft, high, value);
}

/** Numbers, decimal text of bigints, ISO text of dates: never mixed within one schema. */
function compareLimits(a: number | string, b: number | string): number {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b);
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) return BigInt(a) < BigInt(b) ? -1 : Number(BigInt(a) > BigInt(b));
  return Date.parse(a) - Date.parse(b);
}

function limitValue(value: number | bigint | Date): number | string {
  if (value instanceof Date) return dateText(value);
  return typeof value === "bigint" ? String(value) : value;
}

const numberRanges: Readonly<Record<string, readonly [min: number | string, max: number | string]>> = {
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  float32: [-3.402_823_466_385_288_6e38, 3.402_823_466_385_288_6e38],
  int64: ["-9223372036854775808", "9223372036854775807"],
  uint64: ["0", "18446744073709551615"],
};

function addNumberFormat(draft: Draft, format: string): void {
  if (format.includes("int") && !format.endsWith("64")) draft.int = true;
  const range = numberRanges[format];
  if (!range) return;
  raise(draft, "min", range[0]);
  lower(draft, "max", range[1]);
}

interface FormatDef {
  readonly format: string;
  readonly pattern?: RegExp;
  readonly fn?: unknown;
}

function addFormat(draft: Draft, check: $ZodCheck): void {
  const def = check._zod.def as unknown as FormatDef; // of a check with the kind "string_format"
  const pattern = def.format === "regex" || isAffix(def.format) ? def.pattern : customPattern(check, def);
  if (pattern) draft.patterns = [...(draft.patterns ?? []), String(pattern)].sort();
  if (def.format === "regex" || isAffix(def.format)) return;
  if (typeof def.fn === "function" && !def.pattern) addCode(draft, { kind: "check", hash: codeHash(def.fn) });
  const options = optionsOf(def);
  const format = { name: def.format, ...(Object.keys(options).length === 0 ? {} : { options }) };
  draft.formats = [...(draft.formats ?? []), format].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isAffix(format: string): boolean {
  return ["starts_with", "ends_with", "includes", "lowercase", "uppercase"].includes(format);
}

/** Undefined: the pattern is the one that zod has for this format, which may change with zod without a change of meaning. */
function customPattern(check: $ZodCheck, def: FormatDef): RegExp | undefined {
  if (!def.pattern || !("constr" in check._zod)) return def.pattern;
  const Format = check._zod.constr as new (def: object) => $ZodCheck; // the class of the check
  const { pattern: _, checks: __, ...rest } = def as FormatDef & { readonly checks?: unknown };
  const usual = (new Format(rest)._zod.def as unknown as FormatDef).pattern; // as above
  return String(usual) === String(def.pattern) ? undefined : def.pattern;
}

const notOptions = [
  "type",
  "check",
  "abort",
  "format",
  "pattern",
  "error",
  "checks",
  "when",
  "fn",
  "coerce",
  "message",
];

function optionsOf(def: FormatDef): Readonly<Record<string, ContractValue>> {
  const entries = Object.entries(def).filter(
    ([key, value]) => !notOptions.includes(key) && value !== undefined && value !== null && value !== false,
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, contractValue(value)]));
}

interface OtherDef {
  readonly check: string;
  readonly fn?: unknown;
  readonly property?: string;
  readonly schema?: $ZodType;
  readonly mime?: unknown;
}

function addOther(draft: Draft, check: $ZodCheck, hashOf: HashOf): void {
  const def = check._zod.def as OtherDef; // all optional: looked for by name
  if (def.check === "describe" || def.check === "meta") return;
  if (def.check === "bigint_format") return addNumberFormat(draft, String((def as { format?: unknown }).format));
  if (def.check === "custom") {
    return addCode(draft, { kind: "refine", hash: codeHash(def.fn ?? check._zod.check) });
  }
  addCode(draft, {
    kind: "check",
    hash: codeHash(def.check, def.property, def.schema && hashOf(def.schema), JSON.stringify(def.mime)),
  });
}

function addCode(draft: Draft, code: OpaqueCode): void {
  draft.opaque = [...(draft.opaque ?? []), code];
}
