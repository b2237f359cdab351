import type { ContractKind, ContractNode } from "../model/contract.ts";
import type { Limits } from "./contract-checks.ts";

/** A node with what the checks of its schema leave of it. */
export function withLimits(node: ContractNode, limits: Limits): ContractNode {
  const own = definedOnly({ ...limitsFor(node, limits), opaque: [...(node.opaque ?? []), ...(limits.opaque ?? [])] });
  return Object.keys(own).length === 0 ? node : ({ ...node, ...own } as ContractNode); // limits of its own kind
}

function limitsFor({ kind }: ContractKind, limits: Limits): object {
  const { min, max, above, below, int, multipleOf, minLength, maxLength, minItems, maxItems } = limits;
  const range = { min, max, above, below };
  switch (kind) {
    case "number":
      return { ...(int ? ofInteger(limits) : finite(range)), int, multipleOf };
    case "bigint":
      return { ...range, multipleOf };
    case "date":
      return range;
    case "string":
      return {
        minLength: minLength === 0 ? undefined : minLength,
        maxLength,
        formats: limits.formats,
        patterns: limits.patterns,
      };
    case "array":
    case "tuple":
      return sizes(minLength, maxLength);
    case "set":
    case "map":
      return sizes(minItems, maxItems);
    default:
      return {};
  }
}

function sizes(min: number | undefined, max: number | undefined): object {
  return { minItems: min === 0 ? undefined : min, maxItems: max };
}

type NumberRange = { readonly [Key in "min" | "max" | "above" | "below"]?: number | string | undefined };

/** JSON has no infinities, and they limit nothing. */
function finite(range: NumberRange): NumberRange {
  return Object.fromEntries(Object.entries(range).filter(([, value]) => Number.isFinite(value)));
}

/** Of integers, every limit can be said as one that is included. */
function ofInteger({ min, max, above, below }: NumberRange): NumberRange {
  const lowest = [min, above === undefined ? undefined : Math.floor(Number(above)) + 1].filter(isNumber);
  const highest = [max, below === undefined ? undefined : Math.ceil(Number(below)) - 1].filter(isNumber);
  return finite({
    ...(lowest.length === 0 ? {} : { min: Math.ceil(Math.max(...lowest)) }),
    ...(highest.length === 0 ? {} : { max: Math.floor(Math.min(...highest)) }),
  });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function definedOnly(object: object): object {
  const entries = Object.entries(object).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries);
}
