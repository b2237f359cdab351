import type { ContractNode, JobContract, Member } from "../model/contract.ts";

export interface Field {
  readonly path: readonly string[];
  readonly member: Member;
}

/** The roots of a contract: what is stored as a whole. */
export function rootsOf({
  input,
  output,
  errors = {},
  progress,
  signals = {},
}: JobContract): ReadonlyMap<string, ContractNode> {
  const named = Object.entries(errors).map(([name, node]): [string, ContractNode] => [`errors.${name}`, node]);
  return new Map([
    ["input", input],
    ...(output ? [["output", output] as const] : []),
    ...named,
    ...(progress ? [["progress", progress] as const] : []),
    ...Object.entries(signals).map(([name, node]) => [`nodes.${name}.signal`, node] as const),
  ]);
}

/** Every property of every object, by its path as text. Recursive types are entered once, where they are defined. */
export function fieldsOf(contract: JobContract): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  const roots = [...rootsOf(contract), ...Object.entries(contract.types ?? {})];
  for (const [root, node] of roots) collect(node, root.split("."), fields);
  return fields;
}

function collect(node: ContractNode, path: readonly string[], fields: Map<string, Field>): void {
  for (const [part, inner] of partsOf(node)) {
    const here = part === "" ? path : [...path, part];
    if (node.kind === "object" && node.properties[part]) {
      fields.set(here.join("."), { path: here, member: node.properties[part] });
    }
    collect(inner, here, fields);
  }
}

function partsOf(node: ContractNode): readonly (readonly [part: string, node: ContractNode])[] {
  switch (node.kind) {
    case "object":
      return [
        ...Object.entries(node.properties).map(([key, { type }]) => [key, type] as const),
        ...(typeof node.others === "object" ? [["[key]", node.others] as const] : []),
      ];
    case "array":
    case "set":
      return [["[]", node.item]];
    case "map":
    case "record":
      return [["[value]", node.value]];
    case "tuple":
      return node.items.map(({ type }, index) => [`[${index}]`, type] as const);
    case "union":
      return node.members.map((member) => ["", member] as const);
    case "intersection":
      return [
        ["", node.left],
        ["", node.right],
      ];
    default:
      return [];
  }
}
