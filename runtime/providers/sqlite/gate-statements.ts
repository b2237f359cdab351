import { type SQL, sql } from "drizzle-orm";
import type { GateKind } from "../../contract/index.ts";
import { gates, jobs, limits, starts } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, assign, compile, names, set } from "./compose.ts";

/*
 * The states of those who wait and of those who have passed stand in the text, as those of jobs do. `seqs` is a JSON array.
 */

/** A job of an older version may have been pruned without its rows here, and its number used again. */
export const insertGate = compile(sql`
  insert or replace into ${gates} (${names(
    gates.seq,
    gates.level,
    gates.key,
    gates.policy,
    gates.kind,
    gates.status,
    gates.priority,
    gates.runAt,
  )})
  values (${$("seq")}, ${$("level")}, ${$("key")}, ${$("policy")}, ${$("kind")},
    ${$("status")}, ${$("priority")}, ${$("runAt")})`);

const limitColumns = names(limits.policy, limits.kind, limits.limit, limits.windowMs);
const limitValues = sql`(${limitColumns}) values (${$("policy")}, ${$("kind")}, ${$("limit")}, ${$("windowMs")})`;

export const learnLimit = compile(sql`insert or ignore into ${limits} ${limitValues}`);
export const putLimit = compile(sql`insert or replace into ${limits} ${limitValues}`);

/** All gates of these jobs, by key. */
export const selectKeys = compile(sql`
  select distinct ${gates.key} as key, ${gates.level} as level from ${gates} where ${gates.seq} in ${anyOf("seqs")}`);

export const selectKeysOf = compile(sql`
  select ${jobs.state} as state, ${gates.key} as key, ${gates.level} as level, ${gates.status} as status
  from ${jobs} join ${gates} on ${gates.seq} = ${jobs.seq} where ${jobs.seq} = ${$("seq")}`);

export const anyGate = compile(sql`select 1 as found from ${gates} limit 1`);

/** Every group where somebody waits: one look-up for each, however many wait. */
export const selectWaitingKeys = compile(sql`
  with recursive groups (key) as (
    select min(${gates.key}) from ${gates} where ${gates.status} = 'waiting'
    union all
    select (select min(${gates.key}) from ${gates} where ${gates.status} = 'waiting' and ${gates.key} > groups.key)
    from groups where groups.key is not null)
  select groups.key as key, (
    select ${gates.level} from ${gates} where ${gates.status} = 'waiting' and ${gates.key} = groups.key limit 1) as level
  from groups where groups.key is not null`);

/** `all`: 0 keeps the place in the order, which is given back at the end only. */
export const giveBack = compile(sql`
  update ${gates} set ${set(gates.status, sql`'ahead'`)}
  where ${gates.seq} = ${$("seq")} and ${gates.status} <> 'ahead'
    and (${$("all")} or not (${gates.kind} = 'order' and ${gates.status} = 'passed'))`);

/** Whoever has started is out of the way where only those count that have not. */
export const leaveStarted = compile(sql`
  update ${gates} set ${set(gates.status, sql`'ahead'`)}
  where ${gates.seq} in ${anyOf("seqs")} and ${gates.status} = 'passed' and ${gates.kind} in ('rate', 'fair')`);

const ofOrder = sql`${gates.kind} = 'order'`;
const ofJob = (column: SQL): SQL => sql`(select ${column} from ${jobs} where ${jobs.seq} = ${gates.seq})`;

/** Lets a job wait at its next gate, if it is due or the gate is that of the order, which counts before the time. */
export const waitAtNext = compile(sql`
  update ${gates} set ${assign(
    set(gates.status, sql`'waiting'`),
    set(gates.priority, sql`case when ${ofOrder} then 0 else ${ofJob(sql`${jobs.priority}`)} end`),
    set(gates.runAt, sql`case when ${ofOrder} then 0 else ${ofJob(sql`${jobs.runAt}`)} end`),
  )}
  where ${gates.seq} = ${$("seq")}
    and ${gates.level} = (
      select min(ahead.level) from ${gates} as ahead where ahead.seq = ${$("seq")} and ahead.status = 'ahead')
    and (${ofOrder} or ${ofJob(sql`${jobs.state}`)} = 'ready')`);

export const blockJob = compile(
  sql`update ${jobs} set ${set(jobs.state, sql`'blocked'`)} where ${jobs.seq} = ${$("seq")}`,
);

/** Undefined: nobody waits. A policy that is not known lets one through. */
export const selectGroup = compile(sql`
  select ${gates.kind} as kind, coalesce(${limits.limit}, 1) as "limit", coalesce(${limits.windowMs}, 0) as windowMs
  from ${gates} left join ${limits} on ${limits.policy} = ${gates.policy}
  where ${gates.status} = 'waiting' and ${gates.key} = ${$("key")} limit 1`);

/** Whoever has passed a gate counts as long as its state says so. */
const counted: Readonly<Record<GateKind, SQL>> = {
  order: sql`${jobs.state} in ('scheduled', 'blocked', 'ready', 'running')`,
  concurrency: sql`${jobs.state} in ('blocked', 'ready', 'running')`,
  rate: sql`${jobs.state} in ('blocked', 'ready')`,
  fair: sql`${jobs.state} in ('blocked', 'ready')`,
};

const forKinds = <T>(make: (condition: SQL) => T): Readonly<Record<GateKind, T>> => ({
  order: make(counted.order),
  concurrency: make(counted.concurrency),
  rate: make(counted.rate),
  fair: make(counted.fair),
});

/** `marked`: rows that say so; `counted`: those of them that are right. */
export const countPassed = forKinds((condition) =>
  compile(sql`
    select count(*) as marked, coalesce(sum(${condition}), 0) as counted
    from ${gates} left join ${jobs} on ${jobs.seq} = ${gates.seq}
    where ${gates.status} = 'passed' and ${gates.key} = ${$("key")}`),
);

/** Settlements that say nothing of gates leave marks behind. */
export const unmarkPassed = forKinds((condition) =>
  compile(sql`
    update ${gates} set ${set(gates.status, sql`'ahead'`)}
    where ${gates.status} = 'passed' and ${gates.key} = ${$("key")}
      and not exists (select 1 from ${jobs} where ${jobs.seq} = ${gates.seq} and ${condition})`),
);

export const countStarts = compile(sql`
  select count(*) as count from ${starts} where ${starts.key} = ${$("key")} and ${starts.at} > ${$("after")}`);

/** The first of a group. One whose state is not 'blocked' has been settled late, by a call that says nothing of gates. */
export const selectHeads = compile(sql`
  select ${gates.seq} as seq, ${gates.level} as level, ${jobs.state} as state
  from ${gates} left join ${jobs} on ${jobs.seq} = ${gates.seq}
  where ${gates.status} = 'waiting' and ${gates.key} = ${$("key")}
  order by ${gates.priority}, ${gates.runAt}, ${gates.seq} limit ${$("limit")}`);

export const passGate = compile(sql`
  update ${gates} set ${set(gates.status, sql`'passed'`)}
  where ${gates.seq} = ${$("seq")} and ${gates.level} = ${$("level")}`);

export const admitJob = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.runAt, sql`case when ${$("fair")} then ${$("now")} else ${jobs.runAt} end`),
    set(jobs.state, sql`case when ${jobs.runAt} > ${$("now")} and not ${$("fair")} then 'scheduled' else 'ready' end`),
  )} where ${jobs.seq} = ${$("seq")} returning ${names(jobs.state)}`);

export const selectKeysAbove = compile(sql`
  select ${gates.key} as key, ${gates.level} as level from ${gates}
  where ${gates.seq} = ${$("seq")} and ${gates.level} > ${$("level")}`);

export const insertStarts = compile(sql`
  insert into ${starts} (${names(starts.key, starts.at)})
  select ${gates.key}, ${$("now")} from ${gates} where ${gates.seq} in ${anyOf("seqs")} and ${gates.kind} = 'rate'`);

/** Those that no window reaches. */
export const forgetStarts = compile(sql`
  delete from ${starts}
  where ${starts.at} <= ${$("now")} - (select coalesce(max(${limits.windowMs}), 0) from ${limits})`);

export const deleteGates = compile(sql`delete from ${gates} where ${gates.seq} in ${anyOf("seqs")}`);
