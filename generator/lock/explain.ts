import type { ContractNode } from "../model/contract.ts";
import type { Aspect, Doubt } from "./doubt.ts";
import type { RuleName } from "./rules.ts";

/**
 * Names the change behind a doubt. It decides nothing: a doubt is there or is not, and `isCertain` says how bad it is.
 * `isBackward`: the new build reads what the old one stored.
 */
export function explain({ aspect, accept, emit }: Doubt, isBackward: boolean): RuleName {
  if (aspect === "kind" && nullIn(emit)) return isBackward ? "NULL_REMOVED" : "NULL_ADDED";
  return names[aspect](isBackward, accept, emit);
}

type Naming = (isBackward: boolean, accept?: ContractNode, emit?: ContractNode) => RuleName;

const always =
  (name: RuleName): Naming =>
  () =>
    name;
const either =
  (backward: RuleName, forward: RuleName): Naming =>
  (isBackward) =>
    isBackward ? backward : forward;

const names: Readonly<Record<Aspect, Naming>> = {
  kind: always("TYPE_CHANGED"),
  literal: either("ENUM_VALUE_REMOVED", "ENUM_VALUE_ADDED"),
  member: either("UNION_MEMBER_REMOVED", "UNION_MEMBER_ADDED"),
  null: either("NULL_REMOVED", "NULL_ADDED"),
  absent: either("FIELD_MADE_REQUIRED", "FIELD_MADE_OPTIONAL"),
  missing: either("FIELD_ADDED_REQUIRED", "FIELD_REMOVED_REQUIRED"),
  extra: always("FIELD_REFUSED"),
  others: always("OBJECT_MADE_STRICT"),
  open: always("FIELD_ADDED_TO_OPEN_OBJECT"),
  length: always("TUPLE_LENGTH_CHANGED"),
  limit: either("LIMIT_TIGHTENED", "LIMIT_LOOSENED"),
  pattern: always("PATTERN_CHANGED"),
  format: always("FORMAT_CHANGED"),
  code: always("CODE_CHANGED"),
  coerce: always("COERCION_CHANGED"),
  catch: always("CATCH_REMOVED"),
  exclusive: always("UNION_EXCLUSIVE"),
  depth: always("TOO_DEEP"),
};

function nullIn(node: ContractNode | undefined): boolean {
  return node?.kind === "null" || (node?.kind === "literal" && node.values.length === 1 && node.values[0] === null);
}
