CREATE TABLE `jobwright_edges` (
	`number` integer PRIMARY KEY NOT NULL,
	`child` integer NOT NULL,
	`parent` integer NOT NULL,
	`condition` text NOT NULL,
	`status` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobwright_edges_child` ON `jobwright_edges` (`child`);--> statement-breakpoint
CREATE INDEX `jobwright_edges_parent` ON `jobwright_edges` (`parent`);--> statement-breakpoint
CREATE INDEX `jobwright_edges_open` ON `jobwright_edges` (`child`) WHERE status = 'open';--> statement-breakpoint
CREATE TABLE `jobwright_needs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`mode` text NOT NULL,
	`after_ms` integer NOT NULL,
	`held` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobwright_needs_held` ON `jobwright_needs` (`seq`) WHERE held = 1;