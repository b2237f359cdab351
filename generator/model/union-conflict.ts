import type { TypeNode } from "./model.ts";

/** Why the members of a union cannot be told apart once they are stored, and the way out. */
export interface UnionConflict {
  readonly reason: string;
  readonly hint: string;
}

const textKinds = ["date", "bigint", "number", "bytes"];
const listKinds = ["array", "map", "set"];

/** Literal texts that a codec would take for its own. */
const textForms: Readonly<Record<string, RegExp>> = {
  date: /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT/,
  bigint: /^-?\d+$/,
  number: /^(?:NaN|-?Infinity)$/,
  bytes: /^/,
};

/** `byKind`: the members by `storeKind`. `isRich`: whether a member needs a codec. */
export function unionConflict(
  byKind: ReadonlyMap<string, readonly TypeNode[]>,
  isRich: (member: TypeNode) => boolean,
): UnionConflict | undefined {
  const pair = sameForm(byKind, isRich) ?? sameList(byKind, isRich);
  return (
    pair && {
      reason: `is a union of ${label(pair[0])} and ${label(pair[1])}, which look the same once they are stored.`,
      hint: "Use z.discriminatedUnion with one object per case, or two optional fields.",
    }
  );
}

type Pair = readonly [string, string];

/** Two kinds that are both stored as a text, or one beside anything. */
function sameForm(
  byKind: ReadonlyMap<string, readonly TypeNode[]>,
  isRich: (member: TypeNode) => boolean,
): Pair | undefined {
  const richKind = [...byKind].find(([, group]) => group.some(isRich))?.[0];
  if (byKind.has("anything") && richKind !== undefined) return [richKind, "anything"];
  const texts = textKinds.filter((kind) => byKind.get(kind)?.some(isRich));
  const [first, second] = texts;
  if (first === undefined) return undefined;
  if (byKind.has("string")) return [first, "string"];
  if (second !== undefined && texts.includes("bytes")) return ["bytes", first === "bytes" ? second : first];
  const literals = (byKind.get("literal") ?? []).flatMap((type) => (type.kind === "literal" ? type.values : []));
  const taken = texts.find((kind) =>
    literals.some(({ type, text }) => type === "string" && textForms[kind]?.test(String(JSON.parse(text)))),
  );
  return taken === undefined ? undefined : [taken, "literal"];
}

/** Two kinds that are both stored as a list, or two lists of which one needs a codec. */
function sameList(
  byKind: ReadonlyMap<string, readonly TypeNode[]>,
  isRich: (member: TypeNode) => boolean,
): Pair | undefined {
  const [first, second] = listKinds.filter((kind) => byKind.has(kind));
  if (first !== undefined && second !== undefined) return [first, second];
  const group = (first === undefined ? undefined : byKind.get(first)) ?? [];
  return first !== undefined && group.length > 1 && group.some(isRich) ? [first, first] : undefined;
}

/** By what a value of this type can be told from others, both before and after it is stored. */
export function storeKind(type: TypeNode): string {
  switch (type.kind) {
    case "null":
    case "undefined":
    case "boolean":
    case "never":
      return "nothing";
    case "literal": {
      const [value] = type.values;
      if (value?.type === "bigint") return "bigint";
      return value?.type === "string" ? "literal" : "nothing";
    }
    case "string":
    case "template":
      return "string";
    case "number":
    case "date":
    case "bigint":
    case "bytes":
    case "map":
    case "set":
      return type.kind;
    case "array":
    case "tuple":
      return "array";
    case "object":
    case "record":
    case "intersection":
      return "object";
    default:
      return "anything";
  }
}

function label(kind: string): string {
  const labels: Readonly<Record<string, string>> = {
    anything: "a value of any kind",
    array: "an array",
    bigint: "a bigint",
    bytes: "a Uint8Array",
    date: "a Date",
    literal: "a literal of the same form",
    map: "a Map",
    number: "a number that may be NaN or infinite",
    set: "a Set",
    string: "a string",
  };
  return labels[kind] ?? kind;
}
