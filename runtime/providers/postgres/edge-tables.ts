import { type SQL, sql } from "drizzle-orm";
import { type EndKind, decisions, endKinds } from "../../core/needs.ts";
import { needConditions, type NeedCondition } from "../../contract/index.ts";

/* The tables of `core/needs.ts` as SQL. Their words are literals of this package: nothing of them comes from a caller. */

const word = (text: string): SQL => sql.raw(`'${text}'`);

const cases = needConditions.flatMap((when) =>
  endKinds.map((kind) => ({ when, kind, decision: decisions[when][kind] })),
);

/** What an end of this kind decides for an edge with this condition. */
export function decisionOf(when: SQL, kind: SQL): SQL {
  const branches = cases.map((one) => sql`when ${word(`${one.when} ${one.kind}`)} then ${word(one.decision)}`);
  return sql`case ${when} || ' ' || ${kind} ${sql.join(branches, sql` `)} end`;
}

/** How a job in a final state has ended: `endKindOf` of core. */
export const endKind = (state: SQL, reason: SQL): SQL => sql`case
  when ${state} = 'succeeded' then 'succeeded'
  when ${state} = 'skipped' and ${reason} is distinct from 'prerequisite' then 'passedOver'
  else 'failed' end`;

/** Of a job that may be skipped, nobody knows yet why. */
export type ExpectedEnd = EndKind | "skipped";

const kindsOf: Readonly<Record<ExpectedEnd, readonly EndKind[]>> = {
  succeeded: ["succeeded"],
  failed: ["failed"],
  passedOver: ["passedOver"],
  skipped: ["failed", "passedOver"],
};

const isMetBy = (when: NeedCondition, end: ExpectedEnd): boolean =>
  kindsOf[end].every((kind) => decisions[when][kind] === "met");

/** Whether an end that is expected meets the condition for certain. Whom it does not meet may be skipped, and so on. */
export function isMet(when: SQL, expected: SQL): SQL {
  const ends = Object.keys(kindsOf) as ExpectedEnd[]; // its keys
  const met = needConditions.flatMap((one) =>
    ends.filter((end) => isMetBy(one, end)).map((end) => word(`${one} ${end}`)),
  );
  return sql`${when} || ' ' || ${expected} in (${sql.join(met, sql`, `)})`;
}
