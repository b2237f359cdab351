import { isDeepStrictEqual } from "node:util";
import { admitsUndefined } from "../model/contract-unions.ts";
import { takesNothing } from "./absence.ts";
import type { ContractNode, Member, ObjectNode, RecordNode } from "../model/contract.ts";
import { type Comparison, type Doubt, doubt, type Pair, type Shape } from "./doubt.ts";

/** Keys that only the writer has are dropped, refused or kept; those that only the reader has must not be missed. */
export function compareObjects(
  { compare, acceptTypes, emitTypes }: Comparison,
  accept: ObjectNode,
  emit: ObjectNode,
  pair: Pair,
): readonly Doubt[] {
  const declared = Object.entries(accept.properties).flatMap(([key, reader]) => {
    const path = [...pair.path, key];
    const writer = memberOf(emit, key);
    if (!writer) return undeclared(reader, emit.others, { compare, acceptTypes }, path);
    const inner: Pair = { accept: reader.type, emit: writer.type, path };
    const mayLack = writer.optional !== undefined || admitsUndefined(writer.type, emitTypes);
    return [...compare(inner), ...(mayLack ? compareAbsence(reader, acceptTypes, inner, "absent", writer) : [])];
  });
  const extra = Object.entries(emit.properties)
    .filter(([key]) => !Object.hasOwn(accept.properties, key))
    .flatMap(([key, writer]) => compareExtra(compare, accept.others, writer, [...pair.path, key]));
  return [...declared, ...extra, ...compareOthers(compare, accept.others, emit.others, pair)];
}

/** A key may be called like a method of all objects. */
function memberOf({ properties }: ObjectNode, key: string): Member | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** The reader declares a key that the writer does not. */
function undeclared(
  reader: Member,
  others: ObjectNode["others"],
  { compare, acceptTypes }: Pick<Comparison, "compare" | "acceptTypes">,
  path: readonly string[],
): readonly Doubt[] {
  const stored: ContractNode = typeof others === "object" ? others : { kind: others === "loose" ? "unknown" : "never" };
  const inner: Pair = { accept: reader.type, emit: stored, path };
  const absence = compareAbsence(reader, acceptTypes, inner, "missing");
  return [...absence, ...(compare(inner).length > 0 ? doubt(inner, "open", false) : [])];
}

function compareAbsence(
  reader: Member,
  types: Shape["types"],
  pair: Pair,
  aspect: "absent" | "missing",
  writer?: Member,
): readonly Doubt[] {
  const { optional, type } = reader;
  // zod's types demand a key that is caught, but some versions forgive its absence.
  if (optional === undefined && !admitsUndefined(type, types)) return doubt(pair, aspect, !type.catch);
  // Code outside of the optional part sees the undefined, too.
  const isCodeAsked = hasCode(type) && admitsUndefined(type, types);
  const isSame = aspect === "absent" && isDeepStrictEqual(writer, reader);
  return isCodeAsked && !isSame ? doubt(pair, "code", false) : [];
}

function hasCode(node: ContractNode): boolean {
  return node.opaque !== undefined || (node.kind === "union" && node.members.some(hasCode));
}

/** The writer declares a key that the reader does not. */
function compareExtra(
  compare: Comparison["compare"],
  others: ObjectNode["others"],
  writer: Member,
  path: readonly string[],
): readonly Doubt[] {
  if (others === "strip" || others === "loose" || isNever(writer.type)) return [];
  if (others === "strict") return doubt({ accept: { kind: "never" }, emit: writer.type, path }, "extra");
  return compare({ accept: others, emit: writer.type, path });
}

/** One that is caught takes anything. */
function isNever({ kind, catch: isCaught }: ContractNode): boolean {
  return kind === "never" && !isCaught;
}

function compareOthers(
  compare: Comparison["compare"],
  accept: ObjectNode["others"],
  emit: ObjectNode["others"],
  pair: Pair,
): readonly Doubt[] {
  if (accept === "strip" || accept === "loose" || emit === "strict") return [];
  // What is stored is what was given, with whatever keys the types did not see.
  if (emit === "strip") return doubt(pair, "others", false);
  if (accept === "strict") return doubt(pair, "others");
  return compare({ accept, emit: emit === "loose" ? { kind: "unknown" } : emit, path: [...pair.path, "[key]"] });
}

export function compareRecords(
  { compare, acceptTypes }: Comparison,
  accept: RecordNode,
  emit: RecordNode,
  pair: Pair,
): readonly Doubt[] {
  const at = (part: string): readonly string[] => [...pair.path, part];
  const required = requiredKeys(accept);
  const given = new Set(requiredKeys(emit));
  const value: Member = { type: accept.value };
  return [
    ...(accept.loose ? [] : compare({ accept: accept.key, emit: emit.key, path: at("[key]") })),
    ...(emit.loose && !accept.loose ? doubt(pair, "others", false) : []),
    ...compare({ accept: accept.value, emit: emit.value, path: at("[value]") }),
    ...(required.every((key) => given.has(key))
      ? []
      : compareAbsence(value, acceptTypes, { ...pair, accept: accept.value }, "missing")),
  ];
}

/** Of a record whose keys are listed, every one has to be there. */
function requiredKeys({ key, value, partial }: RecordNode): readonly string[] {
  return partial || takesNothing(value) ? [] : (listedKeys(key) ?? []);
}

function listedKeys(key: ContractNode): readonly string[] | undefined {
  return key.kind === "literal" ? key.values.map(String) : undefined;
}

/** What a record stores, as an object. */
export function recordAsObject(record: RecordNode): ObjectNode {
  const keys = listedKeys(record.key);
  if (!keys) return { kind: "object", properties: {}, others: record.loose ? "loose" : record.value };
  const mayBeAbsent = record.partial || takesNothing(record.value);
  const member: Member = { type: record.value, ...(mayBeAbsent ? { optional: true } : {}) };
  return {
    kind: "object",
    properties: Object.fromEntries(keys.map((key) => [key, member])),
    others: record.loose ? "loose" : "strict",
  };
}

/** An object that is read as a record: every key and every value of it has to fit. */
export function compareObjectToRecord(
  { compare, acceptTypes, emitTypes }: Comparison,
  accept: RecordNode,
  emit: ObjectNode,
  pair: Pair,
): readonly Doubt[] {
  const required = requiredKeys(accept);
  const keys = Object.entries(emit.properties).flatMap(([key, { type }]) => {
    const path = [...pair.path, key];
    const wrongKey = compare({ accept: accept.key, emit: { kind: "literal", values: [key] }, path });
    return [...(accept.loose ? [] : wrongKey), ...compare({ accept: accept.value, emit: type, path })];
  });
  const missing = required.filter((key) => {
    const writer = memberOf(emit, key);
    return !writer || writer.optional !== undefined || admitsUndefined(writer.type, emitTypes);
  });
  return [
    ...keys,
    ...missing.flatMap((key) =>
      compareAbsence({ type: accept.value }, acceptTypes, { ...pair, path: [...pair.path, key] }, "missing"),
    ),
    ...(emit.others === "strict" ? [] : doubt(pair, "others", false)),
  ];
}

/** Both halves of an intersection as one object; undefined if they are not objects. */
export function mergeObjects(left: ContractNode, right: ContractNode): ContractNode | undefined {
  if (left.kind !== "object" || right.kind !== "object") return undefined;
  const properties: Record<string, Member> = { ...left.properties };
  for (const [key, member] of Object.entries(right.properties)) {
    const own = memberOf(left, key);
    properties[key] = own ? bothOf(own, member) : member;
  }
  const isPlain = left.others === "strip" && right.others === "strip";
  const opaque = [...(left.opaque ?? []), ...(right.opaque ?? [])];
  return {
    kind: "object",
    properties,
    others: isPlain ? "strip" : "loose",
    ...(opaque.length === 0 ? {} : { opaque }),
  };
}

function bothOf(left: Member, right: Member): Member {
  const type: ContractNode = { kind: "intersection", left: left.type, right: right.type };
  return left.optional !== undefined && right.optional !== undefined ? { type, optional: true } : { type };
}
