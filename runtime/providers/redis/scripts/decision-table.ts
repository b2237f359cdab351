import {
  edgeStatuses,
  type EndReason,
  type FinalState,
  finalStates,
  jobStates,
  needConditions,
} from "../../../contract/index.ts";
import { decisions, endKindOf, endKinds, verdict } from "../../../core/needs.ts";
import { numberOfReason } from "../reasons.ts";

/* The tables of `core/needs.ts` in Lua. Conditions and statuses are their places in the contract's lists, from 1. */

/** `DECISIONS[condition][kind]`: the status that an end of this kind means. */
function luaDecisions(): string {
  const rows = needConditions.map((condition) =>
    luaList(endKinds.map((kind) => edgeStatuses.indexOf(decisions[condition][kind]) + 1)),
  );
  return `local DECISIONS = ${luaList(rows)}`;
}

/** `ENDS[state]`: the kind of an end; for skipped jobs `SKIPS[reason]`. */
function luaEnds(): string {
  const kind = (state: FinalState, reason?: EndReason): number => endKinds.indexOf(endKindOf(state, reason)) + 1;
  const states = finalStates.map((state) => `[${jobStates.indexOf(state) + 1}] = ${kind(state)}`);
  const reasons = (["prerequisite", "condition"] as const).map(
    (reason) => `[${numberOfReason(reason)}] = ${kind("skipped", reason)}`,
  );
  return `local ENDS, SKIPS = { ${states.join(", ")} }, { ${reasons.join(", ")} }`;
}

/** `VERDICTS[mode][sum]`: of jobs that have edges of some statuses, of which the n-th counts 2ⁿ⁻¹: wait, go, or a reason. */
function luaVerdicts(): string {
  const sums = Array.from({ length: 2 ** edgeStatuses.length }, (_, sum) => sum);
  const tables = (["all", "any"] as const).map((mode) => {
    const cells = sums.map((sum) => {
      const found = verdict(
        mode,
        edgeStatuses.filter((_status, place) => Math.floor(sum / 2 ** place) % 2 === 1),
      );
      return `[${sum}] = ${found === "wait" || found === "go" ? `"${found}"` : numberOfReason(found)}`;
    });
    return `${mode} = { ${cells.join(", ")} }`;
  });
  return `local VERDICTS = {\n  ${tables.join(",\n  ")} }`;
}

function luaList(values: readonly (string | number)[]): string {
  return `{ ${values.join(", ")} }`;
}

export const edgeTables = `${luaDecisions()}\n${luaEnds()}\n${luaVerdicts()}\n`;
