import { isDeepStrictEqual } from "node:util";
import type { ContractNode, ContractValue, Member, ObjectNode } from "../model/contract.ts";
import { type Comparison, type Doubt, doubt, type Pair, type Shape } from "./doubt.ts";
import { compareBigints, compareDates, compareNumbers, compareSizes, compareStrings } from "./limits.ts";
import { compareItems, compareTuples, compareTupleToArray } from "./lists.ts";
import { acceptsValue } from "./literals.ts";
import { compareObjects, compareObjectToRecord, compareRecords, mergeObjects, recordAsObject } from "./objects.ts";

/** Whether a reader accepts everything that a writer may store, and where it does not. */
export interface Answer {
  readonly verdict: "yes" | "no" | "unknown";
  /** Empty exactly if the verdict is `yes`. */
  readonly doubts: readonly Doubt[];
}

/** Deeper pairs are left undecided: nobody writes them, but an intersection may grow with each turn of a recursion. */
const maxDepth = 60;

/** Decides whether everything that `emit` stores is accepted by `accept`. */
export function subsumes(accept: Shape, emit: Shape): Answer {
  const doubts = createComparison(accept.types, emit.types).compare({
    accept: accept.node,
    emit: emit.node,
    path: [],
  });
  if (doubts.length === 0) return { verdict: "yes", doubts };
  return { verdict: doubts.some(({ isCertain }) => isCertain) ? "no" : "unknown", doubts };
}

function createComparison(acceptTypes: Shape["types"], emitTypes: Shape["types"]): Comparison {
  /** Pairs under way; a recursion that comes back to one has found nothing against it. */
  const assumed = new Set<string>();
  const comparison: Comparison = { acceptTypes, emitTypes, compare };

  function compare(pair: Pair): readonly Doubt[] {
    const { accept, emit } = pair;
    if (accept.catch) return isDeepStrictEqual(accept, emit) || !mayThrow(accept) ? [] : doubt(pair, "code", false);
    if (pair.path.length > maxDepth) return doubt(pair, "depth", false);
    if (accept.kind !== "ref" && emit.kind !== "ref") return [...compareRemarks(pair), ...compareKinds(pair)];
    const key = JSON.stringify([accept, emit]);
    if (assumed.has(key)) return [];
    assumed.add(key);
    return compare({ ...pair, accept: resolve(accept, acceptTypes), emit: resolve(emit, emitTypes) });
  }

  function compareKinds(pair: Pair): readonly Doubt[] {
    const { accept, emit, path } = pair;
    if (accept.kind === "any" || accept.kind === "unknown" || (emit.kind === "never" && !emit.catch)) return [];
    if (emit.kind === "union") return compareMembers(emit, pair);
    if (emit.kind === "intersection") return compareBoth(emit, pair);
    if (emit.kind === "literal" && emit.values.length > 1) {
      return emit.values.flatMap((value) => compare({ ...pair, emit: { ...emit, values: [value] } }));
    }
    if (accept.kind === "union") return compareChoice(accept, pair);
    if (accept.kind === "intersection") {
      const doubts = [accept.left, accept.right].flatMap((half) => compare({ accept: half, emit, path })).map(asHalf);
      return changesValues(accept) ? [...doubts, ...doubt(pair, "code", false)] : doubts;
    }
    if (emit.kind === "literal") return compareLiteral(emit.values[0] ?? null, pair);
    return compareSame(pair);
  }

  function compareSame(pair: Pair): readonly Doubt[] {
    const { accept, emit } = pair;
    if (accept.kind === "string" && emit.kind === "string") return compareStrings(accept, emit, pair);
    if (accept.kind === "number" && emit.kind === "number") return compareNumbers(accept, emit, pair);
    if (accept.kind === "bigint" && emit.kind === "bigint") return compareBigints(accept, emit, pair);
    if (accept.kind === "date" && emit.kind === "date") return compareDates(accept, emit, pair);
    if (accept.kind === "array" && emit.kind === "array") return compareItems(comparison, accept, emit, pair);
    if (accept.kind === "set" && emit.kind === "set") return compareItems(comparison, accept, emit, pair);
    if (accept.kind === "array" && emit.kind === "tuple") return compareTupleToArray(comparison, accept, emit, pair);
    if (accept.kind === "tuple" && emit.kind === "tuple") return compareTuples(comparison, accept, emit, pair);
    if (accept.kind === "map" && emit.kind === "map") return compareMaps(accept, emit, pair);
    if (accept.kind === "object" && emit.kind === "object") return compareObjects(comparison, accept, emit, pair);
    if (accept.kind === "record" && emit.kind === "record") return compareRecords(comparison, accept, emit, pair);
    if (accept.kind === "record" && emit.kind === "object")
      return compareObjectToRecord(comparison, accept, emit, pair);
    if (accept.kind === "object" && emit.kind === "record")
      return compareObjects(comparison, accept, recordAsObject(emit), pair);
    return compareOpaque(pair);
  }

  function compareOpaque(pair: Pair): readonly Doubt[] {
    const { accept, emit } = pair;
    if (accept.kind === "opaque" && emit.kind === "opaque" && accept.hash === emit.hash) return [];
    if (accept.kind === "opaque" || emit.kind === "opaque") return doubt(pair, "code", false);
    if (accept.kind === "template" && emit.kind === "template" && accept.pattern === emit.pattern) return [];
    if (emit.kind === "template" && accept.kind === "string") return compareTemplate(pair);
    if (accept.kind === "template" && (emit.kind === "string" || emit.kind === "template")) {
      return doubt(pair, "pattern", emit.kind === "string" && !emit.formats && !emit.patterns);
    }
    if (emit.kind === "boolean" && accept.kind === "literal") {
      return [true, false].every((value) => accept.values.includes(value)) ? [] : doubt(pair, "literal");
    }
    if (accept.kind === emit.kind && simpleKinds.has(accept.kind)) return [];
    // What is decided by code, or converted, may well be of the right kind.
    const isCertain = !emit.opaque && !accept.coerce && accept.kind !== "nan";
    return doubt(pair, emit.kind === "null" ? "null" : accept.coerce ? "coerce" : "kind", isCertain);
  }

  function compareMaps(accept: Of<"map">, emit: Of<"map">, pair: Pair): readonly Doubt[] {
    return [
      ...compare({ accept: accept.key, emit: emit.key, path: [...pair.path, "[key]"] }),
      ...compare({ accept: accept.value, emit: emit.value, path: [...pair.path, "[value]"] }),
      ...compareSizes(accept, emit, pair),
    ];
  }

  function compareMembers(emit: Of<"union">, pair: Pair): readonly Doubt[] {
    // Whatever the rest may be: the same alternatives, of which exactly one fits, are the same values.
    if (isDeepStrictEqual(acceptTypes, emitTypes) && isDeepStrictEqual(pair.accept, emit)) return [];
    const members = emit.members.map((member) => resolve(member, emitTypes));
    const objects = emit.discriminator === undefined ? members.flatMap(objectsIn) : [];
    return members.flatMap((member) => compare({ ...pair, emit: withForeignKeys(member, objects) }));
  }

  /** One alternative that takes it all is enough; with several that take a part, nobody can tell. */
  function compareChoice(accept: Of<"union">, pair: Pair): readonly Doubt[] {
    const { emit } = pair;
    const split = splitByDiscriminator(emit, accept.discriminator);
    if (split) return split.flatMap((part) => compare({ ...pair, emit: part }));
    const members = accept.members.map((member) => resolve(member, acceptTypes));
    const all = members.map((member) => compareAside({ ...pair, accept: member }));
    const first = all.findIndex((doubts) => doubts.length === 0);
    // One that is tried before may throw: its halves may differ about what they make of a value.
    const isFragile = members.slice(0, Math.max(0, first)).some(mayThrow);
    if (first >= 0)
      return [
        ...(accept.exclusive ? doubt(pair, "exclusive", false) : []),
        ...(isFragile ? doubt(pair, "code", false) : []),
      ];
    if (emit.kind === "boolean") return compareBoolean(members, pair);
    const near = all.filter((_, index) => isNear(members[index], emit, accept.discriminator));
    const [only, ...more] = near;
    if (only && more.length === 0) return only;
    const isOpen = all.flat().some(({ isCertain }) => !isCertain) || near.length > 1;
    return doubt(pair, emit.kind === "null" ? "null" : "member", !isOpen);
  }

  /** What is assumed on the way into an alternative holds only if that is the one. */
  function compareAside(pair: Pair): readonly Doubt[] {
    const before = [...assumed];
    const doubts = compare(pair);
    if (doubts.length > 0) {
      assumed.clear();
      for (const key of before) assumed.add(key);
    }
    return doubts;
  }

  function compareBoolean(members: readonly ContractNode[], pair: Pair): readonly Doubt[] {
    const missing = [true, false].filter(
      (value) => !members.some((member) => !member.opaque && acceptsValue(member, value)),
    );
    return missing.length === 0 ? [] : doubt(pair, "literal");
  }

  /** Nothing catches what zod throws where the halves of an intersection make different values. */
  function mayThrow(node: ContractNode): boolean {
    const isRecursive = JSON.stringify(node).includes('"kind":"ref"');
    return [node, ...(isRecursive ? Object.values(acceptTypes) : [])].some(holdsFragile);
  }

  function compareBoth(emit: Of<"intersection">, pair: Pair): readonly Doubt[] {
    const [left, right] = [resolve(emit.left, emitTypes), resolve(emit.right, emitTypes)];
    if (isDeepStrictEqual(acceptTypes, emitTypes) && isDeepStrictEqual(pair.accept, emit))
      return convertsByOrder(emit) ? doubt(pair, "code", false) : [];
    const merged = mergeObjects(left, right);
    if (merged) return compare({ ...pair, emit: merged });
    const halves = [left, right].map((half) => compareAside({ ...pair, emit: half }));
    return (
      halves.find((doubts) => doubts.length === 0) ?? (halves[0] ?? []).map((one) => ({ ...one, isCertain: false }))
    );
  }

  return comparison;
}

type Of<Kind extends ContractNode["kind"]> = ContractNode & { readonly kind: Kind };

const simpleKinds: ReadonlySet<string> = new Set(["null", "undefined", "boolean", "nan", "bytes"]);

function resolve(node: ContractNode, types: Shape["types"], depth = 0): ContractNode {
  const target = node.kind === "ref" && depth < maxDepth ? types[node.name] : undefined;
  if (node.kind !== "ref" || !target) return node.kind === "ref" ? { kind: "unknown" } : node;
  const { kind: _, name: __, ...remarks } = node;
  const opaque = [...(target.opaque ?? []), ...(remarks.opaque ?? [])];
  return resolve({ ...target, ...remarks, ...(opaque.length === 0 ? {} : { opaque }) }, types, depth + 1);
}

function compareRemarks(pair: Pair): readonly Doubt[] {
  const { accept, emit } = pair;
  const known = new Set((emit.opaque ?? []).map(({ kind, hash }) => `${kind} ${hash}`));
  const isKnown = (accept.opaque ?? []).every(({ kind, hash }) => known.has(`${kind} ${hash}`));
  const takesAll = accept.kind === "any" || accept.kind === "unknown";
  return [
    ...(isKnown ? [] : doubt(pair, "code", false)),
    ...(emit.coerce && !accept.coerce && !takesAll ? doubt(pair, "coerce", false) : []),
    ...(emit.catch && !takesAll ? doubt(pair, "catch", false) : []),
  ];
}

function holdsFragile(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const node = value as Partial<ContractNode>; // what else a contract is made of has no kind
  return (
    (node.kind === "intersection" && changesValues(node as Of<"intersection">)) ||
    Object.values(value).some(holdsFragile)
  );
}

/** The results of two halves have to be equal where they meet, and code may make them differ. */
function changesValues({ left, right }: Of<"intersection">): boolean {
  if (left.kind !== "object" || right.kind !== "object") return true;
  // A half that keeps other keys has a result for those of the other half, too.
  const isOpen = [left, right].some(({ others }) => others !== "strip" && others !== "strict");
  const keys = [...new Set([...Object.keys(left.properties), ...Object.keys(right.properties)])];
  const shared = keys.filter(
    (key) => isOpen || (Object.hasOwn(left.properties, key) && Object.hasOwn(right.properties, key)),
  );
  return shared.some((key) =>
    /"(?:catch|coerce|opaque|default|prefault|ref)"/.test(
      JSON.stringify([left.properties[key], right.properties[key]]),
    ),
  );
}

/**
 * Whether the halves may make different values of null, depending on whether it is tried before a conversion: the order of
 * the two is not in the contract.
 */
function convertsByOrder(emit: Of<"intersection">): boolean {
  return changesValues(emit) && /"coerce":true[^[\]]*,\{"kind":"null"\}/.test(JSON.stringify(emit));
}

/** What of an alternative is an object. */
function objectsIn(node: ContractNode): readonly ObjectNode[] {
  if (node.kind === "intersection") return [...objectsIn(node.left), ...objectsIn(node.right)];
  return node.kind === "object" ? [node] : node.kind === "record" ? [recordAsObject(node)] : [];
}

/** In a union, an object may have keys of the other alternatives, with any value: TypeScript lets them pass. */
function withForeignKeys(node: ContractNode, objects: readonly ObjectNode[]): ContractNode {
  if (node.kind !== "object" || node.others !== "strip") return node;
  if (objects.some(({ others }) => others !== "strip" && others !== "strict")) return { ...node, others: "loose" };
  const keys = objects.flatMap(({ properties }) => Object.keys(properties));
  const foreign = keys.filter((key) => !Object.hasOwn(node.properties, key));
  if (foreign.length === 0) return node;
  const properties = Object.fromEntries(foreign.map((key) => [key, anything] as const));
  return { ...node, properties: { ...node.properties, ...properties } };
}

const anything: Member = { type: { kind: "unknown", opaque: [{ kind: "check", hash: "undeclared" }] }, optional: true };

/** The two halves of an intersection forgive each other keys that one of them does not know. */
function asHalf(one: Doubt): Doubt {
  return one.aspect === "extra" || one.aspect === "others" ? { ...one, isCertain: false } : one;
}

function compareLiteral(value: ContractValue, pair: Pair): readonly Doubt[] {
  const { accept } = pair;
  if (acceptsValue(accept, value)) return [];
  if (accept.kind === "opaque") return doubt(pair, "code", false);
  if (accept.kind === "string" && accept.formats && typeof value === "string") return doubt(pair, "format", false);
  if (accept.coerce) return doubt(pair, "coerce", false);
  return doubt(pair, value === null ? "null" : accept.kind === "literal" ? "literal" : kindAspect(accept, value));
}

function kindAspect(accept: ContractNode, value: ContractValue): "limit" | "kind" {
  return accept.kind === typeof value ? "limit" : "kind";
}

/** A template is a pattern, of which the length is not known. */
function compareTemplate(pair: Pair): readonly Doubt[] {
  const { accept } = pair;
  if (accept.kind !== "string") return doubt(pair, "kind");
  const isFree = !accept.formats && !accept.patterns && accept.maxLength === undefined && !accept.minLength;
  return isFree ? [] : doubt(pair, "pattern", false);
}

/** An object whose discriminator may have several values, as one object per value. */
function splitByDiscriminator(emit: ContractNode, key: string | undefined): readonly ContractNode[] | undefined {
  if (emit.kind !== "object" || key === undefined) return undefined;
  const member = emit.properties[key];
  if (member?.type.kind !== "literal" || member.type.values.length < 2) return undefined;
  const type = member.type;
  return type.values.map((value) => ({
    ...emit,
    properties: { ...emit.properties, [key]: { ...member, type: { ...type, values: [value] } } },
  }));
}

/** Whether an alternative is the one that was meant for these values. */
function isNear(member: ContractNode | undefined, emit: ContractNode, discriminator: string | undefined): boolean {
  if (!member) return false;
  if (emit.kind === "literal") return member.kind === "literal" || member.kind === typeof emit.values[0];
  if (member.kind !== emit.kind) return false;
  if (member.kind !== "object" || emit.kind !== "object" || discriminator === undefined) return true;
  return isDeepStrictEqual(member.properties[discriminator], emit.properties[discriminator]);
}
