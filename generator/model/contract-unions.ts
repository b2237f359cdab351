import type { ContractNode, UnionNode } from "./contract.ts";

/** What may stand beside the members of a union. */
type UnionRemarks = Pick<UnionNode, "discriminator" | "exclusive">;

/** Plain unions within unions are dissolved, what is there twice is dropped, `null` and `undefined` go to the end. */
export function unionNode(members: readonly ContractNode[], remarks: UnionRemarks = {}): ContractNode {
  const flat = members.flatMap((member) => (isPlainUnion(member) ? member.members : [member]));
  const unique = new Map(flat.filter(({ kind }) => kind !== "never").map((node) => [JSON.stringify(node), node]));
  const sorted = [...unique.values()].sort((a, b) => rank(a) - rank(b));
  const [only, ...others] = sorted;
  if (!only) return { kind: "never" };
  return others.length === 0 ? only : { kind: "union", members: sorted, ...remarks };
}

function isPlainUnion(node: ContractNode): node is ContractNode & { readonly kind: "union" } {
  return node.kind === "union" && Object.keys(node).length === 2;
}

function rank({ kind }: ContractNode): number {
  return kind === "undefined" ? 2 : kind === "null" ? 1 : 0;
}

export function withUndefined(node: ContractNode): ContractNode {
  return unionNode([node, { kind: "undefined" }]);
}

export function withoutUndefined(node: ContractNode): ContractNode {
  switch (node.kind) {
    case "undefined":
      return { kind: "never" };
    case "union": {
      const members = node.members.map(withoutUndefined).filter(({ kind }) => kind !== "never");
      const [only, ...others] = members;
      const { kind: _, members: __, discriminator: ___, exclusive: ____, ...remarks } = node;
      if (!only) return { kind: "never" };
      if (others.length > 0) return { ...node, members };
      return { ...remarks, ...only };
    }
    case "literal": {
      const values = node.values.filter((value) => !isUndefined(value));
      return values.length === 0 ? { kind: "never" } : { ...node, values };
    }
    default:
      return node;
  }
}

/** Whether a value of this type may be absent. `types`: what refs name. */
export function admitsUndefined(
  node: ContractNode,
  types: Readonly<Record<string, ContractNode>> = {},
  seen: ReadonlySet<string> = new Set(),
): boolean {
  if (node.default || node.prefault) return true;
  switch (node.kind) {
    case "undefined":
    case "any":
    case "unknown":
      return true;
    case "literal":
      return node.values.some(isUndefined);
    case "union":
      return node.members.some((member) => admitsUndefined(member, types, seen));
    case "intersection":
      return admitsUndefined(node.left, types, seen) && admitsUndefined(node.right, types, seen);
    case "ref": {
      const target = types[node.name];
      return (
        target !== undefined && !seen.has(node.name) && admitsUndefined(target, types, new Set([...seen, node.name]))
      );
    }
    default:
      return false;
  }
}

function isUndefined(value: unknown): boolean {
  return typeof value === "object" && value !== null && "undefined" in value;
}
