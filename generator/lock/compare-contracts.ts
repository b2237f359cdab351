import { isDeepStrictEqual } from "node:util";
import type { ContractNode, JobContract } from "../model/contract.ts";
import type { Doubt } from "./doubt.ts";
import { explain } from "./explain.ts";
import { fieldsOf, rootsOf } from "./fields.ts";
import type { Finding } from "./finding.ts";
import { subsumes } from "./subsumes.ts";

type ContractFinding = Omit<Finding, "job" | "version">;

/** Both directions: builds that use the same version read what the other stored. */
export function compareContracts(before: JobContract, after: JobContract): readonly ContractFinding[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [old, now] = [rootsOf(before), rootsOf(after)];
  const shared = [...now].flatMap(([root, node]): readonly ContractFinding[] => {
    const was = old.get(root);
    if (!was) return [{ rule: "SIDE_ADDED", severity: "compatible", path: root.split(".") }];
    return [
      ...findingsOf(root, true, { node, types: after.types ?? {} }, { node: was, types: before.types ?? {} }),
      ...findingsOf(root, false, { node: was, types: before.types ?? {} }, { node, types: after.types ?? {} }),
    ];
  });
  const removed = [...old.keys()]
    .filter((root) => !now.has(root))
    .map((root): ContractFinding => ({ rule: "SIDE_REMOVED", severity: "unknown", path: root.split(".") }));
  return [...shared, ...removed, ...changedDefaults(before, after)];
}

/** One direction: a build that uses a later version reads what an earlier one stored. */
export function readsInput(after: JobContract, before: JobContract): readonly ContractFinding[] {
  return findingsOf(
    "input",
    true,
    { node: after.input, types: after.types ?? {} },
    { node: before.input, types: before.types ?? {} },
  );
}

type Side = Parameters<typeof subsumes>[0];

function findingsOf(root: string, isBackward: boolean, accept: Side, emit: Side): readonly ContractFinding[] {
  const byPlace = new Map<string, ContractFinding>();
  for (const doubt of subsumes(accept, emit).doubts) {
    const finding = findingOf(root, isBackward, doubt);
    const key = JSON.stringify([finding.rule, finding.path]);
    if (byPlace.get(key)?.severity !== "breaking") byPlace.set(key, finding);
  }
  return [...byPlace.values()];
}

function findingOf(root: string, isBackward: boolean, doubt: Doubt): ContractFinding {
  const isGiven = root === "input" || root.startsWith("nodes.");
  const [writer, reader] = isGiven ? ["producer", "worker"] : ["worker", "client"];
  return {
    rule: explain(doubt, isBackward),
    severity: doubt.isCertain ? "breaking" : "unknown",
    path: [...root.split("."), ...doubt.path],
    direction: isBackward ? `old ${writer} → new ${reader}` : `new ${writer} → old ${reader}`,
  };
}

function changedDefaults(before: JobContract, after: JobContract): readonly ContractFinding[] {
  const old = fieldsOf(before);
  return [...fieldsOf(after)].flatMap(([key, { path, member }]): readonly ContractFinding[] => {
    const was = old.get(key);
    if (!was || isDeepStrictEqual(defaultsOf(was.member.type), defaultsOf(member.type))) return [];
    return [{ rule: "DEFAULT_CHANGED", severity: "behaviour", path }];
  });
}

function defaultsOf({ default: fallback, prefault }: ContractNode): readonly unknown[] {
  return [fallback, prefault];
}
