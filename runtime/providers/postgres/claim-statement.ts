import { type SQL, sql } from "drizzle-orm";
import { claimedColumns, listOf } from "./claimed-list.ts";
import { assign, clock, type Named, names, now, parameter, set } from "./sql.ts";

/**
 * Each lane reads the ready index from its cursor on, in the order of the offer, and locks what it takes; rows that others
 * have locked are passed by. What is locked stays where it is, so its place in the table is the shortest way back to it. If
 * this worker's claim of this id is there already, it is the answer, and nothing is taken.
 *
 * `not in` a select, which the planner takes for half of the rows: of a list, it would believe that no row is left where all
 * jobs have one name, and sort them all instead of reading the index up to the limit.
 */
export function claim(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, queues, definitions, gates, starts } = tables;
  return sql`with ${clock},
    held as materialized (
      select ${j.seq} as seq from ${jobs} ${j}
      where ${j.state} = 'running' and ${j.workerId} = ${parameter.text("workerId")}
        and ${j.claimId} = ${parameter.text("claimId")} and ${parameter.boolean("mayRepeat")}),
    lanes as materialized (
      select * from json_to_recordset(${parameter.json("lanes")}) as l(
        queue text, room integer, names text[], versions integer[], priority smallint, run_at bigint, seq bigint)
      where not exists (select 1 from held) and not exists (
        select 1 from ${queues} where ${queues.name} = l.queue and ${queues.pausedAt} is not null)),
    picked as materialized (
      select p.row from lanes l cross join lateral (
        select ${j}.ctid as row from ${jobs} ${j}
        where ${j.state} = 'ready' and ${j.queue} = l.queue
          and (${j.priority}, ${j.runAt}, ${j.seq}) >= (l.priority, l.run_at, l.seq)
          and ${j.version} <= coalesce(l.versions[array_position(l.names, ${j.name})], -1)
          and ${j.name} not in (select ${definitions.name} from ${definitions} where ${definitions.pausedAt} is not null)
        order by ${j.priority}, ${j.runAt}, ${j.seq} limit l.room
        for no key update skip locked) p),
    taken as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`'running'`),
        set(j.fence, sql`${j.fence} + 1`),
        set(j.attempt, sql`${j.attempt} + 1`),
        set(j.workerId, parameter.text("workerId")),
        set(j.claimId, parameter.text("claimId")),
        set(j.leaseUntil, sql`${now} + ${parameter.bigint("leaseMs")}`),
        set(j.startedAt, now),
        set(j.progress, sql`null`),
      )}
      where ${j}.ctid = any(array(select p.row from picked p))
      returning ${j.seq} as seq, ${j.fence} as fence, ${j.passed} is not null as gated, ${claimedColumns(given, true)}),
    started as (
      insert into ${starts} (${names(starts.key, starts.at, starts.seq, starts.fence)})
      select g.key, ${now}, g.seq, (select t.fence from taken t where t.seq = g.seq) from ${gates} g
      where g.seq = any(array(select seq from taken where gated)) and g.kind = 'rate'),
    claimed as materialized (
      select facts, name, queue, payload from taken
      union all
      select ${claimedColumns(given, false)} from ${jobs} ${j} where ${j.seq} = any(array(select seq from held)))
    ${listOf(sql`claimed`)}`;
}
