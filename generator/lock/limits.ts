import { isDeepStrictEqual } from "node:util";
import type { ContractNode, NumberLimits, Range, Size, StringFormat, StringLimits } from "../model/contract.ts";
import { type Doubt, doubt, type Pair } from "./doubt.ts";

type Of<Kind extends ContractNode["kind"]> = ContractNode & { readonly kind: Kind };

/** Lengths of texts of a format are not known, so that they may fit in spite of the limits. */
export function compareStrings(accept: Of<"string">, emit: Of<"string">, pair: Pair): readonly Doubt[] {
  const isKnown = !emit.formats && !emit.patterns;
  const fits = (accept.minLength ?? 0) <= (emit.minLength ?? 0) && atMost(emit.maxLength, accept.maxLength);
  return [
    ...(fits ? [] : doubt(pair, "limit", isKnown)),
    ...(accept.formats ?? []).flatMap((format) => compareFormat(format, emit, pair)),
    ...(accept.patterns ?? []).flatMap((pattern) =>
      emit.patterns?.includes(pattern) ? [] : doubt(pair, "pattern", isKnown),
    ),
  ];
}

function atMost(value: number | undefined, limit: number | undefined): boolean {
  return limit === undefined || (value !== undefined && value <= limit);
}

function compareFormat(format: StringFormat, { formats = [], patterns }: StringLimits, pair: Pair): readonly Doubt[] {
  if (formats.some((own) => isDeepStrictEqual(own, format) || isPartOf(own, format))) return [];
  const isSameName = formats.some(({ name }) => name === format.name);
  return doubt(pair, "format", !isSameName && !patterns);
}

/** Formats whose options only narrow them, and formats that are part of another. */
function isPartOf(part: StringFormat, whole: StringFormat): boolean {
  if (whole.options) return false;
  if (part.name === whole.name) return ["uuid", "url", "jwt"].includes(whole.name);
  return part.name === "uuid" && whole.name === "guid";
}

export function compareNumbers(accept: Of<"number">, emit: Of<"number">, pair: Pair): readonly Doubt[] {
  const range = emit.int ? withinSafe(emit) : emit;
  return [
    ...(isWithin(accept, range, (value) => value) ? [] : doubt(pair, "limit")),
    ...(accept.int && !emit.int ? doubt(pair, "limit", !emit.multipleOf) : []),
    ...(accept.multipleOf ?? []).flatMap((step) =>
      isMultiple(step, emit) ? [] : doubt(pair, "limit", !emit.multipleOf),
    ),
  ];
}

function withinSafe({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: NumberLimits): Range<number> {
  return { min, max };
}

/** Of fractions only equal ones are compared: their quotients are not exact. */
function isMultiple(step: number, { int, multipleOf = [] }: NumberLimits): boolean {
  if (int && step === 1) return true;
  return multipleOf.some(
    (own) => own === step || (Number.isInteger(own) && Number.isInteger(step) && own % step === 0),
  );
}

export function compareBigints(accept: Of<"bigint">, emit: Of<"bigint">, pair: Pair): readonly Doubt[] {
  const fits = (accept.multipleOf ?? []).every((step) =>
    emit.multipleOf?.some((own) => own === step || (BigInt(step) !== 0n && BigInt(own) % BigInt(step) === 0n)),
  );
  return [
    ...(isWithin(accept, emit, BigInt) ? [] : doubt(pair, "limit")),
    ...(fits ? [] : doubt(pair, "limit", !emit.multipleOf)),
  ];
}

export function compareDates(accept: Of<"date">, emit: Of<"date">, pair: Pair): readonly Doubt[] {
  return isWithin(accept, emit, Date.parse) ? [] : doubt(pair, "limit");
}

/** Whether `inner` lies in `outer`. */
function isWithin<Limit>(
  outer: Range<Limit>,
  inner: Range<Limit>,
  valueOf: (limit: Limit) => number | bigint,
): boolean {
  const lows = [inner.min, inner.above].filter((limit) => limit !== undefined).map(valueOf);
  const highs = [inner.max, inner.below].filter((limit) => limit !== undefined).map(valueOf);
  const isExcluded = (limit: Limit | undefined, at: number | bigint): boolean =>
    limit !== undefined && valueOf(limit) === at;
  const above = (limit: Limit | undefined, isStrict: boolean): boolean => {
    if (limit === undefined) return true;
    const bound = valueOf(limit);
    return lows.some((low) => low > bound || (low === bound && (!isStrict || isExcluded(inner.above, low))));
  };
  const below = (limit: Limit | undefined, isStrict: boolean): boolean => {
    if (limit === undefined) return true;
    const bound = valueOf(limit);
    return highs.some((high) => high < bound || (high === bound && (!isStrict || isExcluded(inner.below, high))));
  };
  return above(outer.min, false) && above(outer.above, true) && below(outer.max, false) && below(outer.below, true);
}

export function compareSizes(accept: Size, emit: Size, pair: Pair): readonly Doubt[] {
  const fits = (accept.minItems ?? 0) <= (emit.minItems ?? 0) && atMost(emit.maxItems, accept.maxItems);
  return fits ? [] : doubt(pair, "limit");
}
