import { type SQL, type SQLChunk, sql } from "drizzle-orm";
import { type FinalState, finalStates, type NeedCondition, needConditions } from "../../contract/index.ts";
import { decisions, endKindOf } from "../../core/needs.ts";

/* The tables of core/needs.ts as SQL. All texts in it are words of the contract. */

const text = (word: string): SQL => sql.raw(`'${word}'`);

/** `case subject when … then …`: the subject is looked at once. */
const choose = <Word extends string>(
  subject: SQLChunk,
  words: readonly Word[],
  then: (word: Word) => SQL,
  otherwise: SQL,
): SQL =>
  sql`case ${subject} ${sql.join(
    words.map((word) => sql`when ${text(word)} then ${then(word)}`),
    sql` `,
  )} else ${otherwise} end`;

/** What the state of the job that is needed makes of an edge; `reason` is looked at if it counts. */
export function edgeStatus(when: SQLChunk, state: SQL, reason: SQL): SQL {
  const decided = (condition: NeedCondition, final: FinalState): SQL => {
    const otherwise = text(decisions[condition][endKindOf(final, undefined)]);
    if (final !== "skipped") return otherwise;
    return choose(reason, ["prerequisite"], (word) => text(decisions[condition][endKindOf(final, word)]), otherwise);
  };
  const ofCondition = (condition: NeedCondition): SQL =>
    choose(state, finalStates, (final) => decided(condition, final), text("open"));
  return choose(when, needConditions, ofCondition, text("open"));
}
