import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { admitsUndefined, unionNode, withoutUndefined, withUndefined } from "../model/contract-unions.ts";
import type { ContractNode, ContractValue, Member, OpaqueCode } from "../model/contract.ts";
import { limitsOf } from "./contract-checks.ts";
import type { DefaultReader } from "./contract-defaults.ts";
import { withLimits } from "./contract-limits.ts";
import { codeHash, contractValue } from "./contract-value.ts";
import { instanceNode } from "./instance-types.ts";
import { metaOf } from "./meta.ts";
import { lazyTarget } from "./optional.ts";

/** Describes the schemas of one job. They share the names of recursive types. */
export interface ContractWalker {
  /** `place` names a recursive schema that has no name of its own. */
  walk(schema: $ZodType, place: string): ContractNode;
  /** The recursive types that were met, by name. */
  types(): Readonly<Record<string, ContractNode>>;
}

export interface ContractWalkerOptions {
  /** What the schema file calls its exported schemas. */
  readonly exportNames: ReadonlyMap<unknown, string>;
  readonly defaults: DefaultReader;
}

export function createContractWalker(options: ContractWalkerOptions): ContractWalker {
  const open = new Set<$ZodType>();
  const names = new Map<$ZodType, string>();
  const types = new Map<string, ContractNode>();

  function walk(schema: $ZodType, place: string): ContractNode {
    const known = names.get(schema);
    if (known !== undefined) return { kind: "ref", name: known };
    if (open.has(schema)) return { kind: "ref", name: nameIt(schema, place) };
    open.add(schema);
    const node = withLimits(bare(schema, place), limitsOf(schema, hashOf));
    open.delete(schema);
    const name = names.get(schema);
    if (name === undefined) return node;
    types.set(name, node);
    return { kind: "ref", name };
  }

  function nameIt(schema: $ZodType, place: string): string {
    const wish = metaOf(schema).id ?? options.exportNames.get(schema) ?? place;
    const taken = new Set(names.values());
    let name = wish;
    for (let number = 2; taken.has(name); number++) name = `${wish}${number}`;
    names.set(schema, name);
    return name;
  }

  /** Of a schema that is no part of the contract but has its say in it. */
  function hashOf(schema: $ZodType): string {
    const inner = createContractWalker(options);
    const node = inner.walk(schema, "");
    return codeHash(JSON.stringify([node, inner.types()]));
  }

  /** A schema without its checks. */
  function bare(schema: $ZodType, place: string): ContractNode {
    const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
    const inner = (type: $ZodType, part = ""): ContractNode => walk(type, place + part);
    switch (def.type) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
      case "date":
        return { kind: def.type, ...(def.coerce === true ? { coerce: true } : {}) };
      case "null":
      case "undefined":
      case "any":
      case "unknown":
      case "never":
      case "nan":
        return { kind: def.type };
      case "literal":
      case "enum":
        return literalNode([...(schema._zod.values ?? [])]);
      case "template_literal":
        return { kind: "template", pattern: String(schema._zod.pattern) };
      case "object":
        return objectNode(def.shape, def.catchall, place);
      case "array":
        return { kind: "array", item: inner(def.element, "[]") };
      case "set":
        return { kind: "set", item: inner(def.valueType, "[]") };
      case "map":
        return { kind: "map", key: inner(def.keyType, "[key]"), value: inner(def.valueType, "[value]") };
      case "record":
        return {
          kind: "record",
          key: inner(def.keyType, "[key]"),
          value: inner(def.valueType, "[value]"),
          ...(def.partial ? { partial: true } : {}),
          ...(def.mode === "loose" ? { loose: true } : {}),
        };
      case "tuple":
        return {
          kind: "tuple",
          items: def.items.map((item, index) => memberOf(item, `${place}[${index}]`)),
          ...(def.rest ? { rest: inner(def.rest, "[]") } : {}),
        };
      case "union":
        return unionNode(
          def.options.map((option) => inner(option)),
          {
            ...("discriminator" in def ? { discriminator: String(def.discriminator) } : {}),
            ...(def.inclusive === false ? { exclusive: true } : {}),
          },
        );
      case "intersection":
        return { kind: "intersection", left: inner(def.left), right: inner(def.right) };
      case "optional":
        return withUndefined(inner(def.innerType));
      case "nullable":
        return unionNode([inner(def.innerType), { kind: "null" }]);
      case "default":
      case "prefault":
        return { ...inner(def.innerType), [def.type]: options.defaults.read(schema) };
      case "nonoptional":
        return withoutUndefined(inner(def.innerType));
      case "catch":
      case "success":
        return { ...inner(def.innerType), catch: true };
      case "readonly":
        return inner(def.innerType);
      case "lazy":
        return inner(lazyTarget(schema));
      case "pipe":
        return withCode(inner(def.in), pipeCode(schema, hashOf));
      case "transform":
        return withCode({ kind: "unknown" }, { kind: "transform", hash: codeHash(def.transform) });
      case "custom":
        return customNode(schema, def.fn);
      default:
        // Nothing else can be stored, and the walk over types has refused it.
        return { kind: "never" };
    }
  }

  function objectNode(
    shape: Readonly<Record<string, $ZodType>>,
    catchall: $ZodType | undefined,
    place: string,
  ): ContractNode {
    const entries = Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1));
    const properties = entries.map(([key, schema]) => [key, memberOf(schema, `${place}.${key}`)] as const);
    return { kind: "object", properties: Object.fromEntries(properties), others: othersOf(catchall, place) };
  }

  function othersOf(catchall: $ZodType | undefined, place: string): "strip" | "strict" | "loose" | ContractNode {
    if (!catchall) return "strip";
    const node = walk(catchall, `${place}[key]`);
    if (Object.keys(node).length > 1) return node;
    return node.kind === "never" ? "strict" : node.kind === "unknown" || node.kind === "any" ? "loose" : node;
  }

  function memberOf(schema: $ZodType, place: string): Member {
    const node = walk(schema, place);
    if (!admitsUndefined(node)) return { type: node };
    const isExact = schema._zod.traits.has("$ZodExactOptional");
    return { type: withoutUndefined(node), optional: isExact ? "exact" : true };
  }

  return {
    walk,
    types: () => Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function withCode(node: ContractNode, code: OpaqueCode): ContractNode {
  return { ...node, opaque: [...(node.opaque ?? []), code] };
}

function pipeCode(schema: $ZodType, hashOf: (schema: $ZodType) => string): OpaqueCode {
  const { def } = (schema as $ZodTypes)._zod; // as in `bare`
  if (def.type !== "pipe") throw new TypeError(`${def.type} is no pipe`);
  const transform = "transform" in def ? def.transform : undefined;
  return {
    kind: transform ? "codec" : def.out._zod.def.type === "transform" ? "transform" : "pipe",
    hash: codeHash(transform, hashOf(def.out)),
  };
}

function customNode(schema: $ZodType, code: unknown): ContractNode {
  const type = instanceNode(schema._zod.bag["Class"], "in");
  if (type?.kind === "bytes" || type?.kind === "date") return { kind: type.kind };
  const { tsType } = metaOf(schema);
  return { kind: "opaque", ...(tsType === undefined ? {} : { type: tsType }), hash: codeHash(code) };
}

/** Numbers that JSON lacks have a text form, other than plain ones; otherwise the order says nothing. */
function literalNode(literals: readonly unknown[]): ContractNode {
  const values = literals.map(contractValue);
  const byText = new Map(values.map((value): [string, ContractValue] => [JSON.stringify(value), value]));
  const sorted = [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return { kind: "literal", values: sorted };
}
