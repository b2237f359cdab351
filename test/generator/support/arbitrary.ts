import fc from "fast-check";
import type { NamedType, TypeNode } from "../../../generator/model/model.ts";

/** Values of a model's type, the edges of each kind included. */
export function arbitraryOf(type: TypeNode, named: readonly NamedType[]): fc.Arbitrary<unknown> {
  const types = new Map(named.map((entry) => [entry.id, entry.in]));

  /** `depth` ends recursive types: below zero, whatever may be missing is. */
  function of(node: TypeNode, depth: number): fc.Arbitrary<unknown> {
    switch (node.kind) {
      case "string":
        return fc.oneof(
          fc.string({ unit: "binary" }),
          fc.webUrl({ withQueryParameters: true, withFragments: true }),
          fc.constantFrom("", "2020-01-01T00:00:00.000Z", "12", "NaN", "AAAA", "\u0000"),
        );
      case "boolean":
        return fc.boolean();
      case "bigint":
        return fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n });
      case "null":
        return fc.constant(null);
      case "undefined":
        return fc.constant(undefined);
      case "any":
      case "unknown":
        // Unknown means any JSON, which has no −0.
        return fc.oneof(
          fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))),
          fc.constant(undefined),
        );
      case "never":
        return fc.constant(undefined);
      case "bytes":
        return fc.uint8Array();
      case "date":
        return fc.date({ noInvalidDate: true });
      case "number":
        // JSON has no −0.
        return (node.special ? fc.double() : fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) =>
          value === 0 ? 0 : value,
        );
      case "literal":
        return fc.constantFrom(...node.values.map(({ type: kind, text }) => literal(kind, text)));
      case "template":
        return fc.constantFrom("user-1-a", "`${x\\", "apx", "a1truenull", "x-y", "1px", "12n", "anull5true7");
      case "object":
        return object(node, depth);
      case "array":
        return list(of(node.item, depth - 1), depth);
      case "set":
        return list(of(node.item, depth - 1), depth).map((items) => new Set(items));
      case "map":
        return list(fc.tuple(of(node.key, depth - 1), of(node.value, depth - 1)), depth).map((items) => new Map(items));
      case "tuple":
        return tuple(node, depth);
      case "record":
        return record(node, depth);
      case "union": {
        const members = depth < 0 ? node.members.filter((member) => !leadsOn(member)) : node.members;
        return fc.oneof(...(members.length === 0 ? node.members : members).map((member) => of(member, depth - 1)));
      }
      case "intersection":
        return fc
          .tuple(of(node.left, depth), of(node.right, depth))
          .map(([left, right]) => Object.assign({}, left, right));
      case "ref": {
        const target = types.get(node.id);
        return target ? fc.constant(null).chain(() => of(target, depth - 1)) : fc.constant(undefined);
      }
      case "readonly":
      case "brand":
        return of(node.item, depth);
      case "written":
        return fc.oneof(fc.string(), fc.constant("3px"));
      default:
        return node satisfies never;
    }
  }

  function object(node: TypeNode & { readonly kind: "object" }, depth: number): fc.Arbitrary<unknown> {
    const parts = node.properties.map(({ key, type: value, optional }) => {
      const present = of(value, depth - 1).map((entry): [string, unknown][] => [[key, entry]]);
      const absent = fc.constant<[string, unknown][]>([]);
      if (!optional) return present;
      return depth < 0 ? absent : fc.oneof(present, absent);
    });
    const rest = node.rest ? entries(fc.string(), of(node.rest, depth - 1), depth) : fc.constant([]);
    return fc.tuple(rest, ...parts).map((groups) => Object.fromEntries(groups.flat()));
  }

  function tuple(node: TypeNode & { readonly kind: "tuple" }, depth: number): fc.Arbitrary<unknown> {
    const items = fc.tuple(...node.items.map((item) => of(item.type, depth - 1)));
    const rest = node.rest ? list(of(node.rest, depth - 1), depth) : fc.constant([]);
    return fc.tuple(items, rest).map(([first, last]) => [...first, ...last]);
  }

  function record(node: TypeNode & { readonly kind: "record" }, depth: number): fc.Arbitrary<unknown> {
    const value = of(node.value, depth - 1);
    if (node.key.kind === "literal" && !node.partial) {
      const keys = node.key.values.map((key) => String(literal(key.type, key.text)));
      return fc
        .tuple(...keys.map((key) => value.map((entry) => [key, entry] as const)))
        .map((list) => Object.fromEntries(list));
    }
    const key =
      node.key.kind === "string"
        ? fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor"))
        : of(node.key, depth).map(String);
    return entries(key, value, depth).map((list) => Object.fromEntries(list));
  }

  return of(type, 3);
}

function entries(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
  depth: number,
): fc.Arbitrary<[string, unknown][]> {
  return list(fc.tuple(key, value), depth);
}

function list<T>(item: fc.Arbitrary<T>, depth: number): fc.Arbitrary<T[]> {
  return fc.array(item, { maxLength: depth < 0 ? 0 : 4 });
}

function leadsOn(type: TypeNode): boolean {
  return JSON.stringify(type).includes('"ref"');
}

function literal(kind: string, text: string): unknown {
  if (kind === "bigint") return BigInt(text.slice(0, -1));
  return kind === "undefined" ? undefined : JSON.parse(text);
}
