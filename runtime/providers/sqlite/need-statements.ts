import { type SQL, sql } from "drizzle-orm";
import { edges, jobs, needs } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, assign, compile, names, set } from "./compose.ts";
import { edgeStatus } from "./edge-status.ts";
import { isHeld, lacks, ties, withTie } from "./ties.ts";

/*
 * Who waits for whose end. Lists are JSON arrays. An edge is `open` in the text, never as a parameter: that is what the
 * partial index holds.
 */

const needsColumns = names(needs.seq, needs.mode, needs.afterMs, needs.held);

/** A job of an older version may have been pruned without its row here, and its number used again. */
export const insertNeeds = compile(sql`
  insert or replace into ${needs} (${needsColumns}) values (${$("seq")}, ${$("mode")}, ${$("afterMs")}, 1)`);

/** `ids` are distinct in each of these. */
const fromNamed = sql`from json_each(${$("ids")}) as named cross join ${jobs} on ${jobs.id} = named.value`;

export const countThere = compile(sql`select count(*) as count ${fromNamed}`);
export const countHeld = compile(sql`select count(*) as count ${fromNamed} where ${isHeld}`);
export const selectNamed = compile(sql`select ${jobs.id} as id, ${isHeld} as isHeld ${fromNamed}`);

/** Edges from one job, with one condition, to `parents`, a list of ids, in their order. */
export const insertEdges = compile(sql`
  insert into ${edges} (${names(edges.child, edges.parent, edges.when, edges.status)})
  select (select child.seq from ${jobs} as child where child.id = ${$("child")}), ${jobs.seq}, ${$("when")},
    ${edgeStatus($("when"), sql`${jobs.state}`, sql`${jobs.reason}`)}
  from json_each(${$("parents")}) as named cross join ${jobs} on ${jobs.id} = named.value`);

/** Of the edges that were drawn last. */
export const markNeeded = compile(sql`
  update ${jobs} set ${set(jobs.gated, withTie(ties.needed))}
  where ${jobs.seq} in (select ${edges.parent} from ${edges} where ${edges.number} > ${$("last")} - ${$("count")})
    and ${lacks(ties.needed)}`);

/** A job that is gone was deleted by hand, or by an older version: what needs it would wait for ever. */
const orGone = (state: SQL) => sql`coalesce(${state}, 'dead')`;
const ofParent = (column: SQL) => sql`(select ${column} from ${jobs} where ${jobs.seq} = ${edges.parent})`;
const statusNow = edgeStatus(sql`${edges.when}`, orGone(ofParent(sql`${jobs.state}`)), ofParent(sql`${jobs.reason}`));

const ofOpen = (parents: SQL) => sql`where ${edges.parent} in ${parents} and ${edges.status} = 'open'`;

/** Edges to jobs that have just ended. */
export const decideEdges = compile(sql`
  update ${edges} set ${set(edges.status, statusNow)} ${ofOpen(anyOf("parents"))}
  returning ${names(edges.number, edges.parent, edges.child, edges.status)}`);

/** Edges to jobs that have just succeeded, all of them; `ids` are theirs. Half as dear as to look how each of them ended. */
export const decideSucceeded = compile(sql`
  update ${edges} set ${set(edges.status, edgeStatus(sql`${edges.when}`, sql`'succeeded'`, sql`null`))}
  ${ofOpen(sql`(select ${jobs.seq} from ${jobs} where ${jobs.id} in ${anyOf("ids")})`)}
  returning ${names(edges.number, edges.parent, edges.child, edges.status)}`);

/** Undefined: its needs do not hold it. */
export const selectHeld = compile(sql`
  select ${jobs.seq} as seq, ${jobs.gated} as gated, ${needs.mode} as mode,
    exists (select 1 from ${edges} where ${edges.child} = ${jobs.seq} and ${edges.status} = 'open') as isOpen
  from ${jobs} join ${needs} on ${needs.seq} = ${jobs.seq}
  where ${jobs.seq} = ${$("seq")} and ${isHeld}`);

export const selectStatuses = compile(
  sql`select distinct ${edges.status} as status from ${edges} where ${edges.child} = ${$("child")}`,
);

const setHeld = (value: 0 | 1) =>
  compile(sql`update ${needs} set ${set(needs.held, sql.raw(String(value)))} where ${needs.seq} = ${$("seq")}`);

export const hold = setHeld(1);
export const unhold = setHeld(0);

const dueAt = sql`max(${jobs.runAt}, ${$("now")} + (select ${needs.afterMs} from ${needs} where ${needs.seq} = ${$("seq")}))`;

export const letGo = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.runAt, dueAt),
    set(jobs.state, sql`case when ${dueAt} > ${$("now")} then 'scheduled' else 'ready' end`),
  )} where ${jobs.seq} = ${$("seq")}`);

export const skipJob = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`'skipped'`),
    set(jobs.reason, $("reason")),
    set(jobs.finishedAt, $("now")),
  )} where ${jobs.seq} = ${$("seq")}`);

/** A job that is requeued looks at all that it needs anew. */
export const lookAnew = compile(
  sql`update ${edges} set ${set(edges.status, statusNow)} where ${edges.child} = ${$("child")}`,
);

/** `seqs` is a JSON array in each of these. */
export const deleteNeeds = compile(sql`delete from ${needs} where ${needs.seq} in ${anyOf("seqs")}`);
export const deleteEdges = compile(sql`delete from ${edges} where ${edges.child} in ${anyOf("seqs")}`);

/** The edges of jobs that are held, from a place on; a job without any has one row. */
export const selectHeldEdges = compile(sql`
  select ${needs.seq} as child, coalesce(${edges.number}, 0) as number, ${edges.status} as status, ${needs.mode} as mode,
    ${edgeStatus(sql`${edges.when}`, orGone(sql`${jobs.state}`), sql`${jobs.reason}`)} as statusNow
  from ${needs} left join ${edges} on ${edges.child} = ${needs.seq} left join ${jobs} on ${jobs.seq} = ${edges.parent}
  where ${needs.held} = 1 and ${needs.seq} >= ${$("child")}
    and (${needs.seq} > ${$("child")} or coalesce(${edges.number}, 0) > ${$("number")})
  order by ${needs.seq}, ${edges.number} limit ${$("limit")}`);

export const mendEdge = compile(
  sql`update ${edges} set ${set(edges.status, $("status"))} where ${edges.number} = ${$("number")} and ${edges.status} = 'open'`,
);
