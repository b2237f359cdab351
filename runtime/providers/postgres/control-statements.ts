import { type SQL, sql } from "drizzle-orm";
import type { Tables } from "../../../drizzle/postgres/tables.ts";
import { assign, clock, final, lockById, type Named, names, now, parameter, set, waitingStates } from "./sql.ts";
import { waiting } from "./waiting.ts";

/* The operator verbs, and what the store says of itself. */

const isGated = ({ j }: Named): SQL => sql`${j.passed} is not null as gated`;

/** Whether a statement leaves the job alone that it would have ended, because others need it. */
const sparedIf = (given: Named, needed: boolean, ends: SQL): SQL =>
  needed ? sql`false as spared` : sql`${given.j.needed} is not null and ${ends} as spared`;

/** The state before, of every id that is there; also of those that nothing was done to. Without `needed`, see `sparedIf`. */
function cancel(given: Named, needed: boolean): SQL {
  const { tables, j } = given;
  const ends = sql`${j.state} in ${waitingStates}`;
  return sql`with ${clock},
    ${lockById(given, parameter.uuids("ids"), sql`${j.state} as state`, isGated(given), sparedIf(given, needed, ends))},
    changed as (
      update ${tables.jobs} ${j} set ${assign(
        set(j.state, sql`case when ${ends} then 'cancelled' else ${j.state} end`),
        set(j.reason, sql`case when ${ends} then 'cancelled' else ${j.reason} end`),
        set(j.finishedAt, sql`case when ${ends} then ${now} else ${j.finishedAt} end`),
        set(j.leaseUntil, sql`case when ${ends} then null else ${j.leaseUntil} end`),
        set(j.cancelRequested, sql`${j.cancelRequested} or ${j.state} = 'running'`),
      )}
      where ${j.seq} = any(array(
        select seq from locked where (state in ${waitingStates} or state = 'running') and not spared)))
    select id, state, gated, spared from locked`;
}

/** As `cancel` answers. */
function complete(given: Named, needed: boolean): SQL {
  const { tables, j } = given;
  const { jobs, outputs } = tables;
  const ends = sql`${j.state} in ${waitingStates}`;
  return sql`with ${clock},
    input as materialized (select * from json_to_recordset(${parameter.json("completions")}) as i(id uuid, output text)),
    ${lockById(given, sql`array(select id from input)`, sql`${j.state} as state`, isGated(given), sparedIf(given, needed, ends))},
    ended as materialized (select seq, id from locked where state in ${waitingStates} and not spared),
    changed as (
      update ${jobs} ${j} set ${assign(
        set(j.state, sql`'succeeded'`),
        set(j.finishedAt, now),
        set(j.leaseUntil, sql`null`),
      )}
      where ${j.seq} = any(array(select seq from ended))),
    kept as (
      insert into ${outputs} (${names(outputs.seq, outputs.output)})
      select e.seq, i.output from ended e join input i using (id) where i.output is not null
      on conflict (${sql.identifier(outputs.seq.name)}) do update set output = excluded.output)
    select id, state, gated, spared from locked`;
}

/**
 * The state before, of every id that is there, and the queue of those that are ready now. `delay`: how long each job waits,
 * in ms. Jobs with needs are left alone, unless told otherwise: then their needs hold them.
 */
function requeue(given: Named, held: boolean): SQL {
  const { tables, j } = given;
  const { jobs, outputs, errors, notes } = tables;
  const isSpared = sql`${held ? sql`false` : sql`${j.held} is not null and ${j.state} in ${final}`} as spared`;
  const ended = sql`any(array(select seq from locked where state in ${final} and not spared))`;
  const succeeded = sql`any(array(select seq from locked where state = 'succeeded' and not spared))`;
  const isHeld = sql`${j.held} is not null`;
  const place = waiting(given, sql`case when i.delay > 0 then 'scheduled' else 'ready' end`, { isNew: true, isHeld });
  return sql`with ${clock},
    input as materialized (select * from json_to_recordset(${parameter.json("requeues")}) as i(id uuid, delay bigint)),
    ${lockById(given, sql`array(select id from input)`, sql`${j.state} as state`, isGated(given), isSpared)},
    attached0 as (delete from ${outputs} where ${outputs.seq} = ${ended}),
    attached1 as (delete from ${errors} where ${errors.seq} = ${ended}),
    attached2 as (delete from ${notes} where ${notes.seq} = ${succeeded} and ${notes.kind} in ('step', 'cursor')),
    changed as (
      update ${jobs} ${j} set ${assign(
        set(j.state, place.state),
        ...place.assignments,
        set(j.held, sql`case when ${isHeld} then true end`),
        set(j.attempt, sql`0`),
        set(j.crashes, sql`0`),
        set(j.runAt, sql`${now} + i.delay`),
        set(j.cancelRequested, sql`false`),
        set(j.finishedAt, sql`null`),
        set(j.progress, sql`null`),
        set(j.reason, sql`null`),
        set(j.leaseUntil, sql`null`),
      )}
      from input i where ${j.seq} = ${ended} and i.id = ${j.id}
      returning ${j.id}, ${j.queue}, ${j.state})
    select l.id, l.state, l.gated, (select c.queue from changed c where c.id = l.id and c.state = 'ready') as queue, l.spared
    from locked l`;
}

/**
 * The state before, of every id that is there, and the queue of those that are ready now. What a change says of a waiting
 * job ends the wait for its former holder.
 */
function change(given: Named): SQL {
  const { tables, j } = given;
  const runAt = sql`coalesce(i.run_at, ${now} + i.delay, ${j.runAt})`;
  const isHeld = sql`${j.held} is true`;
  const place = waiting(given, sql`case when ${runAt} > ${now} then 'scheduled' else 'ready' end`, { isHeld });
  return sql`with ${clock},
    input as materialized (
      select * from json_to_recordset(${parameter.json("changes")}) as i(id uuid, run_at bigint, delay bigint, priority smallint)),
    ${lockById(given, sql`array(select id from input)`, sql`${j.state} as state`, isGated(given))},
    changed as (
      update ${tables.jobs} ${j} set ${assign(
        set(j.runAt, runAt),
        set(j.priority, sql`coalesce(i.priority, ${j.priority})`),
        set(j.state, place.state),
        ...place.assignments,
        set(j.leaseUntil, sql`null`),
      )}
      from input i
      where ${j.seq} = any(array(select seq from locked where state in ${waitingStates})) and i.id = ${j.id}
      returning ${j.id}, ${j.queue}, ${j.state})
    select l.id, l.state, l.gated, (select c.queue from changed c where c.id = l.id and c.state = 'ready') as queue from locked l`;
}

type Pausable = Tables["queues"] | Tables["definitions"];

const pause = (table: Pausable): SQL => sql`with ${clock}
  insert into ${table} (${names(table.name, table.pausedAt)}) values (${parameter.text("name")}, ${now})
  on conflict (${sql.identifier(table.name.name)}) do update
  set ${set(table.pausedAt, sql`coalesce(${table.pausedAt}, excluded.paused_at)`)}`;

const resume = (table: Pausable): SQL => sql`
  update ${table} set ${set(table.pausedAt, sql`null`)} where ${table.name} = ${parameter.text("name")}`;

const paused = ({ tables: { queues, definitions } }: Named): SQL => sql`
  select 'queue' as kind, ${queues.name} as name from ${queues} where ${queues.pausedAt} is not null
  union all
  select 'name', ${definitions.name} from ${definitions} where ${definitions.pausedAt} is not null`;

/** From queue to queue along the ready index, whatever the number of jobs. */
const readyQueues = ({ tables: { jobs }, j }: Named): SQL => sql`with recursive
  found(queue) as (
    (select ${j.queue} from ${jobs} ${j} where ${j.state} = 'ready' order by ${j.queue} limit 1)
    union all
    select (select ${j.queue} from ${jobs} ${j} where ${j.state} = 'ready' and ${j.queue} > f.queue order by ${j.queue} limit 1)
    from found f where f.queue is not null)
  select queue from found where queue is not null`;

const version = ({ tables: { meta } }: Named): SQL => sql`
  select ${meta.value} as value from ${meta} where ${meta.key} = 'schema_version'`;

const writeVersion = ({ tables: { meta } }: Named): SQL => sql`
  insert into ${meta} (${names(meta.key, meta.value)}) values ('schema_version', ${parameter.text("version")})
  on conflict (${sql.identifier(meta.key.name)}) do update set value = excluded.value`;

export const controlTexts = {
  cancel: (given: Named) => cancel(given, false),
  cancelNeeded: (given: Named) => cancel(given, true),
  complete: (given: Named) => complete(given, false),
  completeNeeded: (given: Named) => complete(given, true),
  requeue: (given: Named) => requeue(given, false),
  requeueHeld: (given: Named) => requeue(given, true),
  change,
  pauseQueue: (given: Named) => pause(given.tables.queues),
  pauseName: (given: Named) => pause(given.tables.definitions),
  resumeQueue: (given: Named) => resume(given.tables.queues),
  resumeName: (given: Named) => resume(given.tables.definitions),
  paused,
  readyQueues,
  version,
  writeVersion,
  notify: () => sql`select pg_notify(${parameter.text("channel")}, t) from unnest(${parameter.texts("texts")}) t`,
};
