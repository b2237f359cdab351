import { admitsUndefined } from "../model/contract-unions.ts";
import type { ContractNode, Size } from "../model/contract.ts";
import { type Comparison, type Doubt, doubt, type Pair } from "./doubt.ts";
import { takesNothing } from "./absence.ts";
import { compareSizes } from "./limits.ts";

type ArrayNode = ContractNode & { readonly kind: "array" | "set" };
type TupleNode = ContractNode & { readonly kind: "tuple" };

export function compareItems(
  { compare }: Comparison,
  accept: ArrayNode,
  emit: ArrayNode,
  pair: Pair,
): readonly Doubt[] {
  const inner = compare({ accept: accept.item, emit: emit.item, path: [...pair.path, "[]"] });
  // An empty list has no items that could be wrong.
  return [...(emit.maxItems === 0 ? [] : inner), ...compareSizes(accept, emit, pair)];
}

export function compareTupleToArray(
  { compare }: Comparison,
  accept: ArrayNode,
  emit: TupleNode,
  pair: Pair,
): readonly Doubt[] {
  const items = [...emit.items.map(({ type }) => type), ...(emit.rest ? [emit.rest] : [])];
  return [
    ...items.flatMap((item, index) => compare({ accept: accept.item, emit: item, path: [...pair.path, `[${index}]`] })),
    ...compareSizes(accept, sizeOf(emit), pair),
  ];
}

function sizeOf({ items, rest }: TupleNode): Size {
  const minItems = items.filter(({ optional, type }) => optional === undefined && !takesNothing(type)).length;
  return rest ? { minItems } : { minItems, maxItems: items.length };
}

export function compareTuples(
  { compare, acceptTypes }: Comparison,
  accept: TupleNode,
  emit: TupleNode,
  pair: Pair,
): readonly Doubt[] {
  const length = Math.max(accept.items.length, emit.items.length);
  const positions = Array.from({ length }, (_, index): readonly Doubt[] => {
    const reader = accept.items[index];
    const writer = emit.items[index];
    const path = [...pair.path, `[${index}]`];
    const stored = writer?.type ?? emit.rest;
    const wanted = reader?.type ?? accept.rest;
    if (!wanted) return doubt({ ...pair, path }, "length");
    const mayLack = !writer || writer.optional !== undefined;
    const mustHave = reader && reader.optional === undefined && !admitsUndefined(reader.type, acceptTypes);
    return [
      ...(stored ? compare({ accept: wanted, emit: stored, path }) : []),
      ...(mayLack && mustHave ? doubt({ ...pair, path }, "length") : []),
    ];
  });
  return [
    ...positions.flat(),
    ...compareRests(compare, accept, emit, pair),
    ...compareSizes(accept, sizeOf(emit), pair),
  ];
}

function compareRests(
  compare: Comparison["compare"],
  accept: TupleNode,
  emit: TupleNode,
  pair: Pair,
): readonly Doubt[] {
  if (!emit.rest) return [];
  if (!accept.rest) return doubt(pair, "length");
  return compare({ accept: accept.rest, emit: emit.rest, path: [...pair.path, "[]"] });
}
