import { type SQL, sql } from "drizzle-orm";
import { decisionOf, endKind, isMet } from "./edge-tables.ts";
import { assign, clock, final, hasId, isJob, type Named, names, now, numbers, parameter, set } from "./sql.ts";
import { heldNow, isCancelling, isHeld, letGo, movedColumns } from "./edge-pieces.ts";

/*
 * Steps of a transaction about edges; `needs.ts` says how they go together. `offset 0` keeps the planner from turning a look
 * into an index per job into one join over everything.
 */

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
      from input i cross join lateral (
        select ${j.seq} as seq, ${isCancelling(given)} as cancelling from ${jobs} ${j} where ${isJob(given, sql`i.id`)} offset 0) r),
    reach(seq, kind) as (
      select seq, kind from roots
      union
      select c.seq, c.kind from reach r cross join lateral (
        select e.child as seq, case when ${isMet(sql`e.when`, sql`r.kind`)} then null else 'skipped' end as kind
        from ${edges} e
        where r.kind is not null and e.parent = r.seq and e.status = 'open' and ${heldNow(given, sql`e.child`)} offset 0) c)
    select ${j.seq} as seq, ${j.id} as id, ${isHeld(given)} as held, ${j.passed} is not null as gated,
      ${isCancelling(given)} as cancelling
    from ${jobs} ${j} where ${j.seq} = any(array(
      select seq from reach
      union all
      select n.parent from roots r cross join lateral (
        select e.parent from ${edges} e where r.anew and e.child = r.seq offset 0) n))
    order by ${j.seq} for no key update of ${j}`;
}

/** What an edge with this condition says of a job that is needed. */
const statusBy = ({ j }: Named, when: SQL): SQL => sql`case
  when ${j.state} in ${final} then ${decisionOf(when, endKind(sql`${j.state}`, sql`${j.reason}`))} else 'open' end`;

/** Draws edges between jobs that are there and locked, or new. `others`: those of the needed ones that are not new. */
function drawEdges(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges, needs } = tables;
  const end = (id: SQL, status = sql``): SQL =>
    sql`select ${j.seq} as seq${status} from ${jobs} ${j} where ${isJob(given, id)} offset 0`;
  return sql`with
    marked as (
      update ${jobs} ${j} set ${set(j.needed, sql`coalesce(${j.needed}, 0) + 1`)}
      where ${hasId(given, parameter.uuids("others"))}),
    drawn as (
      insert into ${edges} (${names(edges.child, edges.parent, edges.when, edges.status)})
      select c.seq, p.seq, i.when, p.status
      from json_to_recordset(${parameter.json("edges")}) as o(child uuid, edges json)
        cross join lateral (${end(sql`o.child`)}) c
        cross join lateral json_to_recordset(o.edges) as i(n integer, parent uuid, "when" text)
        cross join lateral (${end(sql`i.parent`, sql`, ${statusBy(given, sql`i.when`)} as status`)}) p
      order by i.n returning child, status),
    opened as materialized (select child, count(*)::integer as n from drawn where status = 'open' group by child)
    update ${needs} n set ${set(needs.open, sql`n.open + o.n`)} from opened o
    where n.seq = any(array(select child from opened)) and o.child = n.seq`;
}

/** A requeued job looks at what it needs anew. All of them must be locked. */
function lookAnew(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges } = tables;
  const status = sql`(select ${statusBy(given, sql`e.when`)} from ${jobs} ${j} where ${j.seq} = e.parent)`;
  return sql`with
    anew as materialized (select ${j.seq} as seq from ${jobs} ${j} where ${hasId(given, parameter.uuids("ids"))}),
    seen as (
      update ${edges} e set ${set(edges.status, sql`coalesce(${status}, e.status)`)}
      where e.child = any(array(select seq from anew)) returning e.parent)
    update ${jobs} ${j} set ${set(j.needed, sql`${j.needed} + 1`)} where ${j.seq} = any(array(select parent from seen))`;
}

const missed = sql`('unmet', 'broken')`;

function skip(given: Named, which: SQL, reason: SQL): SQL {
  const { tables, j } = given;
  return sql`update ${tables.jobs} ${j} set ${assign(
    set(j.state, sql`'skipped'`),
    set(j.reason, reason),
    set(j.finishedAt, now),
  )}
  where ${j.seq} = any(array(${which})) returning ${movedColumns(given)}`;
}

/**
 * Decides the open edges of jobs that have ended, `ended`, and lets go or skips those whose last edge that was, and those
 * of the jobs `anew` that nothing holds. `locked`: those that may be moved; others that should be are answered as `missing`.
 */
function follow(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges, needs } = tables;
  const kind = sql`(select ${endKind(sql`${j.state}`, sql`${j.reason}`)} from ${jobs} ${j} where ${j.seq} = e.parent)`;
  const of = (verdict: SQL): SQL => sql`select child from judged where verdict = ${verdict}`;
  return sql`with ${clock},
    ended as materialized (
      select ${j.seq} as seq from ${jobs} ${j} where ${j.seq} = any(array(${numbers("ended")})) and ${j.state} in ${final}),
    due as materialized (
      select e.ctid as row, e.child, e.child in (${numbers("locked")}) or not ${heldNow(given, sql`e.child`)} as may
      from ${edges} e where e.parent = any(array(select seq from ended)) and e.status = 'open'),
    flipped as (
      update ${edges} e set ${set(edges.status, decisionOf(sql`e.when`, kind))}
      where e.ctid = any(array(select row from due where may)) returning e.child, e.status),
    ${judged(given)},
    counted as (
      update ${needs} n set ${set(needs.open, sql`v.open`)} from judged v
      where n.seq = any(array(select child from judged)) and v.child = n.seq),
    gone as (${letGo(given, of(sql`'go'`))}),
    skipped0 as (${skip(given, of(sql`'prerequisite'`), sql`'prerequisite'`)}),
    skipped1 as (${skip(given, of(sql`'condition'`), sql`'condition'`)})
    select * from gone union all select * from skipped0 union all select * from skipped1
    union all
    select distinct child, null::uuid, null, 'missing', null::bigint, false, false from due where not may`;
}

/**
 * `verdict` of core for each job that is held, of those that need a job that has ended, and those `anew`. The statement sees
 * the edges as they were before it, and beside them those that it has decided. Of a job that was held, those that were
 * decided before said `wait`: only for jobs `anew` all of them are read.
 */
function judged(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, edges, needs } = tables;
  const isLeft = sql`e.child = c.child and e.status = 'open' and e.parent <> all(array(select seq from ended))`;
  const stored = (statuses: SQL): SQL =>
    sql`exists (select 1 from ${edges} e where e.child = c.child and e.status in ${statuses})`;
  const any = (condition: SQL): SQL => sql`coalesce(bool_or(${condition}), false)`;
  const reason = sql`case when c.broken or ${stored(sql`('broken')`)} then 'prerequisite' else 'condition' end`;
  return sql`children as materialized (
      select child, ${any(sql`status = 'met'`)} as met, ${any(sql`status in ${missed}`)} as missed,
        ${any(sql`status = 'broken'`)} as broken, count(status) as flipped, bool_or(anew) as anew
      from (
        select child, status, false as anew from flipped
        union all
        select ${j.seq}, null, true from ${jobs} ${j} where ${hasId(given, parameter.uuids("anew"))}) f
      group by child),
    judged as materialized (
      select c.child, c.open, case c.mode
        when 'all' then case
          when c.missed or (c.anew and ${stored(missed)}) then ${reason} when c.open > 0 then 'wait' else 'go' end
        else case
          when c.met or (c.anew and ${stored(sql`('met')`)}) then 'go' when c.open > 0 then 'wait' else ${reason} end
        end as verdict
      from (
        select c.*, n.mode, case when c.anew
          then (select count(*) from ${edges} e where ${isLeft}) else n.open - c.flipped end as open
        from children c cross join lateral (
          select n.mode, n.open from ${needs} n where n.seq = c.child and ${heldNow(given, sql`c.child`)} offset 0) n) c)`;
}

const lockSeqs = ({ tables: { jobs }, j }: Named): SQL => sql`
  select ${j.seq} as seq from ${jobs} ${j} where ${j.seq} = any(array(${numbers("seqs")}))
  order by ${j.seq} for no key update`;

export const needsTexts = { lockReach, drawEdges, lookAnew, follow, lockSeqs };
