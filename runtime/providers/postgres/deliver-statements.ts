import { type SQL, sql } from "drizzle-orm";
import { recordAttempts } from "./history-statements.ts";
import { assign, clock, compile, lockById, type Named, names, now, parameter, type PgStatement, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/*
 * Enqueue, claim, settle, extend, report: one statement and so one round trip each, whatever the number of jobs. State
 * literals stand in the text: a bound state would keep the planner from using the partial indexes. Batches are JSON, which
 * PostgreSQL takes apart faster than arrays. Rows are found with `= any(array(…))`, never by a join with a batch: the
 * planner then has no other way than the index, whatever it believes about sizes.
 */

/** A job of the batch, and what many jobs of a batch have in common, which is therefore sent once. */
const newJobs = sql`json_to_recordset(${parameter.json("jobs")}) as i(
  n integer, k integer, id uuid, run_at bigint, delay bigint, payload text)`;
const kinds = sql`json_to_recordset(${parameter.json("kinds")}) as k(
  k integer, name text, queue text, version integer, priority smallint, max_crashes integer)`;

const skipKnown = ({ tables: { jobs } }: Named): SQL => sql`
      on conflict (${sql.identifier(jobs.id.name)}) do nothing`;

/** What an insert does besides. */
interface Extras {
  readonly onKnown?: SQL;
  /** Further parts of the statement. */
  readonly parts?: readonly SQL[];
  /** Jobs with gates, among others. */
  readonly gated?: boolean;
}

/** The time of the enqueue, as the only row with one, and `n` of every id that is there already. */
function insertJobs({ tables: { jobs, payloads } }: Named, nextSeq: SQL, extras: Extras): SQL {
  const { onKnown = sql``, parts = [], gated = false } = extras;
  const columns = gated ? sql`, ${names(jobs.passed, jobs.blockedBy)}` : sql``;
  const state = sql`case when due > ${now} then 'scheduled' else 'ready' end`;
  const held = sql`g.seq is not null and (due <= ${now} or g.kind = 'order')`;
  return sql`with ${clock},
    kinds as materialized (select * from ${kinds}),
    placed as materialized (
      select i.*, ${nextSeq} as seq, coalesce(i.run_at, ${now} + coalesce(i.delay, 0)) as due
      from (select * from ${newJobs} order by n) i),
    ${gated ? beside : sql``}
    added as (
      insert into ${jobs} (${names(jobs.seq, jobs.id, jobs.name, jobs.queue, jobs.version, jobs.state, jobs.priority, jobs.runAt, jobs.enqueuedAt, jobs.maxCrashes)}${columns})
      select p.seq, id, name, queue, version, ${gated ? sql`case when ${held} then 'blocked' else ${state} end` : state},
        priority, due, ${now}, max_crashes${gated ? sql`, case when g.seq is not null then 0 end, case when ${held} then g.key end` : sql``}
      from placed p join kinds using (k)${gated ? sql` left join own_gates g on g.seq = p.seq and g.place = 0` : sql``} order by id${onKnown}
      returning ${names(jobs.seq)}),
    bodies as (
      insert into ${payloads} (${names(payloads.seq, payloads.payload)})
      select seq, payload from placed where seq in (select seq from added))${sql.join([...parts])}
    select null::integer as n, ${now} as now
    union all
    select p.n, null from placed p
    where (select count(*) from added) < (select count(*) from placed) and p.seq not in (select seq from added)`;
}

/** Gates and tags of the batch, with their jobs. */
const beside = sql`own_gates as materialized (
      select p.seq, g.* from placed p join json_to_recordset(${parameter.json("gates")}) as g(
        n integer, place smallint, level smallint, key text, policy text, kind text, "limit" integer, window_ms bigint) using (n)),
    own_tags as materialized (
      select p.seq, t.tag from placed p join json_to_recordset(${parameter.json("tags")}) as t(n integer, tag text) using (n)),`;

function keepBeside({ tables: { gates, tags } }: Named): SQL {
  const { seq, place, level, key, policy, kind, limit, windowMs } = gates;
  const columns = names(seq, place, level, key, policy, kind, limit, windowMs);
  return sql`,
    gated as (
      insert into ${gates} (${columns}) select ${columns} from own_gates where seq in (select seq from added)),
    tagged as (
      insert into ${tags} (${names(tags.tag, tags.seq)})
      select distinct tag, seq from own_tags where seq in (select seq from added))`;
}

/**
 * The unique keys of the batch: each job remembers its own, and the last one that takes it is its holder. The transaction
 * has locked the keys, so their rows are there, and has looked for the ids: one that is there all the same is an error.
 */
const takeKeys = ({ tables: { uniqueJobs, uniqueKeys } }: Named): SQL => sql`,
    own as materialized (
      select p.seq, u.* from placed p join json_to_recordset(${parameter.json("uniques")}) as u(
        n integer, key text, scope text, held_until bigint, takes boolean) using (n)),
    remembered as (
      insert into ${uniqueJobs} (${names(uniqueJobs.seq, uniqueJobs.key, uniqueJobs.scope, uniqueJobs.heldUntil)})
      select seq, key, scope, held_until from own),
    held as (
      update ${uniqueKeys} h set ${set(uniqueKeys.seq, sql`o.seq`)} from own o
      where h.key = any(array(select key from own where takes)) and o.key = h.key and o.takes)`;

/** Columns of a claimed job; `payload` is fetched by key, one by one. */
function claimedColumns({ tables: { payloads } }: Named, from: SQL): SQL {
  return sql`select c.seq, c.id, c.name, c.queue, c.version, c.priority, c.attempt, c.crashes, c.fence, c.run_at,
    c.enqueued_at, c.lease_until,
    (select ${payloads.payload} from ${payloads} where ${payloads.seq} = c.seq) as payload, c.passed is not null as gated,
    ${from} c`;
}

/**
 * Each lane reads the ready index from its cursor on, in the order of the offer, and locks what it takes; rows that others
 * have locked are passed by. What is locked stays where it is, so its place in the table is the shortest way back to it. If
 * this worker's claim of this id is there already, it is the answer, and nothing is taken.
 */
function claim(given: Named): SQL {
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
          and ${j.name} <> all(array(select ${definitions.name} from ${definitions} where ${definitions.pausedAt} is not null))
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
      where ${j}.ctid = any(array(select p.row from picked p)) returning ${j}.*),
    started as (
      insert into ${starts} (${names(starts.key, starts.at, starts.seq, starts.fence)})
      select g.key, ${now}, g.seq, (select t.fence from taken t where t.seq = g.seq) from ${gates} g
      where g.seq = any(array(select seq from taken where passed is not null)) and g.kind = 'rate')
    ${claimedColumns(given, sql`1 as fresh from taken`)}
    union all
    ${claimedColumns(given, sql`0 from (select ${j}.* from ${jobs} ${j} where ${j.seq} = any(array(select seq from held)))`)}`;
}

/** Settles what `hits` names; `n` and the answer, only for items that were refused. */
const refused = (ended: SQL, current = sql`'alreadyDone'`): SQL => sql`
  select i.n, case when l.fence = i.fence then ${current} else 'stale' end as answer
  from input i left join locked l on l.id = i.id
  where not exists (select 1 from ${ended} e where e.id = i.id and e.fence = i.fence)`;

/** Leases of the batch that are open: nobody re-claimed, settled, cancelled or requeued the job since. */
const open = sql`select l.seq from locked l join input i on i.id = l.id and i.fence = l.fence where l.open`;

const lockLeases = (given: Named, ...columns: SQL[]): SQL =>
  lockById(
    given,
    sql`array(select id from input)`,
    sql`${given.j.fence} as fence`,
    sql`${given.j.leaseUntil} is not null as open`,
    ...columns,
  );

/** 1 if the job was reaped, so that a late settlement takes the lapse back. */
const lapsed = ({ j }: Named): SQL => sql`(${j.state} in ('ready', 'blocked'))::integer`;

/** `n` of every lease that was not open; why, `fences` tells. In the order of ids, as the index is read. */
function ack(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, outputs } = tables;
  return sql`with ${clock},
    input as materialized (
      select * from json_to_recordset(${parameter.json("completions")}) as i(n integer, id uuid, fence integer, output text)),
    ended as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`case when ${j.cancelRequested} then 'cancelled' else 'succeeded' end`),
        set(j.reason, sql`case when ${j.cancelRequested} then 'cancelled' end`),
        set(j.attempt, sql`${j.attempt} + ${lapsed(given)}`),
        set(j.crashes, sql`${j.crashes} - ${lapsed(given)}`),
        set(j.finishedAt, now),
        set(j.leaseUntil, sql`null`),
      )}
      where ${j.id} = any(array(select id from input)) and ${j.leaseUntil} is not null
        and (${j.id}, ${j.fence}) in (select id, fence from input)
      returning ${j.seq}, ${j.id}, ${j.fence}, ${j.state}),
    kept as (
      insert into ${outputs} (${names(outputs.seq, outputs.output)})
      select e.seq, i.output from ended e join input i on i.id = e.id and i.fence = e.fence
      where e.state = 'succeeded' and i.output is not null
      on conflict (${sql.identifier(outputs.seq.name)}) do update set output = excluded.output)
    select i.n from input i where not exists (select 1 from ended e where e.id = i.id and e.fence = i.fence)`;
}

/**
 * `state`, `reason` and `delay_ms` are what a rejection asks for; a pending cancellation overrules them. Where a job with
 * gates waits again takes more to find out than all the rest: unless told that there may be some, the statement leaves
 * those alone and answers `gated`.
 */
function nack(given: Named, gated: boolean): SQL {
  const { tables, j } = given;
  const { jobs, errors } = tables;
  const waits = sql`not ${j.cancelRequested} and i.state in ('scheduled', 'ready')`;
  const place = gated ? waiting(given, sql`i.state`, { waits }) : { state: sql`i.state`, assignments: [] };
  const settled = gated ? open : sql`${open} and not l.gated`;
  const left = gated ? sql`'alreadyDone'` : sql`case when l.open and l.gated then 'gated' else 'alreadyDone' end`;
  return sql`with ${clock},
    input as materialized (
      select * from json_to_recordset(${parameter.json("rejections")}) as i(
        n integer, id uuid, fence integer, state text, reason text, delay_ms bigint, uncounted integer, error text)),
    ${lockLeases(given, sql`${j.passed} is not null as gated`)},
    ended as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`case when ${j.cancelRequested} then 'cancelled' else ${place.state} end`),
        ...place.assignments,
        set(j.reason, sql`case when ${j.cancelRequested} then 'cancelled' else i.reason end`),
        set(j.finishedAt, sql`case when ${j.cancelRequested} or i.state = 'dead' then ${now} end`),
        set(j.runAt, sql`coalesce(${now} + i.delay_ms, ${j.runAt})`),
        set(j.attempt, sql`${j.attempt} + ${lapsed(given)} - i.uncounted`),
        set(j.crashes, sql`${j.crashes} - ${lapsed(given)}`),
        set(j.leaseUntil, sql`null`),
      )}
      from input i
      where ${j.seq} = any(array(${settled})) and i.id = ${j.id} and i.fence = ${j.fence}
      returning ${j.seq}, ${j.id}, ${j.fence}, ${j.queue}, ${j.state}, ${j.attempt}, ${j.startedAt}, ${j.workerId}, i.error),
    kept as (
      insert into ${errors} (${names(errors.seq, errors.error)})
      select seq, error from ended where error is not null
      on conflict (${sql.identifier(errors.seq.name)}) do update set error = excluded.error),
    recorded as (${recordAttempts(given, sql`ended where error is not null`)}),
    answers as (${refused(sql`ended`, left)})
    select n, answer, null as queue from answers
    union all select null, null, queue from ended where state = 'ready' group by queue`;
}

function report(given: Named): SQL {
  const { tables, j } = given;
  const { jobs } = tables;
  return sql`with
    input as materialized (
      select * from json_to_recordset(${parameter.json("reports")}) as i(n integer, id uuid, fence integer, progress float8)),
    ${lockLeases(given)},
    ended as (
      update ${jobs} ${j} set ${set(j.progress, sql`i.progress`)} from input i
      where ${j.seq} = any(array(${open})) and i.id = ${j.id} and i.fence = ${j.fence}
      returning ${j.id}, ${j.fence})
    ${refused(sql`ended`)}`;
}

/** The first note with a key stays, unless it is a cursor, which is overwritten in its place. */
function note(given: Named): SQL {
  const { notes } = given.tables;
  return sql`with
    input as materialized (
      select * from json_to_recordset(${parameter.json("leases")}) as i(n integer, id uuid, fence integer)),
    ${lockLeases(given)},
    ended as (select l.seq, l.id, l.fence from locked l join input i on i.id = l.id and i.fence = l.fence where l.open),
    kept as (
      insert into ${notes} (${names(notes.seq, notes.kind, notes.key, notes.text)})
      select e.seq, w.kind, w.key, w.text
      from json_to_recordset(${parameter.json("notes")}) as w(n integer, id uuid, fence integer, kind text, key text, text text)
      join ended e on e.id = w.id and e.fence = w.fence order by w.n
      on conflict (${names(notes.seq, notes.kind, notes.key)}) do update
      set ${set(notes.text, sql`excluded.text`)} where ${notes.kind} = 'cursor')
    ${refused(sql`ended`)}`;
}

function extend({ tables: { jobs }, j }: Named): SQL {
  return sql`with ${clock},
    locked as materialized (
      select ${j.seq} as seq from ${jobs} ${j}
      where ${j.state} = 'running' and ${j.workerId} = ${parameter.text("workerId")} order by ${j.seq} for no key update)
    update ${jobs} ${j} set ${set(j.leaseUntil, sql`${now} + ${parameter.bigint("leaseMs")}`)}
    where ${j.seq} = any(array(select seq from locked))
    returning ${j.seq}, ${j.id}, ${j.fence}, ${j.leaseUntil}, ${j.cancelRequested}`;
}

export interface DeliverStatements {
  readonly insertJobs: PgStatement;
  /** For a transaction that has locked the keys and looked for the ids; see `unique.ts`. */
  readonly insertUnique: PgStatement;
  /** The same two with gates and tags. */
  readonly insertGated: PgStatement;
  readonly insertUniqueGated: PgStatement;
  readonly claim: PgStatement;
  readonly ack: PgStatement;
  readonly nack: PgStatement;
  /** The same for leases of which some are gated. */
  readonly nackGated: PgStatement;
  readonly report: PgStatement;
  readonly note: PgStatement;
  readonly extend: PgStatement;
}

/** `nextSeq`: the expression that draws an insertion number. */
export function deliverStatements(given: Named, nextSeq: SQL): DeliverStatements {
  const insert = (name: string, extras: Extras): PgStatement => compile(name, insertJobs(given, nextSeq, extras));
  const onKnown = skipKnown(given);
  return {
    insertJobs: insert("insert_jobs", { onKnown }),
    insertUnique: insert("insert_unique", { parts: [takeKeys(given)] }),
    insertGated: insert("insert_gated", { onKnown, gated: true, parts: [keepBeside(given)] }),
    insertUniqueGated: insert("insert_unique_gated", { gated: true, parts: [takeKeys(given), keepBeside(given)] }),
    claim: compile("claim", claim(given)),
    ack: compile("ack", ack(given)),
    nack: compile("nack", nack(given, false)),
    nackGated: compile("nack_gated", nack(given, true)),
    report: compile("report", report(given)),
    note: compile("note", note(given)),
    extend: compile("extend", extend(given)),
  };
}
