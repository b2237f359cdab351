import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type {
  EdgeStatus,
  EndReason,
  GateKind,
  JobState,
  NeedCondition,
  Needs,
  NoteKind,
  UniqueScope,
} from "../../runtime/contract/index.ts";

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
    /** Why a change of its state is not all, as a sum: 1 it has gates, 2 others need it, or did once, 4 it needs others. */
    gated: integer("gated").notNull().default(0),
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

/** Attempts that were not the last word. */
export const attempts = sqliteTable(
  "jobwright_attempts",
  {
    seq: integer("seq").notNull(),
    fence: integer("fence").notNull(),
    attempt: integer("attempt").notNull(),
    startedAt: integer("started_at").notNull(),
    endedAt: integer("ended_at").notNull(),
    workerId: text("worker_id").notNull(),
    /** JSON of the error; null: the worker vanished. */
    error: text("error"),
  },
  (table) => [primaryKey({ columns: [table.seq, table.fence] })],
);

/** Checkpoints and log lines of handlers. */
export const notes = sqliteTable(
  "jobwright_notes",
  {
    /** Insertion order. */
    number: integer("number").primaryKey(),
    seq: integer("seq").notNull(),
    kind: text("kind").$type<NoteKind>().notNull(),
    key: text("key").notNull(),
    text: text("text").notNull(),
  },
  (table) => [uniqueIndex("jobwright_notes_key").on(table.seq, table.kind, table.key)],
);

/** What jobs can be searched for. */
export const tags = sqliteTable(
  "jobwright_tags",
  { seq: integer("seq").notNull(), tag: text("tag").notNull() },
  (table) => [primaryKey({ columns: [table.seq, table.tag] }), index("jobwright_tags_tag").on(table.tag, table.seq)],
);

/** The gates of a job. */
export const gates = sqliteTable(
  "jobwright_gates",
  {
    seq: integer("seq").notNull(),
    level: integer("level").notNull(),
    key: text("key").notNull(),
    policy: text("policy").notNull(),
    kind: text("kind").$type<GateKind>().notNull(),
    /**
     * `waiting`: the job is blocked here. `passed`: it counts for the group, if its state
     * still says so. `ahead`: neither.
     */
    status: text("status").$type<"ahead" | "waiting" | "passed">().notNull(),
    /** With `run_at`, the order of those that wait; a copy of the job's. Both are 0 where insertion order counts alone. */
    priority: integer("priority").notNull(),
    runAt: integer("run_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.seq, table.level] }),
    index("jobwright_gates_waiting")
      .on(table.key, table.priority, table.runAt, table.seq)
      .where(sql`status = 'waiting'`),
    index("jobwright_gates_passed")
      .on(table.key, table.seq)
      .where(sql`status = 'passed'`),
  ],
);

/** What a job that needs others has to know of it. */
export const needs = sqliteTable(
  "jobwright_needs",
  {
    seq: integer("seq").primaryKey(),
    mode: text("mode").$type<Needs["mode"]>().notNull(),
    /** How long it waits when its needs have let it go. */
    afterMs: integer("after_ms").notNull(),
    /** 1: its needs hold it, if it is `blocked`. */
    held: integer("held").notNull(),
  },
  (table) => [
    index("jobwright_needs_held")
      .on(table.seq)
      .where(sql`held = 1`),
  ],
);

/** Whom a job needs. */
export const edges = sqliteTable(
  "jobwright_edges",
  {
    /** The order in which they came. */
    number: integer("number").primaryKey(),
    /** `seq` of the job that waits. */
    child: integer("child").notNull(),
    /** `seq` of the one that it needs. */
    parent: integer("parent").notNull(),
    when: text("condition").$type<NeedCondition>().notNull(),
    status: text("status").$type<EdgeStatus>().notNull(),
  },
  (table) => [
    index("jobwright_edges_child").on(table.child),
    index("jobwright_edges_parent").on(table.parent),
    index("jobwright_edges_open")
      .on(table.child)
      .where(sql`status = 'open'`),
  ],
);

/** What counts at the gates of a policy. */
export const limits = sqliteTable("jobwright_limits", {
  policy: text("policy").primaryKey(),
  kind: text("kind").$type<GateKind>().notNull(),
  limit: integer("limit").notNull(),
  windowMs: integer("window_ms"),
});

/** Starts of jobs with rate gates, as long as a window reaches them. */
export const starts = sqliteTable(
  "jobwright_starts",
  { key: text("key").notNull(), at: integer("at").notNull() },
  (table) => [index("jobwright_starts_key").on(table.key, table.at), index("jobwright_starts_at").on(table.at)],
);

/** Queues that need a word of their own; a queue without a row runs. */
export const queues = sqliteTable("jobwright_queues", {
  name: text("name").primaryKey(),
  pausedAt: integer("paused_at"),
});

/** Job definitions that need a word of their own; one without a row runs. */
export const definitions = sqliteTable("jobwright_definitions", {
  name: text("name").primaryKey(),
  pausedAt: integer("paused_at"),
});

/** The job that took a unique key last. Whether it still holds the key is read off that job. */
export const uniqueKeys = sqliteTable("jobwright_unique_keys", {
  key: text("key").primaryKey(),
  seq: integer("seq").notNull(),
});

/** What a job with a unique key remembers of it. */
export const uniqueJobs = sqliteTable("jobwright_unique_jobs", {
  seq: integer("seq").primaryKey(),
  key: text("key").notNull(),
  scope: text("scope").$type<UniqueScope>().notNull(),
  /** When the window of the key ends; null: it has none. */
  heldUntil: integer("held_until"),
});

export const schedules = sqliteTable(
  "jobwright_schedules",
  {
    /** The key's UTF-16 as hexadecimal digits: the contract sorts by code units, SQLite by code points. */
    sortKey: text("sort_key").primaryKey(),
    key: text("key").notNull(),
    name: text("name").notNull(),
    spec: text("spec").notNull(),
    nextAt: integer("next_at"),
    lastAt: integer("last_at"),
    pausedAt: integer("paused_at"),
  },
  (table) => [
    index("jobwright_schedules_due")
      .on(table.nextAt, table.sortKey)
      .where(sql`paused_at is null`),
  ],
);

/** One row: the schema version of this store. */
export const meta = sqliteTable("jobwright_meta", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});
