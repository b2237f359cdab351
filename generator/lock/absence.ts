import type { ContractNode } from "../model/contract.ts";

/**
 * Whether zod makes a value of none, where a record or a tuple asks for one: what is caught, and what is converted to a kind
 * that everything has a form of.
 */
export function takesNothing(node: ContractNode): boolean {
  const { kind, catch: isCaught, coerce } = node;
  if (isCaught === true || (kind === "union" && node.members.some(takesNothing))) return true;
  return coerce === true && (kind === "string" || kind === "boolean");
}
