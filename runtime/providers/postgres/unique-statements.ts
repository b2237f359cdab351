import { type SQL, sql } from "drizzle-orm";
import { assign, clock, hasId, type Named, names, now, parameter, set } from "./sql.ts";
import { waiting } from "./waiting.ts";

/*
 * Steps of a transaction about unique keys; `unique.ts` says how they go together. The writing of new jobs is in
 * `enqueue-statements.ts`.
 */

/**
 * Locks the rows of keys, in one order whoever locks, and makes those that are missing. A row is locked by the attempt to
 * change it, and is not changed. Rows, not advisory locks: the server has room for a few thousand of those.
 */
const lockKeys = ({ tables: { uniqueKeys } }: Named): SQL => sql`
  insert into ${uniqueKeys} (${names(uniqueKeys.key)})
  select k from unnest(${parameter.texts("keys")}) k order by k collate "C"
  on conflict (${names(uniqueKeys.key)}) do update set ${set(uniqueKeys.key, sql`excluded.key`)} where false`;

const takenBy = ({ tables: { uniqueKeys } }: Named): SQL => sql`any(array(
  select k.seq from ${uniqueKeys} k where k.key = any(${parameter.texts("keys")})))`;

/** Holders that can still be replaced or extended. Others are left alone: their workers' heartbeats must get at them. */
const lockHolders = (given: Named): SQL => sql`
  select ${given.j.seq} as seq from ${given.tables.jobs} ${given.j}
  where ${given.j.seq} = ${takenBy(given)} and ${given.j.fence} = 0 and ${given.j.state} in ('scheduled', 'ready', 'blocked')
  order by ${given.j.seq} for no key update`;

const lockJobs = (given: Named): SQL => sql`
  select ${given.j.seq} as seq from ${given.tables.jobs} ${given.j} where ${hasId(given, parameter.uuids("ids"))}
  order by ${given.j.seq} for no key update`;

/** The time; every key with the job that took it last, if there is one; every job of the ids, with its own key. */
function look(given: Named): SQL {
  const {
    tables: { jobs, uniqueKeys, uniqueJobs },
    j,
  } = given;
  const job = sql`${j.seq} as seq, ${j.id} as id, ${j.queue} as queue, ${j.version} as version, ${j.state} as state,
    ${j.priority} as priority, ${j.fence} as fence, ${j.runAt} as run_at, ${j.enqueuedAt} as enqueued_at, ${j.passed} is not null as gated,
    u.scope as scope, u.held_until as held_until`;
  return sql`with ${clock}
    select ${now} as now, 'key' as by, k.key as key, ${job}
    from ${uniqueKeys} k left join ${jobs} ${j} on ${j.seq} = k.seq left join ${uniqueJobs} u on u.seq = k.seq
    where k.key = any(${parameter.texts("keys")})
    union all
    select ${now}, 'id', u.key, ${job}
    from ${jobs} ${j} left join ${uniqueJobs} u on u.seq = ${j.seq} where ${hasId(given, parameter.uuids("ids"))}
    union all
    select ${now}, 'clock', null, null, null, null, null, null, null, null, null, null, null, null, null`;
}

/** Values as they are to be, of jobs that are locked. */
function rewrite(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, payloads } = tables;
  const place = waiting(given, sql`i.state`);
  return sql`with
    input as materialized (
      select * from json_to_recordset(${parameter.json("changes")}) as i(
        seq bigint, version integer, state text, priority smallint, run_at bigint, payload text)),
    bodies as (
      update ${payloads} p set ${set(payloads.payload, sql`i.payload`)} from input i
      where i.seq = p.seq and p.id = any(array(
        select ${j.id} from ${jobs} ${j} where ${j.seq} = any(array(select seq from input where payload is not null)))))
    update ${jobs} ${j} set ${assign(
      set(j.version, sql`i.version`),
      set(j.state, place.state),
      ...place.assignments,
      set(j.priority, sql`i.priority`),
      set(j.runAt, sql`i.run_at`),
    )}
    from input i where ${j.seq} = any(array(select seq from input)) and i.seq = ${j.seq}`;
}

/**
 * Jobs that wait again hold their keys again. Written also if it says what the row said before, so that a transaction with
 * an older snapshot cannot lock it.
 */
const retakeKeys = ({ tables: { uniqueKeys } }: Named): SQL => sql`
  update ${uniqueKeys} k set ${set(uniqueKeys.seq, sql`i.seq`)}
  from json_to_recordset(${parameter.json("keys")}) as i(key text, seq bigint)
  where k.key = any(array(select key from json_to_recordset(${parameter.json("keys")}) as w(key text))) and i.key = k.key`;

/** Rows that were made to be locked, and that no job took. */
const dropKeys = ({ tables: { uniqueKeys } }: Named): SQL => sql`
  delete from ${uniqueKeys} k where k.key = any(${parameter.texts("keys")}) and k.seq is null`;

/** The keys of these jobs. */
const keysOf = ({ tables: { payloads, uniqueJobs } }: Named): SQL => sql`
  select p.id, u.key from ${payloads} p join ${uniqueJobs} u on u.seq = p.seq where p.id = any(${parameter.uuids("ids")})`;

export const uniqueTexts = { lockKeys, lockHolders, lockJobs, look, rewrite, retakeKeys, dropKeys, keysOf };
