import { sql } from "drizzle-orm";
import { jobs, payloads, uniqueJobs, uniqueKeys } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, compile, names, set } from "./compose.ts";

/** The job that took a key last, and what decides whether it still holds it. */
export const selectTaker = compile(sql`
  select ${jobs.seq} as seq, ${jobs.id} as id, ${jobs.state} as state, ${jobs.runAt} as runAt, ${jobs.fence} as fence,
    ${jobs.enqueuedAt} as enqueuedAt, ${jobs.gated} as gated, ${uniqueJobs.scope} as scope, ${uniqueJobs.heldUntil} as heldUntil
  from ${uniqueKeys}
  join ${uniqueJobs} on ${uniqueJobs.seq} = ${uniqueKeys.seq}
  join ${jobs} on ${jobs.seq} = ${uniqueKeys.seq}
  where ${uniqueKeys.key} = ${$("key")}`);

/** A job and what it remembers of its key. */
export const selectRequeued = compile(sql`
  select ${jobs.seq} as seq, ${jobs.state} as state, ${jobs.fence} as fence, ${jobs.gated} as gated,
    ${uniqueJobs.key} as key, ${uniqueJobs.scope} as scope, ${uniqueJobs.heldUntil} as heldUntil
  from ${jobs} left join ${uniqueJobs} on ${uniqueJobs.seq} = ${jobs.seq}
  where ${jobs.id} = ${$("id")}`);

/** A job of an older version may have been pruned without its row here, and its number used again. */
export const insertUniqueJob = compile(sql`
  insert or replace into ${uniqueJobs} (${names(uniqueJobs.seq, uniqueJobs.key, uniqueJobs.scope, uniqueJobs.heldUntil)})
  values (${$("seq")}, ${$("key")}, ${$("scope")}, ${$("heldUntil")})`);

export const takeKey = compile(sql`
  insert into ${uniqueKeys} (${names(uniqueKeys.key, uniqueKeys.seq)}) values (${$("key")}, ${$("seq")})
  on conflict (${names(uniqueKeys.key)}) do update set ${set(uniqueKeys.seq, sql`excluded.seq`)}`);

export const replacePayload = compile(
  sql`update ${payloads} set ${set(payloads.payload, $("payload"))} where ${payloads.seq} = ${$("seq")}`,
);

/** Keys whose last taker is one of these jobs; a younger taker keeps its key. */
export const forgetKeys = compile(sql`
  delete from ${uniqueKeys} where (${uniqueKeys.key}, ${uniqueKeys.seq}) in (
    select ${uniqueJobs.key}, ${uniqueJobs.seq} from ${uniqueJobs} where ${uniqueJobs.seq} in ${anyOf("seqs")})`);

export const deleteUniqueJobs = compile(sql`delete from ${uniqueJobs} where ${uniqueJobs.seq} in ${anyOf("seqs")}`);

/** Changes nothing, but begins to write: a transaction that has only read cannot begin after others wrote. */
export const lockForWrite = compile(sql`delete from ${uniqueKeys} where 0`);
