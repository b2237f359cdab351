CREATE TABLE `jobwright_attempts` (
	`seq` integer NOT NULL,
	`fence` integer NOT NULL,
	`attempt` integer NOT NULL,
	`started_at` integer NOT NULL,
	`ended_at` integer NOT NULL,
	`worker_id` text NOT NULL,
	`error` text,
	PRIMARY KEY(`seq`, `fence`)
);
--> statement-breakpoint
CREATE TABLE `jobwright_gates` (
	`seq` integer NOT NULL,
	`level` integer NOT NULL,
	`key` text NOT NULL,
	`policy` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`priority` integer NOT NULL,
	`run_at` integer NOT NULL,
	PRIMARY KEY(`seq`, `level`)
);
--> statement-breakpoint
CREATE INDEX `jobwright_gates_waiting` ON `jobwright_gates` (`key`,`priority`,`run_at`,`seq`) WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX `jobwright_gates_passed` ON `jobwright_gates` (`key`,`seq`) WHERE status = 'passed';--> statement-breakpoint
CREATE TABLE `jobwright_limits` (
	`policy` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`limit` integer NOT NULL,
	`window_ms` integer
);
--> statement-breakpoint
CREATE TABLE `jobwright_notes` (
	`number` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `jobwright_notes_key` ON `jobwright_notes` (`seq`,`kind`,`key`);--> statement-breakpoint
CREATE TABLE `jobwright_starts` (
	`key` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobwright_starts_key` ON `jobwright_starts` (`key`,`at`);--> statement-breakpoint
CREATE INDEX `jobwright_starts_at` ON `jobwright_starts` (`at`);--> statement-breakpoint
CREATE TABLE `jobwright_tags` (
	`seq` integer NOT NULL,
	`tag` text NOT NULL,
	PRIMARY KEY(`seq`, `tag`)
);
--> statement-breakpoint
CREATE INDEX `jobwright_tags_tag` ON `jobwright_tags` (`tag`,`seq`);--> statement-breakpoint
ALTER TABLE `jobwright_jobs` ADD `gated` integer DEFAULT 0 NOT NULL;