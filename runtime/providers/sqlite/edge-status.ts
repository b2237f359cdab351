import { type SQL, sql } from "drizzle-orm";
import { type EndReason, finalStates, needConditions } from "../../contract/index.ts";
import { decisions, endKindOf, endKinds } from "../../core/needs.ts";

/* The tables of core/needs.ts as SQL. All texts in them are words of the contract. */

const text = (word: string): SQL => sql.raw(`'${word}'`);

const cases = (arms: SQL[], otherwise: SQL): SQL => sql`case ${sql.join(arms, sql` `)} else ${otherwise} end`;

/** Null: it has not ended. */
function endKind(state: SQL, reason: SQL): SQL {
  const skippedFor: EndReason = "prerequisite";
  const arms = finalStates.flatMap((final) => [
    sql`when ${state} = ${text(final)} and ${reason} = ${text(skippedFor)} then ${text(endKindOf(final, skippedFor))}`,
    sql`when ${state} = ${text(final)} then ${text(endKindOf(final, undefined))}`,
  ]);
  return cases(arms, sql`null`);
}

/** What the state of the job that is needed makes of an edge. */
export function edgeStatus(when: SQL, state: SQL, reason: SQL): SQL {
  const arms = needConditions.flatMap((condition) =>
    endKinds.map(
      (kind) =>
        sql`when ${when} = ${text(condition)} and ended = ${text(kind)} then ${text(decisions[condition][kind])}`,
    ),
  );
  return sql`(select ${cases(arms, text("open"))} from (select ${endKind(state, reason)} as ended))`;
}
