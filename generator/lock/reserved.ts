import type { JobContract } from "../model/contract.ts";
import { fieldsOf } from "./fields.ts";
import type { Finding } from "./finding.ts";
import type { LockedVersion } from "./lock.ts";
import { subsumes } from "./subsumes.ts";

type Reserved = NonNullable<LockedVersion["reserved"]>;

/** What a version's reserved fields are once its contract is another one. */
export function reservedAfter({ contract, reserved = {} }: LockedVersion, after: JobContract): Reserved {
  const kept = fieldsOf(after);
  const gone = [...fieldsOf(contract)].filter(([key]) => !kept.has(key)).map(([key, { member }]) => [key, member.type]);
  const all: Reserved = { ...reserved, ...Object.fromEntries(gone) };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !kept.has(key)));
}

/** Fields that have come back with a type that refuses what was stored under their name. */
export function reusedFields(
  { contract, reserved = {} }: LockedVersion,
  after: JobContract,
): readonly Omit<Finding, "job" | "version">[] {
  return [...fieldsOf(after)].flatMap(([key, { path, member }]) => {
    const before = Object.hasOwn(reserved, key) ? reserved[key] : undefined;
    if (!before) return [];
    const { verdict } = subsumes(
      { node: member.type, types: after.types ?? {} },
      { node: before, types: contract.types ?? {} },
    );
    if (verdict === "yes") return [];
    return [{ rule: "FIELD_REUSED", severity: verdict === "no" ? "breaking" : "unknown", path } as const];
  });
}
