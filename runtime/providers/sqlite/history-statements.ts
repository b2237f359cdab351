import { sql } from "drizzle-orm";
import { attempts, jobs, notes } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, compile, names, set } from "./compose.ts";
import { openLease } from "./statements.ts";

const attemptColumns = names(
  attempts.seq,
  attempts.fence,
  attempts.attempt,
  attempts.startedAt,
  attempts.endedAt,
  attempts.workerId,
  attempts.error,
);

/** Before the nack, which may end the lease of a job whose attempt the reaper gave back. */
export const insertFailure = compile(sql`
  insert or replace into ${attempts} (${attemptColumns})
  select ${jobs.seq}, ${jobs.fence}, ${jobs.attempt} + (${jobs.state} in ('ready', 'blocked')), ${jobs.startedAt}, ${$("now")},
    ${jobs.workerId}, ${$("error")}
  from ${jobs} where ${openLease}`);

/** After the reap, which has given the attempts back; `seqs` is a JSON array. */
export const insertCrashes = compile(sql`
  insert or replace into ${attempts} (${attemptColumns})
  select ${jobs.seq}, ${jobs.fence}, ${jobs.attempt} + 1, ${jobs.startedAt}, ${$("now")}, ${jobs.workerId}, null
  from ${jobs} where ${jobs.seq} in ${anyOf("seqs")}`);

export const forgetAttempts = compile(
  sql`delete from ${attempts} where ${attempts.seq} = ${$("seq")} and ${attempts.fence} <= ${$("fence")}`,
);

export const selectAttempts = compile(sql`
  select ${attempts.fence} as fence, ${attempts.attempt} as attempt, ${attempts.startedAt} as startedAt,
    ${attempts.endedAt} as endedAt, ${attempts.workerId} as workerId, ${attempts.error} as error
  from ${attempts} where ${attempts.seq} = ${$("seq")} order by ${attempts.fence}`);

export const selectSeq = compile(sql`select ${jobs.seq} as seq from ${jobs} where ${jobs.id} = ${$("id")}`);

export const selectLeased = compile(sql`select ${jobs.seq} as seq from ${jobs} where ${openLease}`);

const insertNote = sql`
  insert into ${notes} (${names(notes.seq, notes.kind, notes.key, notes.text)})
  values (${$("seq")}, ${$("kind")}, ${$("key")}, ${$("text")})
  on conflict (${names(notes.seq, notes.kind, notes.key)})`;

/** The first with its key stays. */
export const keepNote = compile(sql`${insertNote} do nothing`);
/** The last one stays, in the place of the first. */
export const moveNote = compile(sql`${insertNote} do update set ${set(notes.text, sql`excluded.text`)}`);

export const selectNotes = compile(sql`
  select ${notes.kind} as kind, ${notes.key} as key, ${notes.text} as text
  from ${notes} where ${notes.seq} = ${$("seq")} order by ${notes.number}`);

export const forgetProgress = compile(
  sql`delete from ${notes} where ${notes.seq} = ${$("seq")} and ${notes.kind} in ('step', 'cursor')`,
);

/** `seqs` is a JSON array in each of these. */
export const deleteAttempts = compile(sql`delete from ${attempts} where ${attempts.seq} in ${anyOf("seqs")}`);
export const deleteNotes = compile(sql`delete from ${notes} where ${notes.seq} in ${anyOf("seqs")}`);
