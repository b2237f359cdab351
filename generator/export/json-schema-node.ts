import type { ContractNode, Member, ObjectNode, RecordNode } from "../model/contract.ts";
import { literalsOf, numberLimits, patternOf, sizeLimits, stringLimits } from "./json-schema-limits.ts";
import { type DocsView, noDocs } from "./docs-view.ts";
import type { JsonSchema } from "./schema-types.ts";
import { isUndefined, wireValue } from "./wire-value.ts";

/** `draft-07` has another word for lists whose places differ; AsyncAPI builds on it. */
export type Draft = "2020-12" | "draft-07";

export interface SchemaOptions {
  readonly draft: Draft;
  /** Where the schema of a recursive type lies, as `$ref` wants it. */
  readonly ref: (name: string) => string;
  /** The recursive types themselves, by name. */
  readonly types: Readonly<Record<string, ContractNode>>;
}

export interface SchemaPrinter {
  /** The schema of the stored form of a value; `docs` are the words of the schema file about it. */
  print(node: ContractNode, docs?: DocsView): JsonSchema;
}

/** What the worker's codecs take for theirs. An offset other than `Z` is a date-time, too, but not one that is stored. */
const storedDate = "^(?:\\d{4}|[+-]\\d{6})-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z$";
const storedBigint = "^-?\\d+$";

/** Values that JSON lacks are described as they are stored; `x-jobwright-type` says what they are in TypeScript. */
export function createSchemaPrinter({ draft, ref, types }: SchemaOptions): SchemaPrinter {
  function print(node: ContractNode, docs: DocsView = noDocs): JsonSchema {
    // The reader makes its own of whatever is there; only of dates and what is in them a writer makes one form.
    const kind = node.coerce && node.kind !== "date" ? {} : printKind(node, docs);
    const preset = node.default ?? node.prefault;
    return { ...kind, ...(preset && "value" in preset ? { default: wireValue(preset.value) } : {}) };
  }

  /** In a place that stays where its value is `undefined`: in a list, or under a key. JSON has `null` there. */
  function printPlace(node: ContractNode, docs?: DocsView, optional = isAbsentAllowed(node)): JsonSchema {
    const schema = print(node, docs);
    return optional && Object.keys(schema).length > 0 ? { anyOf: [schema, { type: "null" }] } : schema;
  }

  function printKind(node: ContractNode, docs: DocsView): JsonSchema {
    switch (node.kind) {
      case "null":
      case "boolean":
        return { type: node.kind };
      case "string":
        return { type: "string", ...stringLimits(node) };
      case "number":
        return { type: node.int ? "integer" : "number", ...numberLimits(node) };
      case "nan":
        return { const: "NaN" };
      case "bigint":
        return { type: "string", pattern: storedBigint, ...carried("bigint") };
      case "date":
        return { type: "string", format: "date-time", pattern: storedDate, ...carried("Date") };
      case "bytes":
        return { type: "string", contentEncoding: "base64", ...carried("Uint8Array") };
      case "literal":
        return literalsOf(node.values);
      case "template":
        return { type: "string", ...patternOf(node.pattern) };
      case "object":
        return printObject(node, docs);
      case "record":
        return printRecord(node, docs);
      case "array":
        return { type: "array", items: printPlace(node.item, docs.item()), ...sizeLimits(node) };
      case "set":
        return { type: "array", items: printPlace(node.item, docs.item()), ...sizeLimits(node), ...carried("Set") };
      case "map":
        return printMap(node, docs);
      case "tuple":
        return printTuple(node);
      case "union":
        return printUnion(node, docs);
      case "intersection":
        return { allOf: [print(node.left, docs), print(node.right, docs)] };
      case "ref":
        return { $ref: ref(node.name) };
      case "opaque":
        return node.type === undefined ? {} : carried(node.type);
      case "any":
      case "unknown":
        return {};
      case "undefined":
      case "never":
        return { not: {} };
      default:
        return node satisfies never;
    }
  }

  function printObject({ properties, others }: ObjectNode, docs: DocsView): JsonSchema {
    const keys = docs.inOrder(Object.keys(properties));
    const entries = keys.flatMap(({ key, about, docs: inner }): [string, JsonSchema][] => {
      const member = properties[key];
      return member ? [[key, { ...print(member.type, inner), ...about }]] : [];
    });
    const required = keys.map(({ key }) => key).filter((key) => isRequired(properties[key]));
    return {
      type: "object",
      properties: Object.fromEntries(entries),
      ...(required.length > 0 ? { required } : {}),
      ...(others === "strict" ? { additionalProperties: false } : {}),
      ...(typeof others === "object" ? { additionalProperties: printPlace(others) } : {}),
    };
  }

  function printRecord({ key, value, partial, loose }: RecordNode, docs: DocsView): JsonSchema {
    const item = printPlace(value, docs.item());
    if (loose) return { type: "object" };
    const names = key.kind === "literal" ? key.values.map((name) => String(wireValue(name))) : [];
    return {
      type: "object",
      ...(key.kind === "string" || key.kind === "literal" || key.kind === "template"
        ? { propertyNames: keysOf(key) }
        : {}),
      additionalProperties: item,
      ...(names.length > 0 && !partial && !isAbsentAllowed(value) ? { required: names } : {}),
    };
  }

  /** Keys are texts, whatever they were in the program. */
  function keysOf(key: ContractNode): JsonSchema {
    return key.kind === "literal" ? { enum: key.values.map((name) => String(wireValue(name))) } : print(key);
  }

  function printMap(node: ContractNode & { readonly kind: "map" }, docs: DocsView): JsonSchema {
    const pair = list([printPlace(node.key), printPlace(node.value, docs.item())], undefined, 2);
    return { type: "array", items: pair, ...sizeLimits(node), ...carried("Map") };
  }

  function printTuple(node: ContractNode & { readonly kind: "tuple" }): JsonSchema {
    const items = node.items.map((item) => printPlace(item.type, noDocs, !isRequired(item)));
    const required = node.items.findLastIndex(isRequired) + 1;
    return { ...list(items, node.rest && printPlace(node.rest), required), ...sizeLimits(node) };
  }

  /** A list whose first places have schemas of their own. */
  function list(items: readonly JsonSchema[], rest: JsonSchema | undefined, minItems: number): JsonSchema {
    const [first, others] = draft === "draft-07" ? ["items", "additionalItems"] : ["prefixItems", "items"];
    return {
      type: "array",
      ...(items.length > 0 ? { [first]: items, [others]: rest ?? false } : { items: rest ?? false }),
      ...(minItems > 0 ? { minItems } : {}),
    };
  }

  function printUnion(node: ContractNode & { readonly kind: "union" }, docs: DocsView): JsonSchema {
    const members = node.members.filter(({ kind }) => kind !== "undefined").map((member) => print(member, docs));
    const [only, ...others] = members;
    if (!only) return { not: {} };
    return others.length === 0 ? only : { [node.exclusive ? "oneOf" : "anyOf"]: members };
  }

  function isRequired(member: Member | undefined): boolean {
    return member !== undefined && !member.optional && !isAbsentAllowed(member.type);
  }

  /** `undefined` is absent once it is stored, and so is what the reader fills in. */
  function isAbsentAllowed(node: ContractNode, within: readonly string[] = []): boolean {
    if (node.default !== undefined || node.prefault !== undefined || node.catch) return true;
    if (node.kind === "union") return node.members.some((member) => isAbsentAllowed(member, within));
    if (node.kind === "literal") return node.values.some(isUndefined);
    if (node.kind === "ref") {
      const target = within.includes(node.name) ? undefined : types[node.name];
      return target !== undefined && isAbsentAllowed(target, [...within, node.name]);
    }
    return node.kind === "undefined" || node.kind === "unknown" || node.kind === "any" || node.kind === "opaque";
  }

  return { print };
}

function carried(type: string): JsonSchema {
  return { "x-jobwright-type": type };
}
