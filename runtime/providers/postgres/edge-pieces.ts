import { type SQL, sql } from "drizzle-orm";
import { assign, type Named, now, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/* What statements about edges have in common. */

export const isHeld = ({ j }: Named): SQL => sql`(${j.state} = 'blocked' and ${j.held} is true)`;

/** Of the job in `seq`; false if it is not there. */
export const heldNow = (given: Named, seq: SQL): SQL => sql`coalesce((
  select ${isHeld(given)} from ${given.tables.jobs} ${given.j} where ${given.j.seq} = ${seq}), false)`;

/** Its end will be a cancellation, whatever it is to be. */
export const isCancelling = ({ j }: Named): SQL => sql`(${j.state} = 'running' and ${j.cancelRequested})`;

/** Jobs whose edges say so go on to their gates or their time: (seq, id, queue, state, run_at, gated, needed). */
export function letGo(given: Named, which: SQL): SQL {
  const { tables, j } = given;
  const after = sql`(select n.after_ms from ${tables.needs} n where n.seq = ${j.seq})`;
  const due = sql`greatest(${j.runAt}, ${now} + ${after})`;
  const place = waiting(given, sql`case when ${due} > ${now} then 'scheduled' else 'ready' end`, { isNew: true });
  return sql`update ${tables.jobs} ${j} set ${assign(
    set(j.state, place.state),
    ...place.assignments,
    set(j.held, sql`false`),
    set(j.runAt, due),
  )}
  where ${j.seq} = any(array(${which})) returning ${movedColumns(given)}`;
}

/** As `FollowRow` of `needs.ts` reads them. */
export const movedColumns = ({ j }: Named): SQL => sql`${j.seq}, ${j.id}, ${j.queue}, ${j.state}, ${j.runAt},
  ${j.passed} is not null as gated, ${j.needed} is not null as needed`;
