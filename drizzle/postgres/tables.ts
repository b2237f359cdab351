import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  text,
  uuid,
} from "drizzle-orm/pg-core";
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

/** The schema that a provider uses unless it is told another one. */
export const defaultSchema = "jobwright";

/** Sorted by code point, whatever the database's collation is: it never changes, and is compared fastest. */
const plainText = customType<{ readonly data: string }>({ dataType: () => 'text COLLATE "C"' });

/**
 * The tables of the PostgreSQL provider in a schema of any name, so that an application can query and join them with
 * Drizzle. Written only by the provider.
 *
 * The hot row is narrow: state changes never rewrite a payload, and the partial indexes hold only what can be claimed,
 * promoted, reaped or pruned now. No foreign keys: they would lock and check at every change of a job.
 */
// The return type is the tables themselves; written out it would only repeat them.
// oxlint-disable-next-line typescript/explicit-function-return-type
export function createTables(schemaName: string = defaultSchema) {
  const schema = pgSchema(schemaName);

  const jobs = schema.table(
    "jobs",
    {
      /** Insertion order. */
      seq: bigserial("seq", { mode: "number" }).primaryKey(),
      /** Unique, which `payloads` sees to. */
      id: uuid("id").notNull(),
      name: plainText("name").notNull(),
      queue: plainText("queue").notNull(),
      version: integer("version").notNull(),
      state: plainText("state").$type<JobState>().notNull(),
      priority: smallint("priority").notNull(),
      /** All times are ms since the epoch. */
      runAt: bigint("run_at", { mode: "number" }).notNull(),
      enqueuedAt: bigint("enqueued_at", { mode: "number" }).notNull(),
      fence: integer("fence").notNull().default(0),
      attempt: integer("attempt").notNull().default(0),
      crashes: integer("crashes").notNull().default(0),
      maxCrashes: integer("max_crashes").notNull(),
      cancelRequested: boolean("cancel_requested").notNull().default(false),
      workerId: plainText("worker_id"),
      claimId: plainText("claim_id"),
      /** Not null exactly as long as the lease is open: also after it lapsed, until a newer claim, a settlement or an operator ends it. */
      leaseUntil: bigint("lease_until", { mode: "number" }),
      startedAt: bigint("started_at", { mode: "number" }),
      finishedAt: bigint("finished_at", { mode: "number" }),
      progress: doublePrecision("progress"),
      reason: text("reason").$type<EndReason>(),
      /** How many of its gates the job has passed; null: it has none. Who counts at a gate is read off this and the state. */
      passed: smallint("passed"),
      /** Key of the gate that a blocked job waits at. Nothing is said of others. */
      blockedBy: plainText("blocked_by"),
      /**
       * Null: no job ever needed this one. Grows with every edge that is drawn to it or looked at anew: an end that has waited
       * for the row sees by it that there may be edges which it does not see.
       */
      needed: integer("needed"),
      /** Whether its needs hold a blocked job; null: it has none. */
      held: boolean("held"),
    },
    (table) => [
      index("jobs_ready")
        .on(table.queue, table.priority, table.runAt, table.seq)
        .where(sql`state = 'ready'`),
      index("jobs_scheduled")
        .on(table.runAt, table.seq)
        .where(sql`state = 'scheduled'`),
      index("jobs_running")
        .on(table.workerId, table.claimId)
        .where(sql`state = 'running'`),
      index("jobs_finished")
        .on(table.state, table.finishedAt)
        .where(sql`finished_at is not null`),
      index("jobs_blocked")
        .on(table.blockedBy, table.priority, table.runAt, table.seq)
        .where(sql`state = 'blocked'`),
      index("jobs_blocked_in_order")
        .on(table.blockedBy, table.seq)
        .where(sql`state = 'blocked'`),
    ],
  );

  return {
    jobs,
    /**
     * Written once at enqueue, read at claim; also the only index of ids, so that a change of a job's state writes none. `seq`
     * is the way from an id to its job.
     */
    payloads: schema.table("payloads", {
      id: uuid("id").primaryKey(),
      seq: bigint("seq", { mode: "number" }).notNull(),
      payload: text("payload").notNull(),
    }),
    /** What handlers returned. */
    outputs: schema.table("outputs", {
      seq: bigint("seq", { mode: "number" }).primaryKey(),
      output: text("output").notNull(),
    }),
    /** The last error of a job, as JSON. */
    errors: schema.table("errors", {
      seq: bigint("seq", { mode: "number" }).primaryKey(),
      error: text("error").notNull(),
    }),
    /** Failures and crashes of a job's last claims. A claim has the place of the one that is too old to be kept beside it. */
    attempts: schema.table(
      "attempts",
      {
        seq: bigint("seq", { mode: "number" }).notNull(),
        /** `fence` modulo the number of claims that are kept. */
        place: smallint("place").notNull(),
        fence: integer("fence").notNull(),
        attempt: integer("attempt").notNull(),
        startedAt: bigint("started_at", { mode: "number" }).notNull(),
        endedAt: bigint("ended_at", { mode: "number" }).notNull(),
        workerId: text("worker_id").notNull(),
        /** As JSON; null: the worker vanished. */
        error: text("error"),
      },
      (table) => [primaryKey({ columns: [table.seq, table.place] })],
    ),
    /** Checkpoints and log lines of a job. */
    notes: schema.table(
      "notes",
      {
        seq: bigint("seq", { mode: "number" }).notNull(),
        kind: text("kind").$type<NoteKind>().notNull(),
        /** Escaped, as `text` is: neither of them may be refused for a character. */
        key: plainText("key").notNull(),
        text: text("text").notNull(),
        /** In the order in which they came. */
        place: bigserial("place", { mode: "number" }).notNull(),
      },
      (table) => [primaryKey({ columns: [table.seq, table.kind, table.key] })],
    ),
    tags: schema.table(
      "tags",
      {
        tag: plainText("tag").notNull(),
        seq: bigint("seq", { mode: "number" }).notNull(),
      },
      (table) => [primaryKey({ columns: [table.tag, table.seq] }), index("tags_seq").on(table.seq)],
    ),
    /** The gates of a job, in the order in which it passes them. */
    gates: schema.table(
      "gates",
      {
        seq: bigint("seq", { mode: "number" }).notNull(),
        /** From 0. */
        place: smallint("place").notNull(),
        level: smallint("level").notNull(),
        key: plainText("key").notNull(),
        policy: plainText("policy").notNull(),
        kind: text("kind").$type<GateKind>().notNull(),
        /** What the job says of the policy: counts until `limits` knows it. */
        limit: integer("limit").notNull(),
        windowMs: bigint("window_ms", { mode: "number" }),
        /** Where to look for those that count: true of all of them, and of some that do not any more. */
        passed: boolean("passed").notNull().default(false),
      },
      (table) => [
        primaryKey({ columns: [table.seq, table.place] }),
        index("gates_passed")
          .on(table.key)
          .where(sql`passed`),
      ],
    ),
    limits: schema.table("limits", {
      policy: plainText("policy").primaryKey(),
      kind: text("kind").$type<GateKind>().notNull(),
      limit: integer("limit").notNull(),
      windowMs: bigint("window_ms", { mode: "number" }),
    }),
    /** When jobs of a group with a limited rate were started. */
    starts: schema.table(
      "starts",
      {
        key: plainText("key").notNull(),
        at: bigint("at", { mode: "number" }).notNull(),
        seq: bigint("seq", { mode: "number" }).notNull(),
        fence: integer("fence").notNull(),
      },
      (table) => [
        primaryKey({ columns: [table.key, table.at, table.seq, table.fence] }),
        index("starts_at").on(table.at),
      ],
    ),
    /** Jobs that need others. */
    needs: schema.table("needs", {
      seq: bigint("seq", { mode: "number" }).primaryKey(),
      mode: text("mode").$type<Needs["mode"]>().notNull(),
      /** How long the job waits when its needs have let it go. */
      afterMs: bigint("after_ms", { mode: "number" }).notNull(),
      /** How many of its edges are open, as long as they hold it. Changed by the statement that changes those, nowhere else. */
      open: integer("open").notNull().default(0),
    }),
    /** Who needs whom: written when the job that needs another one is enqueued, deleted with it. */
    edges: schema.table(
      "edges",
      {
        /** The job that needs `parent`. */
        child: bigint("child", { mode: "number" }).notNull(),
        /** In the order in which they came. */
        place: bigserial("place", { mode: "number" }).notNull(),
        parent: bigint("parent", { mode: "number" }).notNull(),
        when: text("when").$type<NeedCondition>().notNull(),
        status: text("status").$type<EdgeStatus>().notNull(),
      },
      // None about the status: an edge is decided in its place, and the indexes do not hear of it.
      (table) => [primaryKey({ columns: [table.child, table.place] }), index("edges_parent").on(table.parent)],
    ),
    /** Queues that need a word of their own; a queue without a row runs. */
    queues: schema.table("queues", {
      name: text("name").primaryKey(),
      pausedAt: bigint("paused_at", { mode: "number" }),
    }),
    /** Job definitions that need a word of their own; one without a row runs. */
    definitions: schema.table("definitions", {
      name: text("name").primaryKey(),
      pausedAt: bigint("paused_at", { mode: "number" }),
    }),
    /** Who took a unique key last. Also what is locked by those who want the key. */
    uniqueKeys: schema.table("unique_keys", {
      key: plainText("key").primaryKey(),
      /** Null only within the transaction that made the row. */
      seq: bigint("seq", { mode: "number" }),
    }),
    /** What a job with a unique key remembers of it: whether it still holds the key is read off these and its state. */
    uniqueJobs: schema.table("unique_jobs", {
      seq: bigint("seq", { mode: "number" }).primaryKey(),
      key: plainText("key").notNull(),
      scope: text("scope").$type<UniqueScope>().notNull(),
      /** When the window of the key ends; null: it has none. */
      heldUntil: bigint("held_until", { mode: "number" }),
    }),
    schedules: schema.table(
      "schedules",
      {
        key: plainText("key").primaryKey(),
        name: text("name").notNull(),
        spec: text("spec").notNull(),
        nextAt: bigint("next_at", { mode: "number" }),
        lastAt: bigint("last_at", { mode: "number" }),
        pausedAt: bigint("paused_at", { mode: "number" }),
      },
      (table) => [
        index("schedules_due")
          .on(table.nextAt, table.key)
          .where(sql`paused_at is null`),
      ],
    ),
    /** One row: the schema version of this store. */
    meta: schema.table("meta", {
      key: text("key").primaryKey(),
      value: text("value").notNull(),
    }),
  };
}

export type Tables = ReturnType<typeof createTables>;

/** The tables in the default schema. */
export const {
  jobs,
  payloads,
  outputs,
  errors,
  attempts,
  notes,
  tags,
  gates,
  limits,
  starts,
  needs,
  edges,
  queues,
  definitions,
  uniqueKeys,
  uniqueJobs,
  schedules,
  meta,
} = createTables();
