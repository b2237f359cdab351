import type { ContractNode } from "../model/contract.ts";

/**
 * Whether zod makes a value of none, where a record or a tuple asks for one: what is caught, and what is converted to a kind
 * that everything has a form of.
 */
export function takesNothing({ kind, catch: isCaught, coerce }: ContractNode): boolean {
  return isCaught === true || (coerce === true && (kind === "string" || kind === "boolean"));
}
