import { type SQL, sql } from "drizzle-orm";
import { schedules } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, assign, compile, names, set } from "./compose.ts";

const inserted = [schedules.sortKey, schedules.key, schedules.name, schedules.spec, schedules.nextAt];

/** The same spec leaves everything as it is. */
export const putSchedule = compile(sql`
  insert into ${schedules} (${names(...inserted)})
  values (${$("sortKey")}, ${$("key")}, ${$("name")}, ${$("spec")}, ${$("nextAt")})
  on conflict (${names(schedules.sortKey)}) do update set ${assign(
    set(schedules.name, sql`excluded.name`),
    set(schedules.spec, sql`excluded.spec`),
    set(schedules.nextAt, sql`excluded.next_at`),
  )} where ${schedules.spec} <> excluded.spec`);

const bySortKey = sql`${schedules.sortKey} = ${$("sortKey")}`;

export const removeSchedule = compile(sql`delete from ${schedules} where ${bySortKey}`);

/** An earlier pause goes on. */
export const pauseSchedule = compile(
  sql`update ${schedules} set ${set(schedules.pausedAt, sql`coalesce(${schedules.pausedAt}, ${$("now")})`)} where ${bySortKey}`,
);

/** One that is not paused keeps its slot. */
export const resumeSchedule = compile(sql`
  update ${schedules} set ${assign(
    set(
      schedules.nextAt,
      sql`case when ${schedules.pausedAt} is null then ${schedules.nextAt} else ${$("nextAt")} end`,
    ),
    set(schedules.pausedAt, sql`null`),
  )} where ${bySortKey}`);

/** Compare and set. */
export const moveSchedule = compile(sql`
  update ${schedules} set ${assign(set(schedules.lastAt, $("slotAt")), set(schedules.nextAt, $("nextAt")))}
  where ${bySortKey} and ${schedules.spec} = ${$("spec")} and ${schedules.nextAt} = ${$("expectedAt")}
    and ${schedules.pausedAt} is null`);

const select = (rest: SQL): SQL => sql`
  select ${schedules.key} as key, ${schedules.name} as name, ${schedules.spec} as spec, ${schedules.nextAt} as nextAt,
    ${schedules.lastAt} as lastAt, ${schedules.pausedAt} as pausedAt
  from ${schedules} ${rest}`;

export const selectOne = compile(select(sql`where ${bySortKey}`));

export const selectPage = compile(
  select(sql`where ${schedules.sortKey} >= ${$("from")} order by ${schedules.sortKey} limit ${$("limit")}`),
);

/** Index jobwright_schedules_due gives the order. */
export const selectNext = compile(
  select(sql`
    where ${schedules.pausedAt} is null and ${schedules.nextAt} is not null and ${schedules.name} in ${anyOf("names")}
    order by ${schedules.nextAt}, ${schedules.sortKey} limit ${$("limit")}`),
);
