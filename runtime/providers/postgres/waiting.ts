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

/**
 * `state`: the state that the job goes to, `scheduled` or `ready` if it is to wait. `waits`: whether it does; default
 * always. `isNew`: all gates are given back.
 */
export function waiting(
  given: Named,
  state: SQL,
  { waits, isNew = false }: { readonly waits?: SQL; readonly isNew?: boolean } = {},
): Waiting {
  const { tables, j } = given;
  const passed = isNew ? sql`0` : kept(given);
  const gated = waits ? sql`${j.passed} is not null and ${waits}` : sql`${j.passed} is not null`;
  const gate = (column: SQL): SQL => sql`(select ${column} from ${tables.gates} g
    where g.seq = ${j.seq} and g.place = ${passed} and (${state} = 'ready' or g.kind = 'order'))`;
  return {
    state: sql`case when ${gated} then coalesce(${gate(sql`'blocked'`)}, ${state}) else ${state} end`,
    assignments: [
      set(j.passed, sql`case when ${gated} then ${passed} else ${j.passed} end`),
      set(j.blockedBy, sql`case when ${gated} then ${gate(sql`g.key`)} end`),
    ],
  };
}
