CREATE TABLE `jobwright_errors` (
	`seq` integer PRIMARY KEY NOT NULL,
	`error` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobwright_jobs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`queue` text NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`priority` integer NOT NULL,
	`run_at` integer NOT NULL,
	`enqueued_at` integer NOT NULL,
	`fence` integer DEFAULT 0 NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`crashes` integer DEFAULT 0 NOT NULL,
	`max_crashes` integer NOT NULL,
	`cancel_requested` integer DEFAULT 0 NOT NULL,
	`worker_id` text,
	`claim_id` text,
	`lease_until` integer,
	`started_at` integer,
	`finished_at` integer,
	`progress` integer,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `jobwright_jobs_id` ON `jobwright_jobs` (`id`);--> statement-breakpoint
CREATE INDEX `jobwright_jobs_ready` ON `jobwright_jobs` (`queue`,`priority`,`run_at`) WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX `jobwright_jobs_scheduled` ON `jobwright_jobs` (`run_at`) WHERE state = 'scheduled';--> statement-breakpoint
CREATE INDEX `jobwright_jobs_running` ON `jobwright_jobs` (`worker_id`,`claim_id`) WHERE state = 'running';--> statement-breakpoint
CREATE INDEX `jobwright_jobs_finished` ON `jobwright_jobs` (`state`,`finished_at`) WHERE finished_at is not null;--> statement-breakpoint
CREATE TABLE `jobwright_meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobwright_outputs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`output` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobwright_payloads` (
	`seq` integer PRIMARY KEY NOT NULL,
	`payload` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobwright_queues` (
	`name` text PRIMARY KEY NOT NULL,
	`paused_at` integer
);
