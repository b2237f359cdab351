import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Tables } from "../../../drizzle/postgres/tables.ts";
import { history, recordAttempts } from "./history-statements.ts";
import { assign, clock, compile, lockById, type Named, names, now, parameter, type PgStatement, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/* Maintenance, inspection and the operator verbs. */

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

/** The lease of a job that becomes ready again stays open: its holder may still settle until somebody re-claims. */
function reap(given: Named): SQL {
  const { tables, j } = given;
  const { jobs } = tables;
  const crashLoop = sql`${j.crashes} + 1 > ${j.maxCrashes}`;
  const ends = sql`(${j.cancelRequested} or ${crashLoop})`;
  const place = waiting(given, sql`'ready'`, { waits: sql`not ${ends}` });
  return sql`with ${clock},
    expired as materialized (
      select ${j.seq} as seq from ${jobs} ${j} where ${j.state} = 'running' and ${j.leaseUntil} < ${now}
      order by ${j.leaseUntil}, ${j.seq} limit ${parameter.integer("limit")} for no key update skip locked),
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
    where ${j.seq} = any(array(select seq from expired))
    returning ${j.seq}, ${j.id}, ${j.queue}, ${j.state}, ${j.fence}, ${j.attempt} + 1 as attempt, ${j.startedAt}, ${j.workerId},
      ${j.passed} is not null as gated, null::text as error),
    recorded as (${recordAttempts(given, sql`reaped`)})
    select queue, state, id, gated from reaped`;
}

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

/** A key goes with the job that took it last; while somebody else has the key locked, that job stays until the next call. */
function prune(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, payloads, outputs, errors, attempts, notes, gates, tags, uniqueJobs, uniqueKeys } = tables;
  const deletes = [payloads, outputs, errors, attempts, notes, gates, tags].map(
    (table, index) =>
      sql`${sql.identifier(`attached${index}`)} as (delete from ${table} where ${table.seq} = any(array(select seq from gone)))`,
  );
  return sql`with ${clock},
    old as materialized (
      select o.seq from json_to_recordset(${parameter.json("retentions")}) as r(state text, retention_ms bigint)
      cross join lateral (
        select ${j.seq} as seq, ${j.finishedAt} as finished_at from ${jobs} ${j}
        where ${j.finishedAt} is not null and ${j.state} = r.state and ${j.finishedAt} <= ${now} - r.retention_ms
          and ${reserved(given)} is null
        order by ${j.finishedAt} limit ${parameter.integer("limit")} for update skip locked) o
      order by o.finished_at, o.seq limit ${parameter.integer("limit")}),
    owners as materialized (
      select u.key, u.seq from ${uniqueJobs} u where u.seq = any(array(select seq from old))),
    keyed as materialized (
      select k.key, k.seq from ${uniqueKeys} k
      where k.key = any(array(select key from owners)) and k.seq = any(array(select seq from owners))),
    free as materialized (
      select k.key, k.seq from ${uniqueKeys} k
      where k.key = any(array(select key from keyed)) and k.seq = any(array(select seq from keyed))
      for update skip locked),
    gone as materialized (
      select seq from old where seq not in (select seq from keyed) or seq in (select seq from free)),
    ${sql.join(deletes, sql`, `)},
    forgotten0 as (
      delete from ${uniqueJobs} u
      where u.seq = any(array(select seq from owners)) and u.seq = any(array(select seq from gone))),
    forgotten1 as (delete from ${uniqueKeys} k where k.key = any(array(select key from free)))
    delete from ${jobs} ${j} where ${j.seq} = any(array(select seq from gone)) returning 1 as pruned`;
}

const waitingStates = sql`('scheduled', 'ready', 'blocked')`;
const final = sql`('succeeded', 'dead', 'cancelled', 'skipped')`;

const isGated = ({ j }: Named): SQL => sql`${j.passed} is not null as gated`;

/** The state before, of every id that is there; also of those that nothing was done to. */
function cancel(given: Named): SQL {
  const { tables, j } = given;
  const ends = sql`${j.state} in ${waitingStates}`;
  return sql`with ${clock},
    ${lockById(given, parameter.uuids("ids"), sql`${j.state} as state`, isGated(given))},
    changed as (
      update ${tables.jobs} ${j} set ${assign(
        set(j.state, sql`case when ${ends} then 'cancelled' else ${j.state} end`),
        set(j.reason, sql`case when ${ends} then 'cancelled' else ${j.reason} end`),
        set(j.finishedAt, sql`case when ${ends} then ${now} else ${j.finishedAt} end`),
        set(j.leaseUntil, sql`case when ${ends} then null else ${j.leaseUntil} end`),
        set(j.cancelRequested, sql`${j.cancelRequested} or ${j.state} = 'running'`),
      )}
      where ${j.seq} = any(array(select seq from locked where state in ${waitingStates} or state = 'running')))
    select id, state, gated from locked`;
}

/**
 * The state before, of every id that is there, and the queue of those that are ready now. `delay`: how long each job waits,
 * in ms.
 */
function requeue(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, outputs, errors, notes } = tables;
  const ended = sql`any(array(select seq from locked where state in ${final}))`;
  const succeeded = sql`any(array(select seq from locked where state = 'succeeded'))`;
  const place = waiting(given, sql`case when i.delay > 0 then 'scheduled' else 'ready' end`, { isNew: true });
  return sql`with ${clock},
    input as materialized (select * from json_to_recordset(${parameter.json("requeues")}) as i(id uuid, delay bigint)),
    ${lockById(given, sql`array(select id from input)`, sql`${j.state} as state`, isGated(given))},
    attached0 as (delete from ${outputs} where ${outputs.seq} = ${ended}),
    attached1 as (delete from ${errors} where ${errors.seq} = ${ended}),
    attached2 as (delete from ${notes} where ${notes.seq} = ${succeeded} and ${notes.kind} in ('step', 'cursor')),
    changed as (
      update ${jobs} ${j} set ${assign(
        set(j.state, place.state),
        ...place.assignments,
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
    select l.id, l.state, l.gated, (select c.queue from changed c where c.id = l.id and c.state = 'ready') as queue from locked l`;
}

/**
 * The state before, of every id that is there, and the queue of those that are ready now. What a change says of a waiting
 * job ends the wait for its former holder.
 */
function change(given: Named): SQL {
  const { tables, j } = given;
  const runAt = sql`coalesce(i.run_at, ${now} + i.delay, ${j.runAt})`;
  const place = waiting(given, sql`case when ${runAt} > ${now} then 'scheduled' else 'ready' end`);
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

function records({ tables, j }: Named, condition: SQL): SQL {
  const { jobs, payloads, outputs, errors } = tables;
  const attached = (table: typeof payloads | typeof outputs | typeof errors, column: SQL): SQL =>
    sql`(select ${column} from ${table} where ${table.seq} = ${j.seq})`;
  const { passed: _passed, blockedBy: _blockedBy, ...columns } = getTableColumns(jobs);
  const own = Object.keys(columns).map((key) => sql`${j[key as keyof typeof columns]} as ${sql.identifier(key)}`);
  return sql`select ${sql.join(own, sql`, `)}, ${attached(payloads, sql`${payloads.payload}`)} as payload,
    case when ${j.state} = 'blocked' then ${j.blockedBy} end as ${sql.identifier("blockedBy")},
    ${attached(outputs, sql`${outputs.output}`)} as output, ${attached(errors, sql`${errors.error}`)} as error
    from ${jobs} ${j} ${condition}`;
}

/** A list that is null is no condition. */
function filtered({ j }: Named): SQL {
  const among = (name: string, value: SQL): SQL => sql`coalesce(${value} = any(${parameter.texts(name)}), true)`;
  return sql`${among("states", sql`${j.state}`)} and ${among("names", sql`${j.name}`)} and ${among("queues", sql`${j.queue}`)}`;
}

const page = (given: Named): SQL =>
  records(
    given,
    sql`where ${given.j.seq} < ${parameter.bigint("before")} and ${filtered(given)}
      order by ${given.j.seq} desc limit ${parameter.integer("limit")}`,
  );

/** The jobs that have all of the tags, along those of the first one. */
const taggedPage = (given: Named): SQL => {
  const { tables, j } = given;
  return records(
    given,
    sql`join ${tables.tags} t on t.seq = ${j.seq}
      where t.tag = (${parameter.texts("tags")})[1] and t.seq < ${parameter.bigint("before")} and ${filtered(given)}
        and (select count(*) from ${tables.tags} o where o.tag = any(${parameter.texts("tags")}) and o.seq = t.seq)
          = cardinality(${parameter.texts("tags")})
      order by t.seq desc limit ${parameter.integer("limit")}`,
  );
};

const counts = (given: Named): SQL => sql`
  select ${given.j.queue} as queue, ${given.j.state} as state, count(*) as count from ${given.tables.jobs} ${given.j}
  where ${filtered(given)} group by ${given.j.queue}, ${given.j.state}`;

const found = ({ tables: { jobs }, j }: Named, columns: SQL): SQL =>
  sql`select ${j.id} as id, ${columns} from ${jobs} ${j} where ${j.id} = any(${parameter.uuids("ids")})`;

const version = ({ tables: { meta } }: Named): SQL => sql`
  select ${meta.value} as value from ${meta} where ${meta.key} = 'schema_version'`;

const writeVersion = ({ tables: { meta } }: Named): SQL => sql`
  insert into ${meta} (${names(meta.key, meta.value)}) values ('schema_version', ${parameter.text("version")})
  on conflict (${sql.identifier(meta.key.name)}) do update set value = excluded.value`;

const texts = {
  promote,
  nextRun,
  reap,
  prune,
  cancel,
  requeue,
  change,
  pauseQueue: (given: Named) => pause(given.tables.queues),
  pauseName: (given: Named) => pause(given.tables.definitions),
  resumeQueue: (given: Named) => resume(given.tables.queues),
  resumeName: (given: Named) => resume(given.tables.definitions),
  paused,
  readyQueues,
  page,
  taggedPage,
  counts,
  /** Everything of the jobs given. */
  jobs: (given: Named) => records(given, sql`where ${given.j.id} = any(${parameter.uuids("ids")})`),
  fences: (given: Named) => found(given, sql`${given.j.fence} as fence`),
  states: (given: Named) => found(given, sql`${given.j.state} as state, ${given.j.runAt} as run_at, ${isGated(given)}`),
  history,
  version,
  writeVersion,
  notify: () => sql`select pg_notify(${parameter.text("channel")}, t) from unnest(${parameter.texts("texts")}) t`,
};

export type ControlStatements = Readonly<Record<keyof typeof texts, PgStatement>>;

export function controlStatements(given: Named): ControlStatements {
  const compiled = Object.entries(texts).map(([name, text]) => [name, compile(name, text(given))] as const);
  return Object.fromEntries(compiled) as ControlStatements; // the keys of `texts`
}
