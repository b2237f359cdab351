import { type SQL, sql } from "drizzle-orm";
import { isMet } from "./edge-tables.ts";
import { heldNow, isHeld, letGo } from "./edge-pieces.ts";
import { acknowledged, completionsInput, isInput, keepOutputs } from "./settle-statements.ts";
import { clock, isJob, type Named, set } from "./sql.ts";

/**
 * The common end of jobs that others need, in one statement: they succeed, and that is what all of those wait for. Others
 * are left alone, see `ack`.
 *
 * A statement sees the edges as they were when it began, and the rows that it has locked as they are. So it ends a job only
 * if nothing was done to its edges since: `needed` is what it was. How many edges a job has left is read off its newest row
 * of `needs`, which is changed only by who has locked the job; values that were found out before reach that change in
 * arrays, as PostgreSQL looks at a row that was changed since apart from the rest of the statement.
 */
export function ackEdges(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges, needs } = tables;
  const open = sql`select e.child from ${edges} e where e.parent = ${j.seq} and e.status = 'open'`;
  const isOther = sql`exists (${open} and not ${isMet(sql`e.when`, sql`'succeeded'`)})`;
  const children = sql`array(select child from counts order by child)`;
  const flips = sql`(array(select n from counts order by child))[array_position(${children}, n.seq)]`;
  return sql`with ${clock},
    ${completionsInput},
    seen as materialized (
      select ${j.seq} as seq, ${j.needed} as needed, array(${open}) as children from ${jobs} ${j}
      where ${isInput(given)} and ${j.needed} is not null and not ${isOther}),
    locked as materialized (
      select ${j.seq} as seq, ${j.id} as id, ${j.fence} as fence, ${j.needed} as needed, ${isHeld(given)} as held,
        ${j.leaseUntil} is not null and not ${j.cancelRequested} as open
      from ${jobs} ${j} where ${j.seq} = any(array(
        select seq from seen
        union all
        select h.seq from (select distinct unnest(children) as seq from seen) h where ${heldNow(given, sql`h.seq`)}))
      order by ${j.seq} for no key update),
    ended as (
      update ${jobs} ${j} set ${acknowledged(given)}
      where ${j.seq} = any(array(
        select l.seq from locked l
        where l.open and ((l.id, l.fence) in (select id, fence from input)) is true
          and ((l.seq, l.needed) in (select seq, needed from seen)) is true))
      returning ${j.seq}, ${j.id}, ${j.fence}, ${j.state}),
    kept as (${keepOutputs(given)}),
    flipped as (
      update ${edges} e set ${set(edges.status, sql`'met'`)}
      where e.ctid = any(array(
        select e.ctid from ${edges} e where e.parent = any(array(select seq from ended)) and e.status = 'open'))
      returning e.child),
    counts as materialized (
      select child, count(*)::integer as n from flipped where child in (select seq from locked where held) group by child),
    counted as (
      update ${needs} n set ${set(needs.open, sql`n.open - ${flips}`)} where n.seq = any(${children})
      returning n.seq, n.open, n.mode),
    gone as (${letGo(given, sql`select seq from counted where mode = 'any' or open <= 0`)})
    select null::integer as n, false as open, seq, id, queue, state, run_at, gated, needed from gone
    union all
    select i.n, exists (
      select 1 from ${jobs} ${j} where ${isJob(given, sql`i.id`)} and ${j.fence} = i.fence and ${j.leaseUntil} is not null),
      null, null, null, null, null, null, null
    from input i where not exists (select 1 from ended e where e.id = i.id and e.fence = i.fence)`;
}
