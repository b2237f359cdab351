import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { EndReason, JobState } from "../../runtime/contract/index.ts";

/**
 * The tables of the SQLite provider. Exported so that an application can query and join them with Drizzle, and so that
 * drizzle-kit sees them. Written only by the provider.
 *
 * The hot row is narrow: state changes never rewrite a payload, and the partial indexes hold only what can be claimed,
 * promoted, reaped or pruned now.
 */
export const jobs = sqliteTable(
  "jobwright_jobs",
  {
    /** Insertion order. */
    seq: integer("seq").primaryKey(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    queue: text("queue").notNull(),
    version: integer("version").notNull(),
    state: text("state").$type<JobState>().notNull(),
    priority: integer("priority").notNull(),
    /** All times are ms since the epoch. */
    runAt: integer("run_at").notNull(),
    enqueuedAt: integer("enqueued_at").notNull(),
    fence: integer("fence").notNull().default(0),
    attempt: integer("attempt").notNull().default(0),
    crashes: integer("crashes").notNull().default(0),
    maxCrashes: integer("max_crashes").notNull(),
    cancelRequested: integer("cancel_requested").notNull().default(0),
    workerId: text("worker_id"),
    claimId: text("claim_id"),
    /** Not null exactly as long as the lease is open: also after it lapsed, until a newer claim, a settlement or an operator ends it. */
    leaseUntil: integer("lease_until"),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    progress: integer("progress"),
    reason: text("reason").$type<EndReason>(),
  },
  (table) => [
    uniqueIndex("jobwright_jobs_id").on(table.id),
    index("jobwright_jobs_ready")
      .on(table.queue, table.priority, table.runAt)
      .where(sql`state = 'ready'`),
    index("jobwright_jobs_scheduled")
      .on(table.runAt)
      .where(sql`state = 'scheduled'`),
    index("jobwright_jobs_running")
      .on(table.workerId, table.claimId)
      .where(sql`state = 'running'`),
    index("jobwright_jobs_finished")
      .on(table.state, table.finishedAt)
      .where(sql`finished_at is not null`),
  ],
);

/** Written once at enqueue, read at claim. */
export const payloads = sqliteTable("jobwright_payloads", {
  seq: integer("seq").primaryKey(),
  payload: text("payload").notNull(),
});

/** What handlers returned. */
export const outputs = sqliteTable("jobwright_outputs", {
  seq: integer("seq").primaryKey(),
  output: text("output").notNull(),
});

/** The last error of a job, as JSON. */
export const errors = sqliteTable("jobwright_errors", {
  seq: integer("seq").primaryKey(),
  error: text("error").notNull(),
});

/** Queues that need a word of their own; a queue without a row runs. */
export const queues = sqliteTable("jobwright_queues", {
  name: text("name").primaryKey(),
  pausedAt: integer("paused_at"),
});

/** One row: the schema version of this store. */
export const meta = sqliteTable("jobwright_meta", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});
