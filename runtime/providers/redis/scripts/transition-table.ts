import { jobStates } from "../../../contract/index.ts";
import { numberOfReason } from "../reasons.ts";
import { type Operation, situations, type Transition, transitions } from "../../../core/transitions.ts";

/**
 * Rows of `core/transitions.ts` as a Lua table: `T["nack-retry"][situation]`. States and reasons are their numbers, so is a
 * situation that is a state. Cells in which nothing happens to the job are left out; `otherwise` of a script says what they mean.
 */
export function luaTransitions(operations: readonly Operation[]): string {
  const tables = operations.map((operation) => {
    const cells = situations.flatMap((situation) => {
      const cell = transitions[situation][operation];
      return changes(cell) ? [`[${luaKey(situation)}] = ${luaCell(cell)}`] : [];
    });
    return `  [${JSON.stringify(operation)}] = { ${cells.join(", ")} },`;
  });
  return `local T = {\n${tables.join("\n")}\n}\n`;
}

/** `ok` and `requested` change something even where the state stays: progress, or the wish to cancel. */
function changes({ answer }: Transition): boolean {
  return ["ok", "applied", "cancelled", "requested", "requeued", "changed", "completed"].includes(answer);
}

function luaKey(situation: string): string {
  const state = (jobStates as readonly string[]).indexOf(situation);
  return state < 0 ? JSON.stringify(situation) : String(state + 1);
}

/** One cell, as a Lua table. */
export function luaCell({ answer, to, attempt, crashes, fence, lease, reason }: Transition): string {
  const fields = {
    answer,
    to: to === undefined || to === "waiting" || to === "gone" ? to : jobStates.indexOf(to) + 1,
    attempt,
    crashes,
    fence,
    lease,
    reason: reason === undefined || reason === "given" ? reason : numberOfReason(reason),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{ ${given.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ")} }`;
}
