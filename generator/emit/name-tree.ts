import { scopesOf } from "../../runtime/core/name-path.ts";
import type { Docs, Model } from "../model/model.ts";
import { jsDoc, typeKey } from "./text.ts";

/** A member of an interface that has the namespaces of the schema as members. */
export interface TreeMember {
  /** With dots, e.g. `billing.charge`. */
  readonly name: string;
  readonly docs: Docs;
  readonly type: string;
}

/** Members of an interface, those with dots in their names in objects of their own, after the others. */
export function printTree(members: readonly TreeMember[]): string {
  return printScope(
    members.map((member) => [member.name, member]),
    "  ",
  );
}

function printScope(members: readonly (readonly [name: string, member: TreeMember])[], indent: string): string {
  const { own, inner } = scopesOf(members);
  const lines = own.map(
    ([name, { docs, type }]) => `${jsDoc(docs, indent)}${indent}readonly ${typeKey(name)}: ${type};\n`,
  );
  const objects = Array.from(
    inner,
    ([scope, group]) => `${indent}readonly ${typeKey(scope)}: {\n${printScope(group, `${indent}  `)}${indent}};\n`,
  );
  return [...lines, ...objects].join("");
}

/** Whether handlers stand in objects within objects. */
export function hasNamespaces({ jobs }: Model): boolean {
  return jobs.some(({ name }) => name.includes("."));
}
