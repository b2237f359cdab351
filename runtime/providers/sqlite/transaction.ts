import { sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { type EnqueueResult, type JobState, JobwrightError, type NewJob } from "../../contract/index.ts";
import { jobs as table, payloads } from "../../../drizzle/sqlite/tables.ts";
import { storeError } from "./store-error.ts";

/**
 * What a Drizzle transaction on better-sqlite3 offers, structurally: two copies of drizzle-orm in one process then do
 * not matter.
 */
export interface SqliteTransaction {
  run(query: SQLWrapper | string): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  all<T = unknown>(query: SQLWrapper | string): T[];
  /** What a transaction has and the database around it lacks. */
  rollback(): never;
}

/** Writes jobs through the user's open transaction; they exist if and only if it commits. */
export function enqueueInTransaction(
  tx: SqliteTransaction,
  jobs: readonly NewJob[],
  now: number,
  path: string,
): readonly EnqueueResult[] {
  if (!isOpen(tx)) throw refused("`tx` is not an open Drizzle transaction on better-sqlite3.");
  try {
    return jobs.map((job) => enqueueOne(tx, job, now));
  } catch (error) {
    const cause = driverError(error);
    if (cause instanceof Error && cause.message.startsWith("no such table")) {
      throw refused("`tx` belongs to a database without jobwright's tables.", cause);
    }
    throw storeError(cause, path);
  }
}

function isOpen(tx: SqliteTransaction | undefined): tx is SqliteTransaction {
  if (typeof tx?.run !== "function" || typeof tx.all !== "function" || typeof tx.rollback !== "function") return false;
  // Not part of Drizzle's types. A transaction that is over would write at once, which is not what its caller means.
  const { session } = tx as { readonly session?: { readonly client?: { readonly inTransaction?: unknown } } };
  return session?.client?.inTransaction !== false;
}

function refused(message: string, cause?: unknown): JobwrightError {
  return new JobwrightError("JW_TRANSACTION_REQUIRED", message, {
    hint: "Pass the `tx` that `db.transaction((tx) => { … })` hands to your callback, on the provider's own database.",
    cause,
  });
}

/** Drizzle wraps some of the driver's errors in its own. */
function driverError(error: unknown): unknown {
  return error instanceof Error && !("code" in error) && error.cause !== undefined ? error.cause : error;
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
