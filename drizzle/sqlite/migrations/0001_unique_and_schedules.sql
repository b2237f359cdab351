CREATE TABLE `jobwright_definitions` (
	`name` text PRIMARY KEY NOT NULL,
	`paused_at` integer
);
--> statement-breakpoint
CREATE TABLE `jobwright_schedules` (
	`sort_key` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`name` text NOT NULL,
	`spec` text NOT NULL,
	`next_at` integer,
	`last_at` integer,
	`paused_at` integer
);
--> statement-breakpoint
CREATE INDEX `jobwright_schedules_due` ON `jobwright_schedules` (`next_at`,`sort_key`) WHERE paused_at is null;--> statement-breakpoint
CREATE TABLE `jobwright_unique_jobs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`scope` text NOT NULL,
	`held_until` integer
);
--> statement-breakpoint
CREATE TABLE `jobwright_unique_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL
);
