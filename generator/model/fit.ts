import type { Property, TypeNode } from "./model.ts";

/**
 * Whether every value of one type can stand where another is wanted. `unknown`: one of them is opaque, so that only the value
 * itself will tell. `path`: where a value would not fit, from the whole inwards.
 */
export type Fit =
  | { readonly verdict: "yes" | "unknown" }
  | {
      readonly verdict: "no";
      readonly path: readonly string[];
      readonly source: TypeNode | undefined;
      readonly target: TypeNode;
    };

type Kind<K extends TypeNode["kind"]> = Extract<TypeNode, { readonly kind: K }>;

const yes: Fit = { verdict: "yes" };
const unknown: Fit = { verdict: "unknown" };

/** `types`: what refs of both types stand for. Types are compared as TypeScript does, as far as the model shows them. */
export function createFit(types: ReadonlyMap<string, TypeNode>): (source: TypeNode, target: TypeNode) => Fit {
  /** Pairs that are being compared: of a recursive type, what is inside fits if the rest does. */
  const open = new Set<string>();

  function fit(source: TypeNode, target: TypeNode): Fit {
    if (source.kind === "never" || target.kind === "any" || target.kind === "unknown") return yes;
    if (source.kind === "any" || source.kind === "unknown") return unknown;
    if (source.kind === "ref" || target.kind === "ref") return fitRefs(source, target);
    if (source.kind === "written" || target.kind === "written") return fitWritten(source, target);
    if (source.kind === "readonly" || source.kind === "brand") return fitWrapped(source, target);
    if (target.kind === "readonly") return fit(source, target.item);
    // Who parses again has not seen the brand.
    if (target.kind === "brand") return weaken(fit(source, target.item));
    if (source.kind === "union") return all(source.members.map((member) => fit(member, target)));
    if (source.kind === "literal" && source.values.length > 1) {
      return all(source.values.map((value) => fit({ kind: "literal", values: [value] }, target)));
    }
    if (target.kind === "intersection") return all([fit(source, target.left), fit(source, target.right)]);
    if (target.kind === "union") return fitUnion(source, target);
    if (source.kind === "intersection") return fitIntersection(source, target);
    return fitKinds(source, target);
  }

  function fitRefs(source: TypeNode, target: TypeNode): Fit {
    const pair = JSON.stringify([source, target]);
    if (open.has(pair)) return yes;
    const from = source.kind === "ref" ? types.get(source.id) : source;
    const to = target.kind === "ref" ? types.get(target.id) : target;
    if (!from || !to) return unknown;
    open.add(pair);
    const found = fit(from, to);
    open.delete(pair);
    return found;
  }

  function fitWritten(source: TypeNode, target: TypeNode): Fit {
    if (source.kind === "written" && target.kind === "written") {
      if (source.text === target.text && source.from === target.from) return yes;
    }
    const from = source.kind === "written" ? source.stored : source;
    return weaken(fit(from, target.kind === "written" ? target.stored : target));
  }

  function fitWrapped(source: Kind<"brand" | "array" | "set" | "readonly">, target: TypeNode): Fit {
    if (source.kind === "brand" && target.kind === "brand" && source.name === target.name) {
      return fit(source.item, target.item);
    }
    return fit(source.item, target);
  }

  function fitUnion(source: TypeNode, target: Kind<"union">): Fit {
    const fits = target.members.map((member) => fit(source, member));
    const best = fits.find(({ verdict }) => verdict === "yes") ?? fits.find(({ verdict }) => verdict === "unknown");
    if (best) return best;
    if (source.kind === "boolean") {
      const values = ["true", "false"] as const;
      return all(values.map((text) => fit({ kind: "literal", values: [{ type: "boolean", text }] }, target)));
    }
    // Each value may be of another member, which only a look at every combination would tell.
    const objects = target.members.filter((member) =>
      ["object", "record", "ref", "intersection"].includes(member.kind),
    );
    if (source.kind === "object" && objects.length > 1) return unknown;
    const only = fits.filter((found) => found.verdict === "no" && found.path.length > 0);
    return only.length === 1 && only[0] ? only[0] : no(source, target);
  }

  function fitIntersection(source: Kind<"intersection">, target: TypeNode): Fit {
    const fits = [fit(source.left, target), fit(source.right, target)];
    return fits.find(({ verdict }) => verdict === "yes") ?? fitMerged(source, target);
  }

  function fitMerged({ left, right }: Kind<"intersection">, target: TypeNode): Fit {
    if (left.kind !== "object" || right.kind !== "object") return unknown;
    const keys = new Set([...left.properties, ...right.properties].map(({ key }) => key));
    if (keys.size < left.properties.length + right.properties.length) return unknown;
    return fit({ kind: "object", properties: [...left.properties, ...right.properties] }, target);
  }

  function fitKinds(source: TypeNode, target: TypeNode): Fit {
    switch (target.kind) {
      case "object":
        return source.kind === "object" || source.kind === "record" ? fitObject(source, target) : no(source, target);
      case "record":
        return source.kind === "object" || source.kind === "record" ? fitRecord(source, target) : no(source, target);
      case "array":
        return fitArray(source, target);
      case "tuple":
        return fitTuple(source, target);
      case "set":
        return source.kind === "set" ? inside("[]", fit(source.item, target.item)) : no(source, target);
      case "map":
        return source.kind === "map"
          ? all([inside("[key]", fit(source.key, target.key)), inside("[value]", fit(source.value, target.value))])
          : no(source, target);
      case "literal":
        return fitLiteral(source, target);
      case "template":
        return fitTemplate(source, target);
      case "date":
        // A date that is coerced takes texts and numbers, of which some are dates.
        if (target.coerce && ["string", "number", "literal", "template"].includes(source.kind)) return unknown;
        return source.kind === "date" ? yes : no(source, target);
      case "string":
        return source.kind === "string" || source.kind === "template" || isLiteralOf(source, "string")
          ? yes
          : no(source, target);
      default:
        return source.kind === target.kind || isLiteralOf(source, target.kind) ? yes : no(source, target);
    }
  }

  function fitObject(source: Kind<"object" | "record">, target: Kind<"object">): Fit {
    const from = asObject(source);
    if (!from) return target.properties.every(({ optional }) => optional) ? unknown : no(source, target);
    const own = new Map(from.properties.map((property) => [property.key, property]));
    const listed = new Set(target.properties.map(({ key }) => key));
    const fits = target.properties.map((wanted) => fitProperty(own.get(wanted.key), wanted, from.rest !== undefined));
    const { rest } = target;
    if (!rest) return all(fits);
    const others = from.properties.filter(({ key }) => !listed.has(key));
    return all([
      ...fits,
      ...others.map(({ key, type }) => inside(key, fit(type, rest))),
      from.rest ? fit(from.rest, rest) : yes,
    ]);
  }

  function fitProperty(given: Property | undefined, { key, optional, type }: Property, hasRest: boolean): Fit {
    if (!given) return optional ? (hasRest ? unknown : yes) : inside(key, no(undefined, type));
    if (given.optional && !optional) return inside(key, no(maybeMissing(given.type), type));
    return inside(key, fit(given.type, type));
  }

  function fitRecord(source: Kind<"object" | "record">, target: Kind<"record">): Fit {
    const to = asObject(target);
    if (to) return fitObject(source, to);
    const value: TypeNode = target.partial ? maybeMissing(target.value) : target.value;
    if (source.kind === "record") {
      return all([inside("[key]", fit(source.key, target.key)), inside("[value]", fit(source.value, value))]);
    }
    // Keys of an object are texts.
    if (target.key.kind !== "string") return unknown;
    const fits = source.properties.map(({ key, type, optional }) =>
      inside(key, optional ? weaken(fit(type, value)) : fit(type, value)),
    );
    return all([...fits, source.rest ? fit(source.rest, value) : yes]);
  }

  function fitArray(source: TypeNode, { item }: Kind<"array" | "set" | "readonly">): Fit {
    if (source.kind === "array") return inside("[]", fit(source.item, item));
    if (source.kind !== "tuple") return no(source, { kind: "array", item });
    const fits = source.items.map(({ type, optional }, index) =>
      inside(`[${index}]`, fit(optional ? maybeMissing(type) : type, item)),
    );
    return all([...fits, source.rest ? fit(source.rest, item) : yes]);
  }

  function fitTuple(source: TypeNode, target: Kind<"tuple">): Fit {
    const allOptional = target.items.every(({ optional }) => optional);
    if (source.kind === "array") return allOptional && target.rest ? unknown : no(source, target);
    if (source.kind !== "tuple" || (source.rest && !target.rest)) return no(source, target);
    const length = Math.max(source.items.length, target.items.length);
    return all(Array.from({ length }, (_, index) => inside(`[${index}]`, fitItem(source, target, index))));
  }

  function fitItem(source: Kind<"tuple">, target: Kind<"tuple">, index: number): Fit {
    const [given, wanted] = [source.items[index], target.items[index]];
    if (!wanted) return given && target.rest ? fit(given.type, target.rest) : no(given?.type, target);
    if (!given) return wanted.optional ? (source.rest ? unknown : yes) : no(undefined, wanted.type);
    return given.optional && !wanted.optional
      ? no(maybeMissing(given.type), wanted.type)
      : fit(given.type, wanted.type);
  }

  return fit;
}

function fitLiteral(source: TypeNode, target: Kind<"literal">): Fit {
  const known = new Set(target.values.map(({ type, text }) => `${type} ${text}`));
  if (source.kind === "literal") {
    return source.values.every(({ type, text }) => known.has(`${type} ${text}`)) ? yes : no(source, target);
  }
  if (source.kind === "boolean")
    return known.has("boolean true") && known.has("boolean false") ? yes : no(source, target);
  const isOnlyValue = source.kind === "null" || source.kind === "undefined";
  return isOnlyValue && known.has(`${source.kind} ${source.kind}`) ? yes : no(source, target);
}

function fitTemplate(source: TypeNode, target: Kind<"template">): Fit {
  if (source.kind === "template") return source.text === target.text ? yes : unknown;
  return isLiteralOf(source, "string") ? unknown : no(source, target);
}

function isLiteralOf(source: TypeNode, kind: TypeNode["kind"]): boolean {
  return source.kind === "literal" && source.values.every(({ type }) => type === kind);
}

/** A record of listed keys is an object; undefined: nobody knows its keys. */
function asObject(type: Kind<"object" | "record">): Kind<"object"> | undefined {
  if (type.kind === "object") return type;
  if (type.key.kind !== "literal") return undefined;
  const properties = type.key.values.map(({ text }): Property => ({
    key: String(JSON.parse(text)),
    optional: type.partial,
    type: type.value,
    docs: {},
  }));
  return { kind: "object", properties };
}

function maybeMissing(type: TypeNode): TypeNode {
  return { kind: "union", members: [type, { kind: "undefined" }] };
}

function no(source: TypeNode | undefined, target: TypeNode): Fit {
  return { verdict: "no", path: [], source, target };
}

function inside(part: string, found: Fit): Fit {
  return found.verdict === "no" ? { ...found, path: [part, ...found.path] } : found;
}

function weaken(found: Fit): Fit {
  return found.verdict === "yes" ? unknown : found;
}

/** The first that does not fit, else whether one is opaque. */
function all(fits: readonly Fit[]): Fit {
  return fits.find(({ verdict }) => verdict === "no") ?? fits.find(({ verdict }) => verdict === "unknown") ?? yes;
}
