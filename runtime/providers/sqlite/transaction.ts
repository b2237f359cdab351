import { sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { type EnqueueResult, type JobState, JobwrightError, type NewJob } from "../../contract/index.ts";
import { jobs as table, payloads } from "../../../drizzle/sqlite/tables.ts";

/**
 * What a Drizzle transaction on better-sqlite3 offers, structurally: two copies of drizzle-orm in one process then do
 * not matter.
 */
export interface SqliteTransaction {
  run(query: SQLWrapper | string): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  all<T = unknown>(query: SQLWrapper | string): T[];
}

/** Writes jobs through the user's open transaction; they exist if and only if it commits. */
export function enqueueInTransaction(
  tx: SqliteTransaction,
  jobs: readonly NewJob[],
  now: number,
): readonly EnqueueResult[] {
  if (typeof tx?.run !== "function" || typeof tx.all !== "function") {
    throw new JobwrightError("JW_TRANSACTION_REQUIRED", "`tx` is not a Drizzle transaction on better-sqlite3.", {
      hint: "Pass the `tx` that `db.transaction((tx) => { … })` hands to your callback.",
    });
  }
  return jobs.map((job) => enqueueOne(tx, job, now));
}

function enqueueOne(tx: SqliteTransaction, job: NewJob, now: number): EnqueueResult {
  const runAt = job.runAt ?? now + (job.delayMs ?? 0);
  const state: JobState = runAt > now ? "scheduled" : "ready";
  const inserted = tx.run(insertJob(job, state, runAt, now));
  if (inserted.changes === 0) {
    const [row] = tx.all<{ state: JobState; runAt: number }>(
      sql`select ${table.state} as state, ${table.runAt} as runAt from ${table} where ${table.id} = ${job.id}`,
    );
    return { id: job.id, outcome: "duplicate", state: row?.state ?? state, runAt: row?.runAt ?? runAt };
  }
  tx.run(sql`insert into ${payloads} values (${Number(inserted.lastInsertRowid)}, ${job.payload})`);
  return { id: job.id, outcome: "enqueued", state, runAt };
}

function insertJob(job: NewJob, state: JobState, runAt: number, now: number): SQL {
  return sql`insert into ${table} (id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes)
    values (${job.id}, ${job.name}, ${job.queue}, ${job.version}, ${state}, ${job.priority}, ${runAt}, ${now}, ${job.maxCrashes})
    on conflict (id) do nothing`;
}
