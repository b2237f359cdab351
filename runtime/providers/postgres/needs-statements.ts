import { type SQL, sql } from "drizzle-orm";
import { decisionOf, endKind, isMet } from "./edge-tables.ts";
import { assign, clock, compile, final, type Named, names, now, parameter, type PgStatement, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/*
 * Steps of a transaction about edges; `needs.ts` says how they go together. `offset 0` keeps the planner from turning a look
 * into an index per job into one join over everything.
 */

const isHeld = ({ j }: Named): SQL => sql`(${j.state} = 'blocked' and ${j.held} is true)`;

/** Of the job in `seq`; false if it is not there. */
const held = (given: Named, seq: SQL): SQL => sql`coalesce((
  select ${isHeld(given)} from ${given.tables.jobs} ${given.j} where ${given.j.seq} = ${seq}), false)`;

/**
 * Locks jobs, and all that is held and may be moved by their ends, in insertion order: no two statements can wait for each
 * other. `kind`: how a job is expected to end; null: not. `anew`: it looks at its needs, so that those must not end meanwhile.
 */
function lockReach(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges } = tables;
  return sql`with recursive
    input as materialized (select * from json_to_recordset(${parameter.json("roots")}) as i(id uuid, kind text, anew boolean)),
    roots as materialized (
      select r.seq, case when r.cancelling then 'failed' else i.kind end as kind, i.anew
      from input i join (
        select ${j.seq} as seq, ${j.id} as id, ${j.state} = 'running' and ${j.cancelRequested} as cancelling
        from ${jobs} ${j} where ${j.id} = any(array(select id from input)) offset 0) r using (id)),
    reach(seq, kind) as (
      select seq, kind from roots
      union
      select c.seq, c.kind from reach r cross join lateral (
        select e.child as seq, case when ${isMet(sql`e.when`, sql`r.kind`)} then null else 'skipped' end as kind
        from ${edges} e
        where r.kind is not null and e.parent = r.seq and e.status = 'open' and ${held(given, sql`e.child`)} offset 0) c)
    select ${j.seq} as seq, ${j.id} as id, ${isHeld(given)} as held, ${j.passed} is not null as gated,
      ${j.state} = 'running' and ${j.cancelRequested} as cancelling
    from ${jobs} ${j} where ${j.seq} = any(array(
      select seq from reach
      union all
      select n.parent from roots r cross join lateral (
        select e.parent from ${edges} e where r.anew and e.child = r.seq offset 0) n))
    order by ${j.seq} for no key update of ${j}`;
}

/** Draws edges between jobs that are there and locked, or new. */
function drawEdges(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges } = tables;
  const status = sql`case when p.state in ${final} then ${decisionOf(sql`i.when`, endKind(sql`p.state`, sql`p.reason`))} else 'open' end`;
  return sql`with
    input as materialized (
      select * from json_to_recordset(${parameter.json("edges")}) as i(n integer, child uuid, parent uuid, "when" text)),
    ends as materialized (
      select ${j.seq} as seq, ${j.id} as id, ${j.state} as state, ${j.reason} as reason, ${j.needed} as needed
      from ${jobs} ${j} where ${j.id} = any(array(select child from input union select parent from input))),
    marked as (
      update ${jobs} ${j} set ${set(j.needed, sql`true`)} where ${j.seq} = any(array(
        select seq from ends where needed is null and id in (select parent from input)))),
    insertion as (
      insert into ${edges} (${names(edges.child, edges.parent, edges.when, edges.status)})
      select c.seq, p.seq, i.when, ${status} from input i join ends c on c.id = i.child join ends p on p.id = i.parent
      order by i.n)
    select 1 as drawn`;
}

/** A requeued job looks at what it needs anew. All of them must be locked. */
function lookAnew({ tables, j }: Named): SQL {
  const { jobs, edges } = tables;
  const status = sql`case when p.state in ${final} then ${decisionOf(sql`e.when`, endKind(sql`p.state`, sql`p.reason`))} else 'open' end`;
  return sql`update ${edges} e set ${set(edges.status, status)} from ${jobs} p
    where p.seq = e.parent and e.child = any(array(
      select ${j.seq} from ${jobs} ${j} where ${j.id} = any(${parameter.uuids("ids")})))`;
}

const missed = sql`('unmet', 'broken')`;

/**
 * Decides the open edges of jobs that have ended, `ended`, and lets go or skips those whose last edge that was, and those
 * of the jobs `anew` that nothing holds. `locked`: those that may be moved; others that should be are answered as `missing`.
 *
 * Of a job that was held before, all edges that were decided then said `wait`: only for those in `anew` all edges are read.
 */
function follow(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges, needs } = tables;
  const ids = parameter.bigints("ended");
  const open = sql`exists (
    select 1 from ${edges} e where e.child = c.child and e.status = 'open' and e.parent <> all(array(select seq from ended)))`;
  const stored = (statuses: SQL): SQL =>
    sql`exists (select 1 from ${edges} e where e.child = c.child and e.status in ${statuses})`;
  const reason = sql`case when c.broken or ${stored(sql`('broken')`)} then 'prerequisite' else 'condition' end`;
  const due = sql`greatest(${j.runAt}, ${now} + v.after_ms)`;
  const goes = sql`v.verdict = 'go'`;
  const place = waiting(given, sql`case when ${due} > ${now} then 'scheduled' else 'ready' end`, {
    waits: goes,
    isNew: true,
  });
  return sql`with ${clock},
    ended as materialized (
      select ${j.seq} as seq, ${endKind(sql`${j.state}`, sql`${j.reason}`)} as kind
      from ${jobs} ${j} where ${j.seq} = any(${ids}) and ${j.state} in ${final}),
    flipped as (
      update ${edges} e set ${set(edges.status, decisionOf(sql`e.when`, sql`d.kind`))} from ended d
      where e.parent = any(array(select seq from ended)) and e.status = 'open' and d.seq = e.parent
        and (e.child = any(${parameter.bigints("locked")}) or not ${held(given, sql`e.child`)})
      returning e.child, e.status),
    children as materialized (
      select child, coalesce(bool_or(status = 'met'), false) as met, coalesce(bool_or(status in ${missed}), false) as missed,
        coalesce(bool_or(status = 'broken'), false) as broken, bool_or(anew) as anew
      from (
        select child, status, false as anew from flipped
        union all
        select ${j.seq}, null, true from ${jobs} ${j} where ${j.id} = any(${parameter.uuids("anew")})) f
      group by child),
    judged as materialized (
      select c.child, n.after_ms, case n.mode
        when 'all' then case
          when c.missed or (c.anew and ${stored(missed)}) then ${reason} when ${open} then 'wait' else 'go' end
        else case
          when c.met or (c.anew and ${stored(sql`('met')`)}) then 'go' when ${open} then 'wait' else ${reason} end
        end as verdict
      from children c cross join lateral (
        select n.mode, n.after_ms from ${needs} n where n.seq = c.child and ${held(given, sql`c.child`)} offset 0) n),
    moved as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`case when ${goes} then ${place.state} else 'skipped' end`),
        ...place.assignments,
        set(j.held, sql`not ${goes}`),
        set(j.runAt, sql`case when ${goes} then ${due} else ${j.runAt} end`),
        set(j.reason, sql`case when ${goes} then null else v.verdict end`),
        set(j.finishedAt, sql`case when ${goes} then null else ${now} end`),
      )}
      from judged v where ${j.seq} = any(array(select child from judged where verdict <> 'wait')) and v.child = ${j.seq}
      returning ${j.seq}, ${j.id}, ${j.queue}, ${j.state}, ${j.runAt}, ${j.passed} is not null as gated,
        ${j.needed} is true as needed)
    select seq, id, queue, state, run_at, gated, needed from moved
    union all
    select distinct e.child, null::uuid, null, 'missing', null::bigint, false, false
    from ${edges} e
    where e.parent = any(array(select seq from ended)) and e.status = 'open'
      and e.child <> all(${parameter.bigints("locked")}) and ${held(given, sql`e.child`)}`;
}

const lockSeqs = ({ tables: { jobs }, j }: Named): SQL => sql`
  select ${j.seq} as seq from ${jobs} ${j} where ${j.seq} = any(${parameter.bigints("seqs")})
  order by ${j.seq} for no key update`;

const texts = { lockReach, drawEdges, lookAnew, follow, lockSeqs };

export type NeedsStatements = Readonly<Record<keyof typeof texts, PgStatement>>;

export function needsStatements(given: Named): NeedsStatements {
  const compiled = Object.entries(texts).map(([name, text]) => [name, compile(name, text(given))] as const);
  return Object.fromEntries(compiled) as NeedsStatements; // the keys of `texts`
}
