import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { literalOf } from "../../runtime/schema/literal.ts";
import {
  type NamedType,
  type Problem,
  type Property,
  type Sides,
  type TupleItem,
  type TypeNode,
  unionOf,
  withoutUndefined,
  withUndefined,
} from "../model/model.ts";
import { pathText } from "../model/path-text.ts";
import { admits } from "../model/questions.ts";
import { isAsync } from "./async-check.ts";
import { type Hints, noHints } from "./hints.ts";
import { instanceNode } from "./instance-types.ts";
import { docsOf, metaOf, type SchemaMeta } from "./meta.ts";
import { isOptionalIn, isOptionalOut, lazyTarget } from "./optional.ts";
import { hasClass, holdsWritten, isJson, isOpaque, readonlyNode } from "./node-kinds.ts";
import { refusal, type Refusal } from "./refusals.ts";
import { templateText } from "./template.ts";

/** Reads zod schemas into the model. One walker per schema file, because named types are shared between its jobs. */
export interface Walker {
  /**
   * Both sides of one schema; `path` is where it stands, e.g. `["input"]`. `mayBeAbsent`: undefined is a value, too; default
   * false.
   */
  walk(schema: $ZodType, job: string, path: readonly string[], mayBeAbsent?: boolean): Sides;
  named(): readonly NamedType[];
  problems(): readonly Problem[];
}

type Side = "in" | "out";

export interface Place {
  readonly side: Side;
  readonly job: string;
  readonly path: readonly string[];
  /** From the schema at `path` inwards, through wrappers, options and the two ends of pipes, by index. */
  readonly inside: readonly number[];
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly constant: string | undefined;
  readonly sides: { in?: TypeNode; out?: TypeNode };
}

/** Deeper schemas are getters that make a new schema at every call: they have no end. */
const maxDepth = 100;

/** `exportNames`: what the schema file calls its exported schemas, for the names of recursive types. */
export function createWalker(exportNames: ReadonlyMap<unknown, string>, hints: Hints = noHints): Walker {
  const namedBySchema = new Map<$ZodType, Named>();
  const open = { in: new Set<$ZodType>(), out: new Set<$ZodType>() };
  const found = new Map<string, Problem>();

  function refuse({ job, path }: Place, { message, hint }: Refusal): TypeNode {
    const where = pathText(job, path);
    const problem: Problem = { code: "JW_SCHEMA_UNREPRESENTABLE", job, path, message: `${where} ${message}`, hint };
    // Both sides meet the same schema; one report is enough.
    found.set(JSON.stringify([job, path, message]), problem);
    return { kind: "never" };
  }

  function walk(schema: $ZodType, place: Place): TypeNode {
    const known = namedBySchema.get(schema);
    if (known?.sides[place.side] || (known && open[place.side].has(schema))) return { kind: "ref", id: known.id };
    const meta = metaOf(schema);
    if (open[place.side].has(schema)) return { kind: "ref", id: nameIt(schema, meta, place).id };
    if (place.path.length + place.inside.length > maxDepth) return refuse(place, refusal.tooDeep);
    if (meta.id !== undefined) nameIt(schema, meta, place);
    open[place.side].add(schema);
    const node = withMeta(schema, meta, place);
    open[place.side].delete(schema);
    return settle(schema, node, place);
  }

  function nameIt(schema: $ZodType, meta: SchemaMeta, { job, path }: Place): Named {
    const known = namedBySchema.get(schema);
    if (known) return known;
    const constant = exportNames.get(schema);
    const wish = meta.id ?? constant ?? [job, ...path.filter((part) => /^\w+$/.test(part)), "node"].join(" ");
    const named: Named = { id: `t${namedBySchema.size}`, name: wish, constant, sides: {} };
    namedBySchema.set(schema, named);
    return named;
  }

  /** A schema that turned out to be named keeps its type under the name, on both sides. */
  function settle(schema: $ZodType, node: TypeNode, place: Place): TypeNode {
    const named = namedBySchema.get(schema);
    if (!named) return node;
    named.sides[place.side] = node;
    const other: Side = place.side === "in" ? "out" : "in";
    if (!named.sides[other] && !open[other].has(schema)) walk(schema, { ...place, side: other });
    return { kind: "ref", id: named.id };
  }

  function withMeta(schema: $ZodType, meta: SchemaMeta, place: Place): TypeNode {
    if (isAsync(schema)) return refuse(place, refusal.async);
    const { def } = schema._zod;
    if (meta.tsType !== undefined && (place.side === "out" || def.type !== "pipe")) {
      const stored: TypeNode = isOpaque(def) || place.side === "out" ? { kind: "unknown" } : kindOf(schema, place);
      return { kind: "written", text: meta.tsType, ...(meta.from === undefined ? {} : { from: meta.from }), stored };
    }
    return branded(writtenNode(schema, place) ?? kindOf(schema, place), meta, place);
  }

  function branded(node: TypeNode, meta: SchemaMeta, place: Place): TypeNode {
    if (meta.brand !== undefined) return place.side === "out" ? { kind: "brand", name: meta.brand, item: node } : node;
    const brands = hints.at(place).brands.filter(({ side }) => side === place.side || side === "inout");
    return brands.reduceRight<TypeNode>((item, { name }) => ({ kind: "brand", name, item }), node);
  }

  /** The type that the text of the file declares where the schema itself has none, or less. */
  function writtenNode(schema: $ZodType, place: Place): TypeNode | undefined {
    const { def } = schema._zod;
    if (def.type !== "enum" && (!isOpaque(def) || hasClass(schema))) return undefined;
    if (def.type === "transform" && place.side === "in") return undefined;
    const { type } = hints.at(place);
    if (!type || (place.side === "in" && !type.plain)) return undefined;
    const stored: TypeNode = def.type === "enum" ? kindOf(schema, place) : { kind: "unknown" };
    return { kind: "written", text: type.text, ...(type.from === undefined ? {} : { from: type.from }), stored };
  }

  function inferredNode(place: Place): TypeNode {
    const inferred = hints.inferredAt(place);
    return inferred?.type ?? refuse(place, refusal.transform(inferred?.text));
  }

  /** Its values are stored as those of its type are, so that has to be known to the end. */
  function customNode(type: unknown, place: Place): TypeNode {
    const inferred = type === undefined ? hints.inferredAt(place) : undefined;
    const isKnown = inferred?.type && inferred.type.kind !== "unknown" && !holdsWritten(inferred.type);
    return isKnown ? inferred.type : refuse(place, refusal.custom(type, inferred?.text));
  }

  function kindOf(schema: $ZodType, place: Place): TypeNode {
    const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
    const inner = (type: $ZodType, index = 0): TypeNode => walk(type, { ...place, inside: [...place.inside, index] });
    const at = (type: $ZodType, part: string): TypeNode => walk(type, below(place, part));
    switch (def.type) {
      case "string":
      case "boolean":
      case "bigint":
      case "null":
      case "undefined":
      case "any":
      case "unknown":
      case "never":
        return { kind: def.type };
      case "number":
        return { kind: "number", special: false };
      case "nan":
        return { kind: "number", special: true };
      case "date":
        return { kind: "date", coerce: def.coerce === true };
      case "literal":
        return literals(def.values, place);
      case "enum":
        return literals([...(schema._zod.values ?? [])], place);
      case "template_literal":
        return { kind: "template", text: templateText(def.parts, (part) => walk(part, { ...place, side: "out" })) };
      case "object":
        return objectNode(def.shape, def.catchall, place);
      case "array":
        return { kind: "array", item: at(def.element, "[]") };
      case "set":
        return { kind: "set", item: at(def.valueType, "[]") };
      case "map":
        return { kind: "map", key: at(def.keyType, "[key]"), value: at(def.valueType, "[value]") };
      case "tuple":
        return tupleNode(def.items, def.rest, place);
      case "record":
        return {
          kind: "record",
          key: recordKey(at(def.keyType, "[key]"), place),
          value: at(def.valueType, "[value]"),
          partial: def.partial === true || (place.side === "in" && isOptionalIn(def.valueType)),
        };
      case "union":
        return unionOf(def.options.map((option, index) => inner(option, index)));
      case "intersection":
        return { kind: "intersection", left: inner(def.left), right: inner(def.right, 1) };
      case "optional":
        return schema._zod.traits.has("$ZodExactOptional") ? inner(def.innerType) : withUndefined(inner(def.innerType));
      case "nullable":
        return unionOf([inner(def.innerType), { kind: "null" }]);
      case "default":
        return place.side === "in" ? withUndefined(inner(def.innerType)) : withoutUndefined(inner(def.innerType));
      case "prefault":
        return place.side === "in" ? withUndefined(inner(def.innerType)) : inner(def.innerType);
      case "nonoptional":
        return withoutUndefined(inner(def.innerType));
      case "catch":
        return inner(def.innerType);
      case "success":
        return place.side === "in" ? inner(def.innerType) : { kind: "boolean" };
      case "readonly":
        return readonlyNode(inner(def.innerType));
      case "lazy":
        return inner(lazyTarget(schema));
      case "pipe":
        // A transform in the middle is on neither side, so that nobody else looks at it.
        if (isAsync(def.in) || isAsync(def.out)) return refuse(place, refusal.async);
        return place.side === "in" ? inner(def.in) : inner(def.out, 1);
      case "transform":
        return place.side === "in" ? { kind: "unknown" } : inferredNode(place);
      case "custom":
        return instanceNode(schema._zod.bag["Class"], place.side) ?? customNode(schema._zod.bag["Class"], place);
      case "void":
        return refuse(place, refusal.void);
      case "symbol":
      case "function":
      case "promise":
      case "file":
        return refuse(place, refusal[def.type]);
      default:
        def satisfies never;
        return refuse(place, refusal.unknownKind(schema._zod.def.type));
    }
  }

  function objectNode(
    shape: Readonly<Record<string, $ZodType>>,
    catchall: $ZodType | undefined,
    place: Place,
  ): TypeNode {
    const isOptional = place.side === "in" ? isOptionalIn : isOptionalOut;
    const properties = Object.keys(shape).flatMap((key): Property[] => {
      const schema = shape[key];
      if (!schema) return [];
      const type = walk(schema, below(place, key));
      return [{ key, optional: isOptional(schema), type, docs: docsOf(schema) }];
    });
    // `strict` is a catchall of never: no other keys.
    if (!catchall || catchall._zod.def.type === "never") return { kind: "object", properties };
    return { kind: "object", properties, rest: walk(catchall, below(place, "[key]")) };
  }

  function tupleNode(schemas: readonly $ZodType[], rest: $ZodType | null, place: Place): TypeNode {
    const isOptional = place.side === "in" ? isOptionalIn : isOptionalOut;
    const firstOptional = schemas.length - [...schemas].reverse().findIndex((schema) => !isOptional(schema));
    const tail = schemas.every(isOptional) ? 0 : firstOptional;
    const items = schemas.map((schema, index): TupleItem => ({
      optional: index >= tail,
      type: walk(schema, below(place, `[${index}]`)),
    }));
    if (!rest) return { kind: "tuple", items };
    return { kind: "tuple", items, rest: walk(rest, below(place, "[]")) };
  }

  function recordKey(key: TypeNode, place: Place): TypeNode {
    const kinds = key.kind === "union" ? key.members.map(({ kind }) => kind) : [key.kind];
    const allowed = ["string", "number", "literal", "template", "written", "brand", "ref", "never"];
    return kinds.every((kind) => allowed.includes(kind)) ? key : refuse(place, refusal.recordKey);
  }

  function literals(values: readonly unknown[], place: Place): TypeNode {
    const nodes = values.map((value): TypeNode => {
      if (typeof value === "number" && !Number.isFinite(value)) return { kind: "number", special: true };
      const literal = literalOf(value);
      return literal ? { kind: "literal", values: [literal] } : refuse(place, refusal.symbol);
    });
    const plain = nodes.flatMap((node) => (node.kind === "literal" ? node.values : []));
    const others = nodes.filter(({ kind }) => kind !== "literal");
    return unionOf(plain.length === 0 ? others : [{ kind: "literal", values: plain }, ...others]);
  }

  return {
    walk(schema, job, path, mayBeAbsent = false) {
      const place = { job, path, inside: [] };
      const sides = { in: walk(schema, { ...place, side: "in" }), out: walk(schema, { ...place, side: "out" }) };
      const types = new Map([...namedBySchema.values()].map((named) => [named.id, named.sides.in ?? sides.in]));
      if (!mayBeAbsent && admits("undefined", sides.in, types)) refuse({ ...place, side: "in" }, refusal.undefinedRoot);
      return sides;
    },
    named: () =>
      [...namedBySchema].map(([schema, { id, name, constant, sides }]) => ({
        id,
        ...(constant === undefined ? {} : { constant }),
        name: isJson(id, sides.in) ? "JsonValue" : name,
        docs: docsOf(schema),
        in: sides.in ?? { kind: "never" },
        out: sides.out ?? { kind: "never" },
      })),
    problems: () => [...found.values()],
  };
}

function below(place: Place, part: string): Place {
  return { ...place, path: [...place.path, part], inside: [] };
}
