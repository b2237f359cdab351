import { sql } from "drizzle-orm";
import {
  definitions,
  edges,
  errors,
  jobs,
  meta,
  outputs,
  payloads,
  queues,
  uniqueJobs,
  uniqueKeys,
} from "../../../drizzle/sqlite/tables.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import { $, anyOf, assign, compile, insertInto, names, set } from "./compose.ts";
import { isHeld, lacks, ties } from "./ties.ts";

/*
 * The statement catalogue of SQLite. State literals stand in the text, never as parameters: a bound state would keep the
 * planner from using the partial indexes. `seq` is the rowid, so every index ends in insertion order by itself.
 */

/** The lease given by (id, fence) is open: nobody re-claimed, settled, cancelled or requeued the job since. */
export const openLease = sql`${jobs.id} = ${$("id")} and ${jobs.fence} = ${$("fence")} and ${jobs.leaseUntil} is not null`;
/** 1 if the job was reaped and waits again, so that a late settlement takes the lapse back. */
const lapsed = sql`(${jobs.state} <> 'running')`;
/** Nobody else waits for its end. */
const unneeded = lacks(ties.needed);

/** What an enqueue writes, in the order of a row's parameters. */
const insertedColumns = [
  jobs.id,
  jobs.name,
  jobs.queue,
  jobs.version,
  jobs.state,
  jobs.priority,
  jobs.runAt,
  jobs.enqueuedAt,
  jobs.maxCrashes,
];

/** A job that is tied to gates or to others. */
const tiedColumns = [...insertedColumns, jobs.gated];

/** The row of each insert below is an array in the order of its columns. */
export const insertJob = compile(
  sql`${insertInto(jobs, insertedColumns, 1)} on conflict (${sql.identifier(jobs.id.name)}) do nothing`,
);
export const insertTiedJob = compile(
  sql`${insertInto(jobs, tiedColumns, 1)} on conflict (${sql.identifier(jobs.id.name)}) do nothing`,
);
export const insertPayload = compile(insertInto(payloads, [payloads.seq, payloads.payload], 1));

/** One statement for so many rows costs two thirds of one for each; more rows gain little. */
export const rowsPerInsert = 16;
/** Fails as a whole if one of the ids exists. */
export const insertJobs = compile(insertInto(jobs, insertedColumns, rowsPerInsert));
export const insertTiedJobs = compile(insertInto(jobs, tiedColumns, rowsPerInsert));
export const insertPayloads = compile(insertInto(payloads, [payloads.seq, payloads.payload], rowsPerInsert));

export const selectWaiting = compile(
  sql`select ${jobs.state} as state, ${jobs.runAt} as runAt, ${jobs.gated} as gated from ${jobs} where ${jobs.id} = ${$("id")}`,
);

/** Every column more costs a claim two percent. */
const claimed = sql`${jobs.seq}, ${jobs.id}, ${jobs.name}, ${jobs.queue}, ${jobs.version}, ${jobs.priority}, ${jobs.attempt},
  ${jobs.crashes}, ${jobs.fence}, ${jobs.runAt}, ${jobs.enqueuedAt}, ${jobs.gated}, ${payloads.payload}`;
const withPayload = sql`from ${jobs} join ${payloads} on ${payloads.seq} = ${jobs.seq}`;

/**
 * The next jobs of a lane; `fence` and `attempt` are those before the claim. Index jobwright_jobs_ready gives the order
 * without a sort; the paused check is one look-up.
 * Reading first and then updating what was read is a third faster than UPDATE … RETURNING, which copies every row once
 * more; both statements stand in one write transaction.
 */
export function selectLane(handles: number): CompiledStatement {
  const handled = sql.join(
    Array.from(
      { length: handles },
      (_, i) => sql`(${jobs.name} = ${$(`name${i}`)} and ${jobs.version} <= ${$(`version${i}`)})`,
    ),
    sql` or `,
  );
  return compile(sql`select ${claimed} ${withPayload}
    where ${jobs.state} = 'ready' and ${jobs.queue} = ${$("queue")} and (${handled})
      and not exists (select 1 from ${queues} where ${queues.name} = ${$("queue")} and ${queues.pausedAt} is not null)
    order by ${jobs.priority}, ${jobs.runAt}, ${jobs.seq} limit ${$("limit")}`);
}

/** `seqs` is a JSON array: one statement for a whole lane costs half of one for each job. */
export const claimJobs = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`'running'`),
    set(jobs.fence, sql`${jobs.fence} + 1`),
    set(jobs.attempt, sql`${jobs.attempt} + 1`),
    set(jobs.workerId, $("workerId")),
    set(jobs.claimId, $("claimId")),
    set(jobs.leaseUntil, $("leaseUntil")),
    set(jobs.startedAt, $("now")),
    set(jobs.progress, sql`null`),
  )}
  where ${jobs.seq} in ${anyOf("seqs")}`);

/** What an earlier claim with this id took and still holds: the answer to a repeated call. */
export const selectClaim = compile(sql`select ${claimed}, ${jobs.leaseUntil} ${withPayload}
  where ${jobs.state} = 'running' and ${jobs.workerId} = ${$("workerId")} and ${jobs.claimId} = ${$("claimId")}
  order by ${jobs.priority}, ${jobs.runAt}, ${jobs.seq}`);

const succeed = sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`case when ${jobs.cancelRequested} then 'cancelled' else 'succeeded' end`),
    set(jobs.reason, sql`case when ${jobs.cancelRequested} then 'cancelled' end`),
    set(jobs.attempt, sql`${jobs.attempt} + ${lapsed}`),
    set(jobs.crashes, sql`${jobs.crashes} - ${lapsed}`),
    set(jobs.finishedAt, $("now")),
    set(jobs.leaseUntil, sql`null`),
  )}`;

/** A job that others need is left to the longer path. */
export const ackJob = compile(sql`${succeed} where ${openLease} and ${unneeded}`);
export const ackTied = compile(sql`${succeed} where ${openLease} returning ${names(jobs.seq, jobs.state, jobs.gated)}`);

/** Leases with the same fence; `ids` is a JSON array. */
const together = sql`
  where ${jobs.id} in ${anyOf("ids")} and ${jobs.fence} = ${$("fence")} and ${jobs.leaseUntil} is not null`;
export const ackJobs = compile(sql`${succeed} ${together} and ${unneeded}`);
/** Jobs that others need, and that succeed. */
export const ackNeeded = compile(sql`${succeed} ${together} and ${lacks(ties.gates)} and not ${jobs.cancelRequested}`);
export const selectTies = compile(sql`select ${jobs.gated} as gated from ${jobs} where ${jobs.id} = ${$("id")}`);

export const openSavepoint = compile(sql`savepoint jobwright`);
export const releaseSavepoint = compile(sql`release jobwright`);
export const undoSavepoint = compile(sql`rollback to jobwright`);

/** After the ack; a job that ended cancelled keeps no output. */
export const insertOutput = compile(sql`
  insert or replace into ${outputs} (${names(outputs.seq, outputs.output)})
  select ${jobs.seq}, ${$("output")} from ${jobs} where ${jobs.id} = ${$("id")} and ${jobs.state} = 'succeeded'`);

/** `state`, `reason` and times are what the rejection asks for; a pending cancellation overrules them. */
export const nackJob = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`case when ${jobs.cancelRequested} then 'cancelled' else ${$("state")} end`),
    set(jobs.reason, sql`case when ${jobs.cancelRequested} then 'cancelled' else ${$("reason")} end`),
    set(jobs.finishedAt, sql`case when ${jobs.cancelRequested} then ${$("now")} else ${$("finishedAt")} end`),
    set(jobs.runAt, sql`coalesce(${$("runAt")}, ${jobs.runAt})`),
    set(jobs.attempt, sql`${jobs.attempt} + ${lapsed} - ${$("uncounted")}`),
    set(jobs.crashes, sql`${jobs.crashes} - ${lapsed}`),
    set(jobs.leaseUntil, sql`null`),
  )}
  where ${openLease} returning ${names(jobs.seq, jobs.state, jobs.gated)}`);

export const insertError = compile(
  sql`insert or replace into ${errors} (${names(errors.seq, errors.error)}) values (${$("seq")}, ${$("error")})`,
);

export const selectFence = compile(sql`select ${jobs.fence} as fence from ${jobs} where ${jobs.id} = ${$("id")}`);

export const reportProgress = compile(sql`update ${jobs} set ${set(jobs.progress, $("progress"))} where ${openLease}`);

export const extendLeases = compile(sql`
  update ${jobs} set ${set(jobs.leaseUntil, $("leaseUntil"))}
  where ${jobs.state} = 'running' and ${jobs.workerId} = ${$("workerId")}
  returning ${names(jobs.seq, jobs.id, jobs.fence, jobs.leaseUntil, jobs.cancelRequested)}`);

const promote = sql`
  update ${jobs} set ${set(jobs.state, sql`'ready'`)}
  where ${jobs.seq} in (
    select ${jobs.seq} from ${jobs} where ${jobs.state} = 'scheduled' and ${jobs.runAt} <= ${$("now")}
    order by ${jobs.runAt}, ${jobs.seq} limit ${$("limit")})`;

export const promoteJobs = compile(promote);
/** In a store where jobs have gates. */
export const promoteMixed = compile(sql`${promote} returning ${names(jobs.seq, jobs.gated)}`);

export const selectNextRun = compile(
  sql`select min(${jobs.runAt}) as runAt from ${jobs} where ${jobs.state} = 'scheduled'`,
);

const crashLoop = sql`${jobs.crashes} + 1 > ${jobs.maxCrashes}`;

/** The lease of a job that becomes ready again stays open: its holder may still settle until somebody re-claims. */
export const reapJobs = compile(sql`
  update ${jobs} set ${assign(
    set(
      jobs.state,
      sql`case when ${jobs.cancelRequested} then 'cancelled' when ${crashLoop} then 'dead' else 'ready' end`,
    ),
    set(jobs.reason, sql`case when ${jobs.cancelRequested} then 'cancelled' when ${crashLoop} then 'crash-loop' end`),
    set(jobs.finishedAt, sql`case when ${jobs.cancelRequested} or ${crashLoop} then ${$("now")} end`),
    set(jobs.leaseUntil, sql`case when ${jobs.cancelRequested} or ${crashLoop} then null else ${jobs.leaseUntil} end`),
    set(jobs.attempt, sql`${jobs.attempt} - 1`),
    set(jobs.crashes, sql`${jobs.crashes} + 1`),
  )}
  where ${jobs.seq} in (
    select ${jobs.seq} from ${jobs} where ${jobs.state} = 'running' and ${jobs.leaseUntil} < ${$("expiredBefore")}
    order by ${jobs.seq} limit ${$("limit")})
  returning ${names(jobs.seq, jobs.state, jobs.fence, jobs.gated)}`);

/** A final job that holds its key for a time; only the last two scopes do so after the end. */
const reserved = sql`
  select 1 from ${uniqueJobs} join ${uniqueKeys} on ${uniqueKeys.key} = ${uniqueJobs.key} and ${uniqueKeys.seq} = ${uniqueJobs.seq}
  where ${uniqueJobs.seq} = ${jobs.seq} and ${uniqueJobs.heldUntil} > ${$("now")}
    and (${uniqueJobs.scope} = 'any' or ${uniqueJobs.scope} = 'succeeded' and ${jobs.state} = 'succeeded')`;

/** A job that others need stays as long as one of them. */
const kept = sql`select 1 from ${edges} where ${edges.parent} = ${jobs.seq}`;

export const pruneJobs = compile(sql`
  delete from ${jobs} where ${jobs.seq} in (
    select ${jobs.seq} from ${jobs}
    where ${jobs.state} = ${$("state")} and ${jobs.finishedAt} is not null and ${jobs.finishedAt} <= ${$("finishedBefore")}
      and not exists (${reserved}) and (${unneeded} or not exists (${kept}))
    order by ${jobs.finishedAt} limit ${$("limit")})
  returning ${names(jobs.seq, jobs.gated)}`);

/** `seqs` is a JSON array in each of these. */
export const deletePayloads = compile(sql`delete from ${payloads} where ${payloads.seq} in ${anyOf("seqs")}`);
export const deleteOutputs = compile(sql`delete from ${outputs} where ${outputs.seq} in ${anyOf("seqs")}`);
export const deleteErrors = compile(sql`delete from ${errors} where ${errors.seq} in ${anyOf("seqs")}`);

export const cancelWaiting = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`'cancelled'`),
    set(jobs.reason, sql`'cancelled'`),
    set(jobs.finishedAt, $("now")),
    set(jobs.leaseUntil, sql`null`),
  )}
  where ${jobs.id} = ${$("id")} and ${jobs.state} in ('scheduled', 'ready', 'blocked')
  returning ${names(jobs.seq, jobs.gated)}`);

/** The job of another hand: it is done without a claim. */
export const completeWaiting = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, sql`'succeeded'`),
    set(jobs.finishedAt, $("now")),
    set(jobs.leaseUntil, sql`null`),
  )}
  where ${jobs.id} = ${$("id")} and ${jobs.state} in ('scheduled', 'ready', 'blocked')
  returning ${names(jobs.seq, jobs.gated)}`);

export const cancelRunning = compile(
  sql`update ${jobs} set ${set(jobs.cancelRequested, sql`1`)} where ${jobs.id} = ${$("id")} and ${jobs.state} = 'running'`,
);

export const requeueJob = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.state, $("state")),
    set(jobs.attempt, sql`0`),
    set(jobs.crashes, sql`0`),
    set(jobs.runAt, $("runAt")),
    set(jobs.cancelRequested, sql`0`),
    set(jobs.finishedAt, sql`null`),
    set(jobs.progress, sql`null`),
    set(jobs.reason, sql`null`),
  )}
  where ${jobs.seq} = ${$("seq")}`);

/** What is null stays. The lease of a lapsed job is over. One that its needs hold stays `blocked`. */
export const changeJob = compile(sql`
  update ${jobs} set ${assign(
    set(jobs.runAt, sql`coalesce(${$("runAt")}, ${jobs.runAt})`),
    set(jobs.priority, sql`coalesce(${$("priority")}, ${jobs.priority})`),
    set(jobs.version, sql`coalesce(${$("version")}, ${jobs.version})`),
    set(
      jobs.state,
      sql`case when ${isHeld} then 'blocked' when coalesce(${$("runAt")}, ${jobs.runAt}) > ${$("now")} then 'scheduled' else 'ready' end`,
    ),
    set(jobs.leaseUntil, sql`null`),
  )}
  where ${jobs.id} = ${$("id")} and ${jobs.state} in ('scheduled', 'ready', 'blocked')
  returning ${names(jobs.seq, jobs.gated, jobs.state)}`);

type Pausable = typeof queues | typeof definitions;

const pause = (table: Pausable): CompiledStatement =>
  compile(sql`
    insert into ${table} (${names(table.name, table.pausedAt)}) values (${$("name")}, ${$("now")})
    on conflict (${names(table.name)}) do update set ${set(table.pausedAt, sql`coalesce(${table.pausedAt}, excluded.paused_at)`)}`);

const resume = (table: Pausable): CompiledStatement =>
  compile(sql`update ${table} set ${set(table.pausedAt, sql`null`)} where ${table.name} = ${$("name")}`);

const selectPaused = (table: Pausable): CompiledStatement =>
  compile(sql`select ${table.name} as name from ${table} where ${table.pausedAt} is not null`);

export const pauseQueue = pause(queues);
export const resumeQueue = resume(queues);
export const selectPausedQueues = selectPaused(queues);
export const pauseDefinition = pause(definitions);
export const resumeDefinition = resume(definitions);
export const selectPausedDefinitions = selectPaused(definitions);

export const selectState = compile(sql`select ${jobs.state} as state from ${jobs} where ${jobs.id} = ${$("id")}`);

export const selectVersion = compile(
  sql`select ${meta.value} as value from ${meta} where ${meta.key} = 'schema_version'`,
);

export const writeVersion = compile(
  sql`insert or replace into ${meta} (${names(meta.key, meta.value)}) values ('schema_version', ${$("version")})`,
);
