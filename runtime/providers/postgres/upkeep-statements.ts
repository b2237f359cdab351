import { type SQL, sql } from "drizzle-orm";
import { recordAttempts } from "./history-statements.ts";
import { hasId, assign, clock, final, type Named, now, numbers, parameter, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/* What happens to jobs because time passes. */

/** The state and the queue of every job that was due. */
function promote(given: Named): SQL {
  const { tables, j } = given;
  const { jobs } = tables;
  const place = waiting(given, sql`'ready'`);
  return sql`with ${clock},
    due as materialized (
      select ${j.seq} as seq from ${jobs} ${j} where ${j.state} = 'scheduled' and ${j.runAt} <= ${now}
      order by ${j.runAt}, ${j.seq} limit ${parameter.integer("limit")} for no key update skip locked)
    update ${jobs} ${j} set ${assign(set(j.state, place.state), ...place.assignments)}
    where ${j.seq} = any(array(select seq from due)) returning ${j.queue}, ${j.state}`;
}

const nextRun = ({ tables: { jobs }, j }: Named): SQL => sql`
  select ${j.runAt} as run_at from ${jobs} ${j} where ${j.state} = 'scheduled' order by ${j.runAt}, ${j.seq} limit 1`;

/**
 * The lease of a job that becomes ready again stays open: its holder may still settle until somebody re-claims. `which`
 * selects jobs as (seq, spared): those that others need, and that would end, are left alone and only told.
 */
function reap(given: Named, which: SQL): SQL {
  const { tables, j } = given;
  const { jobs } = tables;
  const { crashLoop, ends } = crashOf(given);
  const place = waiting(given, sql`'ready'`, { waits: sql`not ${ends}` });
  return sql`with ${clock},
    expired as materialized (${which}),
    reaped as (update ${jobs} ${j} set ${assign(
      set(
        j.state,
        sql`case when ${j.cancelRequested} then 'cancelled' when ${crashLoop} then 'dead' else ${place.state} end`,
      ),
      ...place.assignments,
      set(j.reason, sql`case when ${j.cancelRequested} then 'cancelled' when ${crashLoop} then 'crash-loop' end`),
      set(j.finishedAt, sql`case when ${ends} then ${now} end`),
      set(j.leaseUntil, sql`case when ${ends} then null else ${j.leaseUntil} end`),
      set(j.attempt, sql`${j.attempt} - 1`),
      set(j.crashes, sql`${j.crashes} + 1`),
    )}
    where ${j.seq} = any(array(select seq from expired where not spared))
    returning ${j.seq}, ${j.id}, ${j.queue}, ${j.state}, ${j.fence}, ${j.attempt} + 1 as attempt, ${j.startedAt}, ${j.workerId},
      ${j.passed} is not null as gated, null::text as error),
    recorded as (${recordAttempts(given, sql`reaped`)})
    select queue, state, id, gated from reaped
    union all
    select null, 'spared', id, false from expired where spared`;
}

/** Whether a job whose lease has expired ends. */
function crashOf({ j }: Named): { readonly crashLoop: SQL; readonly ends: SQL } {
  const crashLoop = sql`${j.crashes} + 1 > ${j.maxCrashes}`;
  return { crashLoop, ends: sql`(${j.cancelRequested} or ${crashLoop})` };
}

const hasExpired = ({ j }: Named): SQL => sql`${j.state} = 'running' and ${j.leaseUntil} < ${now}`;

const expired = (given: Named): SQL => sql`
  select ${given.j.seq} as seq, ${given.j.id} as id, ${given.j.needed} is not null and ${crashOf(given).ends} as spared
  from ${given.tables.jobs} ${given.j} where ${hasExpired(given)}
  order by ${given.j.leaseUntil}, ${given.j.seq} limit ${parameter.integer("limit")} for no key update skip locked`;

/** Of those that were left alone, and that are locked now. */
const stillExpired = (given: Named): SQL => sql`
  select ${given.j.seq} as seq, ${given.j.id} as id, false as spared from ${given.tables.jobs} ${given.j}
  where ${hasId(given, parameter.uuids("ids"))} and ${hasExpired(given)}`;

/**
 * Null unless a final job keeps its unique key for a time: `holdsKey` of core, for final states. A value, not `exists`: the
 * planner would make a join of it, and read all candidates to take a few.
 */
function reserved({ tables: { uniqueJobs, uniqueKeys }, j }: Named): SQL {
  return sql`(
    select u.seq from ${uniqueJobs} u where u.seq = ${j.seq} and u.held_until > ${now}
      and (u.scope = 'any' or (u.scope = 'succeeded' and ${j.state} = 'succeeded'))
      and (select k.seq from ${uniqueKeys} k where k.key = u.key) = u.seq)`;
}

/** Null unless others need the job. A value, as above. */
const keptByEdge = ({ tables: { edges }, j }: Named): SQL =>
  sql`(select e.child from ${edges} e where ${j.needed} is not null and e.parent = ${j.seq} limit 1)`;

/** Jobs past their retention. Of one that was needed, a statement cannot know whether it was needed since it began. */
const old = (given: Named): SQL => sql`
  select o.seq, o.needed from json_to_recordset(${parameter.json("retentions")}) as r(state text, retention_ms bigint)
  cross join lateral (
    select ${given.j.seq} as seq, ${given.j.finishedAt} as finished_at, ${given.j.needed} is not null as needed
    from ${given.tables.jobs} ${given.j}
    where ${given.j.finishedAt} is not null and ${given.j.state} = r.state and ${given.j.finishedAt} <= ${now} - r.retention_ms
      and ${reserved(given)} is null and ${keptByEdge(given)} is null
    order by ${given.j.finishedAt} limit ${parameter.integer("limit")} for update skip locked) o
  order by o.finished_at, o.seq limit ${parameter.integer("limit")}`;

/** Of those that were needed, and that are locked now: those that are not any more. */
const oldAndFree = (given: Named): SQL => sql`
  select ${given.j.seq} as seq, false as needed from ${given.tables.jobs} ${given.j}
  where ${given.j.seq} = any(array(${numbers("seqs")})) and ${given.j.finishedAt} is not null
    and ${reserved(given)} is null and ${keptByEdge(given)} is null`;

const lockOld = ({ tables: { jobs }, j }: Named): SQL => sql`
  select ${j.seq} as seq from ${jobs} ${j} where ${j.seq} = any(array(${numbers("seqs")}))
  order by ${j.seq} for update skip locked`;

/**
 * Deletes jobs that `which` selects as (seq, needed), and answers those that were needed, which are left alone. A key goes
 * with the job that took it last; while somebody else has the key locked, that job stays until the next call.
 */
function prune(given: Named, which: SQL): SQL {
  const { tables, j } = given;
  const { jobs, payloads, outputs, errors, attempts, notes, gates, tags, needs, edges, uniqueJobs, uniqueKeys } =
    tables;
  const seqs = [outputs, errors, attempts, notes, gates, tags, needs].map((table) => [table, table.seq] as const);
  const deletes = [...seqs, [edges, edges.child] as const].map(
    ([table, seq], index) =>
      sql`${sql.identifier(`attached${index}`)} as (delete from ${table} where ${seq} = any(array(select seq from gone)))`,
  );
  return sql`with ${clock},
    old as materialized (${which}),
    owners as materialized (
      select u.key, u.seq from ${uniqueJobs} u where u.seq = any(array(select seq from old where not needed))),
    keyed as materialized (
      select k.key, k.seq from ${uniqueKeys} k
      where k.key = any(array(select key from owners)) and k.seq = any(array(select seq from owners))),
    free as materialized (
      select k.key, k.seq from ${uniqueKeys} k
      where k.key = any(array(select key from keyed)) and k.seq = any(array(select seq from keyed))
      for update skip locked),
    gone as materialized (
      select seq from old where not needed and (seq not in (select seq from keyed) or seq in (select seq from free))),
    ${sql.join(deletes, sql`, `)},
    forgotten0 as (
      delete from ${uniqueJobs} u
      where u.seq = any(array(select seq from owners)) and u.seq = any(array(select seq from gone))),
    forgotten1 as (delete from ${uniqueKeys} k where k.key = any(array(select key from free))),
    pruned as (delete from ${jobs} ${j} where ${j.seq} = any(array(select seq from gone)) returning ${j.seq}, ${j.id}),
    bodies as (delete from ${payloads} where ${payloads.id} = any(array(select id from pruned)))
    select seq, false as needed from pruned
    union all
    select seq, true from old where needed`;
}

/** Jobs that are held, from one on: those that nothing holds. And how far the look went: `seq` of the last one. */
function heldByNothing({ tables: { jobs, edges, needs }, j }: Named): SQL {
  const has = (statuses: SQL): SQL =>
    sql`exists (select 1 from ${edges} e where e.child = h.seq and e.status in ${statuses})`;
  return sql`with
    held as materialized (
      select ${j.seq} as seq, ${j.id} as id from ${jobs} ${j}
      where ${j.state} = 'blocked' and ${j.blockedBy} is null and ${j.held} and ${j.seq} > ${parameter.bigint("after")}
      order by ${j.blockedBy}, ${j.seq} limit ${parameter.integer("limit")})
    select h.seq, h.id, not ${has(sql`('open')`)} or case
      when (select n.mode from ${needs} n where n.seq = h.seq) = 'any' then ${has(sql`('met')`)}
      else ${has(sql`('unmet', 'broken')`)} end as suspect
    from held h order by h.seq`;
}

/** Of so many edges, from one on, those that are open though the job that is needed has ended; and the last of them all. */
function openEdges({ tables: { jobs, edges }, j }: Named): SQL {
  return sql`with
    page as materialized (
      select e.child, e.place, e.parent, e.status from ${edges} e
      where (e.child, e.place) > (${parameter.bigint("afterChild")}, ${parameter.bigint("afterPlace")})
      order by e.child, e.place limit ${parameter.integer("limit")})
    select e.child, e.place, p.id, p.state = 'succeeded' as succeeded, (select count(*) from page) as seen
    from page e left join lateral (
      select ${j.id} as id, ${j.state} as state from ${jobs} ${j}
      where e.status = 'open' and ${j.seq} = e.parent and ${j.state} in ${final} offset 0) p on true
    where p.id is not null or e.place = (select l.place from page l order by l.child desc, l.place desc limit 1)
    order by e.child, e.place`;
}

export const upkeepTexts = {
  promote,
  nextRun,
  reap: (given: Named) => reap(given, expired(given)),
  reapNeeded: (given: Named) => reap(given, stillExpired(given)),
  prune: (given: Named) => prune(given, old(given)),
  pruneNeeded: (given: Named) => prune(given, oldAndFree(given)),
  lockOld,
  heldByNothing,
  openEdges,
};
