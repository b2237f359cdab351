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
];
