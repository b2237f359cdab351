import type { Docs, NamedType, Property, TypeNode } from "../model/model.ts";

/**
 * What the schema file says of a value and of its parts. The contract has none of it, so that the words about a field can
 * change without changing the contract; here the two are put together again.
 */
export interface DocsView {
  /** These keys of an object as the schema file has them in order, each with its words. */
  inOrder(keys: readonly string[]): readonly DescribedKey[];
  /** Of the members of a list, or the values of a record or map. */
  item(): DocsView;
}

export interface DescribedKey {
  readonly key: string;
  readonly about: About;
  readonly docs: DocsView;
}

/** In the words of JSON Schema. */
export interface About {
  readonly description?: string;
  readonly deprecated?: true;
}

export const noDocs: DocsView = {
  inOrder: (keys) => keys.map((key) => ({ key, about: {}, docs: noDocs })),
  item: () => noDocs,
};

export function docsViewOf(type: TypeNode, named: readonly NamedType[]): DocsView {
  const types = new Map(named.map((entry) => [entry.id, entry.in]));

  function viewOf(candidates: readonly TypeNode[]): DocsView {
    return {
      inOrder(keys) {
        const own = propertiesOf(candidates, keys);
        if (!own) return noDocs.inOrder(keys);
        return own.map(({ key, docs, type: inner }) => ({
          key,
          about: aboutOf(docs),
          docs: viewOf(bare(inner, types)),
        }));
      },
      item: () => viewOf(candidates.flatMap(itemOf).flatMap((inner) => bare(inner, types))),
    };
  }

  return viewOf(bare(type, types));
}

/** Of the one object with exactly these keys. If several have them, nobody knows whose words are meant. */
function propertiesOf(candidates: readonly TypeNode[], keys: readonly string[]): readonly Property[] | undefined {
  const wanted = [...keys].sort().join("\0");
  const fitting = candidates.flatMap((candidate) =>
    candidate.kind === "object" &&
    candidate.properties
      .map(({ key }) => key)
      .sort()
      .join("\0") === wanted
      ? [candidate.properties]
      : [],
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function itemOf(type: TypeNode): readonly TypeNode[] {
  if (type.kind === "array" || type.kind === "set") return [type.item];
  return type.kind === "record" || type.kind === "map" ? [type.value] : [];
}

/** Without wrappers, and the members of a union one by one. */
function bare(
  type: TypeNode,
  types: ReadonlyMap<string, TypeNode>,
  open: ReadonlySet<string> = new Set(),
): readonly TypeNode[] {
  switch (type.kind) {
    case "readonly":
    case "brand":
      return bare(type.item, types, open);
    case "written":
      return bare(type.stored, types, open);
    case "union":
      return type.members.flatMap((member) => bare(member, types, open));
    case "intersection":
      return [type.left, type.right].flatMap((side) => bare(side, types, open));
    case "ref": {
      const target = open.has(type.id) ? undefined : types.get(type.id);
      return target ? bare(target, types, new Set([...open, type.id])) : [];
    }
    default:
      return [type];
  }
}

export function aboutOf({ text, deprecated }: Docs): About {
  const reason = deprecated ? `Deprecated: ${deprecated}` : "";
  const description = [text ?? "", reason].filter((part) => part !== "").join("\n\n");
  return {
    ...(description === "" ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated: true }),
  };
}
