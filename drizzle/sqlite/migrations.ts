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
      "CREATE TABLE `jobwright_errors` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`error` text NOT NULL\n);",
      "CREATE TABLE `jobwright_jobs` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`id` text NOT NULL,\n\t`name` text NOT NULL,\n\t`queue` text NOT NULL,\n\t`version` integer NOT NULL,\n\t`state` text NOT NULL,\n\t`priority` integer NOT NULL,\n\t`run_at` integer NOT NULL,\n\t`enqueued_at` integer NOT NULL,\n\t`fence` integer DEFAULT 0 NOT NULL,\n\t`attempt` integer DEFAULT 0 NOT NULL,\n\t`crashes` integer DEFAULT 0 NOT NULL,\n\t`max_crashes` integer NOT NULL,\n\t`cancel_requested` integer DEFAULT 0 NOT NULL,\n\t`worker_id` text,\n\t`claim_id` text,\n\t`lease_until` integer,\n\t`started_at` integer,\n\t`finished_at` integer,\n\t`progress` integer,\n\t`reason` text\n);",
      "CREATE UNIQUE INDEX `jobwright_jobs_id` ON `jobwright_jobs` (`id`);",
      "CREATE INDEX `jobwright_jobs_ready` ON `jobwright_jobs` (`queue`,`priority`,`run_at`) WHERE state = 'ready';",
      "CREATE INDEX `jobwright_jobs_scheduled` ON `jobwright_jobs` (`run_at`) WHERE state = 'scheduled';",
      "CREATE INDEX `jobwright_jobs_running` ON `jobwright_jobs` (`worker_id`,`claim_id`) WHERE state = 'running';",
      "CREATE INDEX `jobwright_jobs_finished` ON `jobwright_jobs` (`state`,`finished_at`) WHERE finished_at is not null;",
      "CREATE TABLE `jobwright_meta` (\n\t`key` text PRIMARY KEY NOT NULL,\n\t`value` text NOT NULL\n);",
      "CREATE TABLE `jobwright_outputs` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`output` text NOT NULL\n);",
      "CREATE TABLE `jobwright_payloads` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`payload` text NOT NULL\n);",
      "CREATE TABLE `jobwright_queues` (\n\t`name` text PRIMARY KEY NOT NULL,\n\t`paused_at` integer\n);",
    ],
  },
  {
    name: "0001_unique_and_schedules",
    statements: [
      "CREATE TABLE `jobwright_definitions` (\n\t`name` text PRIMARY KEY NOT NULL,\n\t`paused_at` integer\n);",
      "CREATE TABLE `jobwright_schedules` (\n\t`sort_key` text PRIMARY KEY NOT NULL,\n\t`key` text NOT NULL,\n\t`name` text NOT NULL,\n\t`spec` text NOT NULL,\n\t`next_at` integer,\n\t`last_at` integer,\n\t`paused_at` integer\n);",
      "CREATE INDEX `jobwright_schedules_due` ON `jobwright_schedules` (`next_at`,`sort_key`) WHERE paused_at is null;",
      "CREATE TABLE `jobwright_unique_jobs` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`key` text NOT NULL,\n\t`scope` text NOT NULL,\n\t`held_until` integer\n);",
      "CREATE TABLE `jobwright_unique_keys` (\n\t`key` text PRIMARY KEY NOT NULL,\n\t`seq` integer NOT NULL\n);",
    ],
  },
  {
    name: "0002_gates_and_notes",
    statements: [
      "CREATE TABLE `jobwright_attempts` (\n\t`seq` integer NOT NULL,\n\t`fence` integer NOT NULL,\n\t`attempt` integer NOT NULL,\n\t`started_at` integer NOT NULL,\n\t`ended_at` integer NOT NULL,\n\t`worker_id` text NOT NULL,\n\t`error` text,\n\tPRIMARY KEY(`seq`, `fence`)\n);",
      "CREATE TABLE `jobwright_gates` (\n\t`seq` integer NOT NULL,\n\t`level` integer NOT NULL,\n\t`key` text NOT NULL,\n\t`policy` text NOT NULL,\n\t`kind` text NOT NULL,\n\t`status` text NOT NULL,\n\t`priority` integer NOT NULL,\n\t`run_at` integer NOT NULL,\n\tPRIMARY KEY(`seq`, `level`)\n);",
      "CREATE INDEX `jobwright_gates_waiting` ON `jobwright_gates` (`key`,`priority`,`run_at`,`seq`) WHERE status = 'waiting';",
      "CREATE INDEX `jobwright_gates_passed` ON `jobwright_gates` (`key`,`seq`) WHERE status = 'passed';",
      "CREATE TABLE `jobwright_limits` (\n\t`policy` text PRIMARY KEY NOT NULL,\n\t`kind` text NOT NULL,\n\t`limit` integer NOT NULL,\n\t`window_ms` integer\n);",
      "CREATE TABLE `jobwright_notes` (\n\t`number` integer PRIMARY KEY NOT NULL,\n\t`seq` integer NOT NULL,\n\t`kind` text NOT NULL,\n\t`key` text NOT NULL,\n\t`text` text NOT NULL\n);",
      "CREATE UNIQUE INDEX `jobwright_notes_key` ON `jobwright_notes` (`seq`,`kind`,`key`);",
      "CREATE TABLE `jobwright_starts` (\n\t`key` text NOT NULL,\n\t`at` integer NOT NULL\n);",
      "CREATE INDEX `jobwright_starts_key` ON `jobwright_starts` (`key`,`at`);",
      "CREATE INDEX `jobwright_starts_at` ON `jobwright_starts` (`at`);",
      "CREATE TABLE `jobwright_tags` (\n\t`seq` integer NOT NULL,\n\t`tag` text NOT NULL,\n\tPRIMARY KEY(`seq`, `tag`)\n);",
      "CREATE INDEX `jobwright_tags_tag` ON `jobwright_tags` (`tag`,`seq`);",
      "ALTER TABLE `jobwright_jobs` ADD `gated` integer DEFAULT 0 NOT NULL;",
    ],
  },
  {
    name: "0003_needs_and_edges",
    statements: [
      "CREATE TABLE `jobwright_edges` (\n\t`number` integer PRIMARY KEY NOT NULL,\n\t`child` integer NOT NULL,\n\t`parent` integer NOT NULL,\n\t`condition` text NOT NULL,\n\t`status` text NOT NULL\n);",
      "CREATE INDEX `jobwright_edges_child` ON `jobwright_edges` (`child`);",
      "CREATE INDEX `jobwright_edges_parent` ON `jobwright_edges` (`parent`);",
      "CREATE INDEX `jobwright_edges_open` ON `jobwright_edges` (`child`) WHERE status = 'open';",
      "CREATE TABLE `jobwright_needs` (\n\t`seq` integer PRIMARY KEY NOT NULL,\n\t`mode` text NOT NULL,\n\t`after_ms` integer NOT NULL,\n\t`held` integer NOT NULL\n);",
      "CREATE INDEX `jobwright_needs_held` ON `jobwright_needs` (`seq`) WHERE held = 1;",
    ],
  },
];
