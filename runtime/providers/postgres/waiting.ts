import { type SQL, sql } from "drizzle-orm";
import { type Named, set } from "./sql.ts";

/*
 * Where a job waits. One with gates gives back those that it has passed, but that of the order, and is blocked at the next
 * one; for its time it waits only where that is not behind a gate of the order. Scalar subqueries, never joins: they cost
 * nothing where `passed` is null, and an index lookup elsewhere.
 */

/** What becomes of the columns of a job in a change that may let it wait again. */
export interface Waiting {
  readonly state: SQL;
  readonly assignments: readonly SQL[];
}

/** How many gates a job keeps when it waits again: that of the order is passed once. */
const kept = ({ tables: { gates }, j }: Named): SQL => sql`least(${j.passed}, (
  select (g.kind = 'order')::integer from ${gates} g where g.seq = ${j.seq} and g.place = 0))`;

export interface WaitingOptions {
  /** Whether the job is to wait. Default: always. */
  readonly waits?: SQL;
  /** All gates are given back. */
  readonly isNew?: boolean;
  /** Whether its needs hold the job, before its gates. Default: never. */
  readonly isHeld?: SQL;
}

/** `state`: the state that the job goes to, `scheduled` or `ready` if it is to wait. */
export function waiting(given: Named, state: SQL, { waits, isNew = false, isHeld }: WaitingOptions = {}): Waiting {
  const { tables, j } = given;
  const passed = isNew ? sql`0` : kept(given);
  const gated = waits ? sql`${j.passed} is not null and ${waits}` : sql`${j.passed} is not null`;
  const gate = (column: SQL): SQL => sql`(select ${column} from ${tables.gates} g
    where g.seq = ${j.seq} and g.place = ${passed} and (${state} = 'ready' or g.kind = 'order'))`;
  const held = (value: SQL, otherwise: SQL): SQL =>
    isHeld ? sql`case when ${isHeld} then ${value} else ${otherwise} end` : otherwise;
  const freeState = sql`case when ${gated} then coalesce(${gate(sql`'blocked'`)}, ${state}) else ${state} end`;
  const freeGate = sql`case when ${gated} then ${gate(sql`g.key`)} end`;
  return {
    state: held(sql`'blocked'`, freeState),
    assignments: [
      set(j.passed, sql`case when ${gated} then ${passed} else ${j.passed} end`),
      set(j.blockedBy, held(sql`null`, freeGate)),
    ],
  };
}
