import { type SQL, sql } from "drizzle-orm";
import { assign, clock, type Named, names, now, parameter, set } from "./sql.ts";

/* Schedules. Several are locked in the order of their keys. */

type Columns = Named["tables"]["schedules"];

const record = ({ key, name, spec, nextAt, lastAt, pausedAt }: Columns): SQL => sql`
  ${key} as key, ${name} as name, ${spec} as spec, ${nextAt} as next_at, ${lastAt} as last_at, ${pausedAt} as paused_at`;

/** A schedule with the spec that is there stays as it is. */
const putSchedules = ({ tables: { schedules: s } }: Named): SQL => sql`
  insert into ${s} (${names(s.key, s.name, s.spec, s.nextAt)})
  select key, name, spec, next_at
  from json_to_recordset(${parameter.json("schedules")}) as i(key text, name text, spec text, next_at bigint)
  order by key collate "C"
  on conflict (${names(s.key)}) do update set ${assign(
    set(s.name, sql`excluded.name`),
    set(s.spec, sql`excluded.spec`),
    set(s.nextAt, sql`excluded.next_at`),
  )}
  where ${s.spec} <> excluded.spec`;

const removeSchedules = ({ tables: { schedules: s } }: Named): SQL => sql`with
  locked as materialized (
    select ${s.key} as key from ${s} where ${s.key} = any(${parameter.texts("keys")}) order by ${s.key} for update)
  delete from ${s} where ${s.key} = any(array(select key from locked)) returning ${s.key} as key`;

const findSchedule = ({ tables: { schedules: s } }: Named): SQL => sql`with ${clock}
  select ${now} as now, found.* from clock left join (
    select ${record(s)} from ${s} where ${s.key} = ${parameter.text("key")}) found on true`;

const listSchedules = ({ tables: { schedules: s } }: Named): SQL => sql`with ${clock}
  select ${now} as now, page.* from clock left join (
    select ${record(s)} from ${s}
    where coalesce(${s.key} > ${parameter.text("after")}, true)
    order by ${s.key} limit ${parameter.integer("limit")}) page on true
  order by page.key`;

const pauseSchedule = ({ tables: { schedules: s } }: Named): SQL => sql`with ${clock}
  update ${s} set ${set(s.pausedAt, sql`coalesce(${s.pausedAt}, ${now})`)}
  where ${s.key} = ${parameter.text("key")} returning 1 as found`;

const resumeSchedule = ({ tables: { schedules: s } }: Named): SQL => sql`
  update ${s} set ${assign(
    set(s.nextAt, sql`case when ${s.pausedAt} is null then ${s.nextAt} else ${parameter.bigint("nextAt")} end`),
    set(s.pausedAt, sql`null`),
  )}
  where ${s.key} = ${parameter.text("key")} returning 1 as found`;

/** One more than can be due: it says when the next is. */
const dueSchedules = ({ tables: { schedules: s } }: Named): SQL => sql`with ${clock}
  select ${now} as now, page.* from clock left join (
    select ${record(s)} from ${s}
    where ${s.pausedAt} is null and ${s.nextAt} is not null and ${s.name} = any(${parameter.texts("names")})
    order by ${s.nextAt}, ${s.key} limit ${parameter.integer("limit")}) page on true
  order by page.next_at, page.key`;

/** The row if it was the slot's turn. Who comes second waits for the first, and finds another slot. */
const moveSchedule = ({ tables: { schedules: s } }: Named): SQL => sql`
  update ${s} set ${assign(set(s.lastAt, parameter.bigint("slotAt")), set(s.nextAt, parameter.bigint("nextAt")))}
  where ${s.key} = ${parameter.text("key")} and ${s.spec} = ${parameter.text("spec")}
    and ${s.nextAt} = ${parameter.bigint("expectedAt")} and ${s.pausedAt} is null
  returning 1 as moved`;

export const scheduleTexts = {
  putSchedules,
  removeSchedules,
  findSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  dueSchedules,
  moveSchedule,
};
