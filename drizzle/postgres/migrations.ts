// Made by `npm run migrations` from the SQL files that drizzle-kit wrote. Do not edit.

export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** In order; the n-th brings the store to schema version n. */
export const migrations: readonly Migration[] = [
  {
    name: "0000_initial",
    statements: [
      "CREATE TABLE \"jobwright\".\"errors\" (\n\t\"seq\" bigint PRIMARY KEY NOT NULL,\n\t\"error\" text NOT NULL\n);",
      "CREATE TABLE \"jobwright\".\"jobs\" (\n\t\"seq\" bigserial PRIMARY KEY NOT NULL,\n\t\"id\" uuid NOT NULL,\n\t\"name\" text NOT NULL,\n\t\"queue\" text NOT NULL,\n\t\"version\" integer NOT NULL,\n\t\"state\" text NOT NULL,\n\t\"priority\" smallint NOT NULL,\n\t\"run_at\" bigint NOT NULL,\n\t\"enqueued_at\" bigint NOT NULL,\n\t\"fence\" integer DEFAULT 0 NOT NULL,\n\t\"attempt\" integer DEFAULT 0 NOT NULL,\n\t\"crashes\" integer DEFAULT 0 NOT NULL,\n\t\"max_crashes\" integer NOT NULL,\n\t\"cancel_requested\" boolean DEFAULT false NOT NULL,\n\t\"worker_id\" text,\n\t\"claim_id\" text,\n\t\"lease_until\" bigint,\n\t\"started_at\" bigint,\n\t\"finished_at\" bigint,\n\t\"progress\" double precision,\n\t\"reason\" text\n);",
      "CREATE TABLE \"jobwright\".\"meta\" (\n\t\"key\" text PRIMARY KEY NOT NULL,\n\t\"value\" text NOT NULL\n);",
      "CREATE TABLE \"jobwright\".\"outputs\" (\n\t\"seq\" bigint PRIMARY KEY NOT NULL,\n\t\"output\" text NOT NULL\n);",
      "CREATE TABLE \"jobwright\".\"payloads\" (\n\t\"seq\" bigint PRIMARY KEY NOT NULL,\n\t\"payload\" text NOT NULL\n);",
      "CREATE TABLE \"jobwright\".\"queues\" (\n\t\"name\" text PRIMARY KEY NOT NULL,\n\t\"paused_at\" bigint\n);",
      "CREATE UNIQUE INDEX \"jobs_id\" ON \"jobwright\".\"jobs\" USING btree (\"id\");",
      "CREATE INDEX \"jobs_ready\" ON \"jobwright\".\"jobs\" USING btree (\"queue\",\"priority\",\"run_at\",\"seq\") WHERE state = 'ready';",
      "CREATE INDEX \"jobs_scheduled\" ON \"jobwright\".\"jobs\" USING btree (\"run_at\",\"seq\") WHERE state = 'scheduled';",
      "CREATE INDEX \"jobs_running\" ON \"jobwright\".\"jobs\" USING btree (\"worker_id\",\"claim_id\") WHERE state = 'running';",
      "CREATE INDEX \"jobs_finished\" ON \"jobwright\".\"jobs\" USING btree (\"state\",\"finished_at\") WHERE finished_at is not null;",
    ],
  },
  {
    name: "0001_storage",
    statements: [
      "-- What drizzle-kit cannot say of a table. Room on each page keeps a row's versions together; vacuum and analyze come\n-- early, because every job leaves some dead versions, and indexes full of them slow down claims.\nALTER TABLE \"jobwright\".\"jobs\" SET (\n\tfillfactor = 80,\n\tautovacuum_vacuum_scale_factor = 0.02,\n\tautovacuum_vacuum_threshold = 1000,\n\tautovacuum_vacuum_insert_scale_factor = 0.1,\n\tautovacuum_analyze_scale_factor = 0.05,\n\tautovacuum_analyze_threshold = 500,\n\tautovacuum_vacuum_cost_delay = 1\n);",
    ],
  },
  {
    name: "0002_unique_and_schedules",
    statements: [
      "CREATE TABLE \"jobwright\".\"definitions\" (\n\t\"name\" text PRIMARY KEY NOT NULL,\n\t\"paused_at\" bigint\n);",
      "CREATE TABLE \"jobwright\".\"schedules\" (\n\t\"key\" text COLLATE \"C\" PRIMARY KEY NOT NULL,\n\t\"name\" text NOT NULL,\n\t\"spec\" text NOT NULL,\n\t\"next_at\" bigint,\n\t\"last_at\" bigint,\n\t\"paused_at\" bigint\n);",
      "CREATE TABLE \"jobwright\".\"unique_jobs\" (\n\t\"seq\" bigint PRIMARY KEY NOT NULL,\n\t\"key\" text COLLATE \"C\" NOT NULL,\n\t\"scope\" text NOT NULL,\n\t\"held_until\" bigint\n);",
      "CREATE TABLE \"jobwright\".\"unique_keys\" (\n\t\"key\" text COLLATE \"C\" PRIMARY KEY NOT NULL,\n\t\"seq\" bigint\n);",
      "CREATE INDEX \"schedules_due\" ON \"jobwright\".\"schedules\" USING btree (\"next_at\",\"key\") WHERE paused_at is null;",
    ],
  },
  {
    name: "0003_gates_and_notes",
    statements: [
      "CREATE TABLE \"jobwright\".\"attempts\" (\n\t\"seq\" bigint NOT NULL,\n\t\"place\" smallint NOT NULL,\n\t\"fence\" integer NOT NULL,\n\t\"attempt\" integer NOT NULL,\n\t\"started_at\" bigint NOT NULL,\n\t\"ended_at\" bigint NOT NULL,\n\t\"worker_id\" text NOT NULL,\n\t\"error\" text,\n\tCONSTRAINT \"attempts_seq_place_pk\" PRIMARY KEY(\"seq\",\"place\")\n);",
      "CREATE TABLE \"jobwright\".\"gates\" (\n\t\"seq\" bigint NOT NULL,\n\t\"place\" smallint NOT NULL,\n\t\"level\" smallint NOT NULL,\n\t\"key\" text COLLATE \"C\" NOT NULL,\n\t\"policy\" text COLLATE \"C\" NOT NULL,\n\t\"kind\" text NOT NULL,\n\t\"limit\" integer NOT NULL,\n\t\"window_ms\" bigint,\n\t\"passed\" boolean DEFAULT false NOT NULL,\n\tCONSTRAINT \"gates_seq_place_pk\" PRIMARY KEY(\"seq\",\"place\")\n);",
      "CREATE TABLE \"jobwright\".\"limits\" (\n\t\"policy\" text COLLATE \"C\" PRIMARY KEY NOT NULL,\n\t\"kind\" text NOT NULL,\n\t\"limit\" integer NOT NULL,\n\t\"window_ms\" bigint\n);",
      "CREATE TABLE \"jobwright\".\"notes\" (\n\t\"seq\" bigint NOT NULL,\n\t\"kind\" text NOT NULL,\n\t\"key\" text COLLATE \"C\" NOT NULL,\n\t\"text\" text NOT NULL,\n\t\"place\" bigserial NOT NULL,\n\tCONSTRAINT \"notes_seq_kind_key_pk\" PRIMARY KEY(\"seq\",\"kind\",\"key\")\n);",
      "CREATE TABLE \"jobwright\".\"starts\" (\n\t\"key\" text COLLATE \"C\" NOT NULL,\n\t\"at\" bigint NOT NULL,\n\t\"seq\" bigint NOT NULL,\n\t\"fence\" integer NOT NULL,\n\tCONSTRAINT \"starts_key_at_seq_fence_pk\" PRIMARY KEY(\"key\",\"at\",\"seq\",\"fence\")\n);",
      "CREATE TABLE \"jobwright\".\"tags\" (\n\t\"tag\" text COLLATE \"C\" NOT NULL,\n\t\"seq\" bigint NOT NULL,\n\tCONSTRAINT \"tags_tag_seq_pk\" PRIMARY KEY(\"tag\",\"seq\")\n);",
      "ALTER TABLE \"jobwright\".\"jobs\" ADD COLUMN \"passed\" smallint;",
      "ALTER TABLE \"jobwright\".\"jobs\" ADD COLUMN \"blocked_by\" text COLLATE \"C\";",
      "CREATE INDEX \"gates_passed\" ON \"jobwright\".\"gates\" USING btree (\"key\") WHERE passed;",
      "CREATE INDEX \"starts_at\" ON \"jobwright\".\"starts\" USING btree (\"at\");",
      "CREATE INDEX \"tags_seq\" ON \"jobwright\".\"tags\" USING btree (\"seq\");",
      "CREATE INDEX \"jobs_blocked\" ON \"jobwright\".\"jobs\" USING btree (\"blocked_by\",\"priority\",\"run_at\",\"seq\") WHERE state = 'blocked';",
      "CREATE INDEX \"jobs_blocked_in_order\" ON \"jobwright\".\"jobs\" USING btree (\"blocked_by\",\"seq\") WHERE state = 'blocked';",
    ],
  },
  {
    name: "0004_needs",
    statements: [
      "CREATE TABLE \"jobwright\".\"edges\" (\n\t\"child\" bigint NOT NULL,\n\t\"place\" bigserial NOT NULL,\n\t\"parent\" bigint NOT NULL,\n\t\"when\" text NOT NULL,\n\t\"status\" text NOT NULL,\n\tCONSTRAINT \"edges_child_place_pk\" PRIMARY KEY(\"child\",\"place\")\n);",
      "CREATE TABLE \"jobwright\".\"needs\" (\n\t\"seq\" bigint PRIMARY KEY NOT NULL,\n\t\"mode\" text NOT NULL,\n\t\"after_ms\" bigint NOT NULL,\n\t\"open\" integer DEFAULT 0 NOT NULL\n);",
      "ALTER TABLE \"jobwright\".\"jobs\" ADD COLUMN \"needed\" integer;",
      "ALTER TABLE \"jobwright\".\"jobs\" ADD COLUMN \"held\" boolean;",
      "CREATE INDEX \"edges_parent\" ON \"jobwright\".\"edges\" USING btree (\"parent\");",
    ],
  },
  {
    name: "0005_needs_storage",
    statements: [
      "-- What drizzle-kit cannot say of a table. Half of each page is left free, so that edges which are decided together, as those\n-- of a batch, stay where they are.\nALTER TABLE \"jobwright\".\"edges\" SET (fillfactor = 50);",
    ],
  },
  {
    name: "0006_ids",
    statements: [
      "-- The index of ids moves to the payloads, which never change; drizzle-kit cannot say where they get the ids from.\nALTER TABLE \"jobwright\".\"payloads\" DROP CONSTRAINT \"payloads_pkey\";",
      "ALTER TABLE \"jobwright\".\"payloads\" ADD COLUMN \"id\" uuid;",
      "UPDATE \"jobwright\".\"payloads\" SET \"id\" = \"jobs\".\"id\" FROM \"jobwright\".\"jobs\" WHERE \"jobs\".\"seq\" = \"payloads\".\"seq\";",
      "DELETE FROM \"jobwright\".\"payloads\" WHERE \"id\" IS NULL;",
      "ALTER TABLE \"jobwright\".\"payloads\" ADD PRIMARY KEY (\"id\");",
      "DROP INDEX \"jobwright\".\"jobs_id\";",
    ],
  },
  {
    name: "0007_plain_text",
    statements: [
      "-- One statement, so that each index is made anew once.\nALTER TABLE \"jobwright\".\"jobs\"\n\tALTER COLUMN \"name\" SET DATA TYPE text COLLATE \"C\",\n\tALTER COLUMN \"queue\" SET DATA TYPE text COLLATE \"C\",\n\tALTER COLUMN \"state\" SET DATA TYPE text COLLATE \"C\",\n\tALTER COLUMN \"worker_id\" SET DATA TYPE text COLLATE \"C\",\n\tALTER COLUMN \"claim_id\" SET DATA TYPE text COLLATE \"C\";",
    ],
  },
];
