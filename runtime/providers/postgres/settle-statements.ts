import { type SQL, sql } from "drizzle-orm";
import { recordAttempts } from "./history-statements.ts";
import { list } from "./lists.ts";
import { assign, clock, isJob, lockById, type Named, names, now, parameter, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/* Everything that moves or ends a lease. */

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

/** What `completionsOf` sends. */
export const completionsInput = sql`input as materialized (
      select * from unnest(${list.uuids("ids")}, ${list.bigints("seqs")}, ${list.integers("fences")}, ${list.integers("places")},
        ${list.texts("outputs")}) as i(id, seq, fence, n, output))`;

/** Rows of the jobs of `input`; where their `seq` is not known, it is looked up. */
export const isInput = ({ tables: { payloads }, j }: Named): SQL => sql`${j.seq} = any(array(
        select coalesce(i.seq, (select ${payloads.seq} from ${payloads} where ${payloads.id} = i.id)) from input i))`;

export function acknowledged(given: Named): SQL {
  const { j } = given;
  return assign(
    set(j.state, sql`case when ${j.cancelRequested} then 'cancelled' else 'succeeded' end`),
    set(j.reason, sql`case when ${j.cancelRequested} then 'cancelled' end`),
    set(j.attempt, sql`${j.attempt} + ${lapsed(given)}`),
    set(j.crashes, sql`${j.crashes} - ${lapsed(given)}`),
    set(j.finishedAt, now),
    set(j.leaseUntil, sql`null`),
  );
}

/** Of those of `ended` that succeeded. */
export const keepOutputs = ({ tables: { outputs } }: Named): SQL => sql`
      insert into ${outputs} (${names(outputs.seq, outputs.output)})
      select e.seq, i.output from ended e join input i on i.id = e.id and i.fence = e.fence
      where e.state = 'succeeded' and i.output is not null
      on conflict (${sql.identifier(outputs.seq.name)}) do update set output = excluded.output`;

/**
 * `n` of every lease that was not settled, in the order of ids, as the index is read. Jobs that others need are left alone,
 * unless told otherwise: `open` says that a lease was open, as far as the statement can see; for the rest, `fences` tells why.
 */
function ack(given: Named, needed: boolean): SQL {
  const { tables, j } = given;
  const { jobs } = tables;
  return sql`with ${clock},
    ${completionsInput},
    ended as (
      update ${jobs} ${j} set ${acknowledged(given)}
      where ${isInput(given)} and ${j.leaseUntil} is not null${needed ? sql`` : sql` and ${j.needed} is null`}
        and ((${j.id}, ${j.fence}) in (select id, fence from input)) is true
      returning ${j.seq}, ${j.id}, ${j.fence}, ${j.state}),
    kept as (${keepOutputs(given)})
    select i.n, exists (
      select 1 from ${jobs} ${j} where ${isJob(given, sql`i.id`)} and ${j.fence} = i.fence and ${j.leaseUntil} is not null) as open
    from input i where not exists (select 1 from ended e where e.id = i.id and e.fence = i.fence)`;
}

/** What a nack leaves alone, with the answer `gated` or `needed`: it would take more than one that is meant for all jobs. */
interface Left {
  /** Jobs with gates: where they wait again takes more to find out than all the rest. */
  readonly gated?: true;
  /** Ends of jobs that others need. */
  readonly needed?: true;
}

/** `state`, `reason` and `delay_ms` are what a rejection asks for; a pending cancellation overrules them. */
function nack(given: Named, left: Left): SQL {
  const { tables, j } = given;
  const { jobs, errors } = tables;
  const waits = sql`not ${j.cancelRequested} and i.state in ('scheduled', 'ready')`;
  const place = left.gated ? { state: sql`i.state`, assignments: [] } : waiting(given, sql`i.state`, { waits });
  const isNeeded = left.needed ? sql`(l.needed and (l.cancelling or i.state in ('dead', 'skipped')))` : sql`false`;
  const isGated = left.gated ? sql`l.gated` : sql`false`;
  const refusal = sql`case when not l.open then 'alreadyDone' when ${isNeeded} then 'needed' when ${isGated} then 'gated' else 'alreadyDone' end`;
  return sql`with ${clock},
    input as materialized (
      select * from json_to_recordset(${parameter.json("rejections")}) as i(
        n integer, id uuid, fence integer, state text, reason text, delay_ms bigint, uncounted integer, error text)),
    ${lockLeases(
      given,
      sql`${j.passed} is not null as gated`,
      sql`${j.needed} is not null as needed`,
      sql`${j.cancelRequested} as cancelling`,
    )},
    ended as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`case when ${j.cancelRequested} then 'cancelled' else ${place.state} end`),
        ...place.assignments,
        set(j.reason, sql`case when ${j.cancelRequested} then 'cancelled' else i.reason end`),
        set(j.finishedAt, sql`case when ${j.cancelRequested} or i.state in ('dead', 'skipped') then ${now} end`),
        set(j.runAt, sql`coalesce(${now} + i.delay_ms, ${j.runAt})`),
        set(j.attempt, sql`${j.attempt} + ${lapsed(given)} - i.uncounted`),
        set(j.crashes, sql`${j.crashes} - ${lapsed(given)}`),
        set(j.leaseUntil, sql`null`),
      )}
      from input i
      where ${j.seq} = any(array(${open} and not ${isNeeded} and not ${isGated})) and i.id = ${j.id} and i.fence = ${j.fence}
      returning ${j.seq}, ${j.id}, ${j.fence}, ${j.queue}, ${j.state}, ${j.attempt}, ${j.startedAt}, ${j.workerId}, i.error),
    kept as (
      insert into ${errors} (${names(errors.seq, errors.error)})
      select seq, error from ended where error is not null
      on conflict (${sql.identifier(errors.seq.name)}) do update set error = excluded.error),
    recorded as (${recordAttempts(given, sql`ended where error is not null`)}),
    answers as (${refused(sql`ended`, refusal)})
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

export const settleTexts = {
  ack: (given: Named) => ack(given, false),
  /** The same for jobs that others need as well. */
  ackNeeded: (given: Named) => ack(given, true),
  nack: (given: Named) => nack(given, { gated: true, needed: true }),
  /** The same for leases of which some are gated. */
  nackGated: (given: Named) => nack(given, { needed: true }),
  /** The same for all jobs. */
  nackNeeded: (given: Named) => nack(given, {}),
  report,
  note,
  extend,
};
