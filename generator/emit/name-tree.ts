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
export function printTree(members: readonly TreeMember[], indent = "  "): string {
  const own = members.filter(({ name }) => !name.includes("."));
  const scopes = new Map<string, TreeMember[]>();
  for (const member of members) {
    const dot = member.name.indexOf(".");
    if (dot === -1) continue;
    const scope = member.name.slice(0, dot);
    scopes.set(scope, [...(scopes.get(scope) ?? []), { ...member, name: member.name.slice(dot + 1) }]);
  }
  return [
    ...own.map(({ name, docs, type }) => `${jsDoc(docs, indent)}${indent}readonly ${typeKey(name)}: ${type};\n`),
    ...[...scopes].map(
      ([scope, inner]) => `${indent}readonly ${typeKey(scope)}: {\n${printTree(inner, `${indent}  `)}${indent}};\n`,
    ),
  ].join("");
}

/** Whether handlers stand in objects within objects. */
export function hasNamespaces({ jobs }: Model): boolean {
  return jobs.some(({ name }) => name.includes("."));
}
