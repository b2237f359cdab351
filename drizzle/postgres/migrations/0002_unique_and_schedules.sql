CREATE TABLE "jobwright"."definitions" (
	"name" text PRIMARY KEY NOT NULL,
	"paused_at" bigint
);
--> statement-breakpoint
CREATE TABLE "jobwright"."schedules" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"spec" text NOT NULL,
	"next_at" bigint,
	"last_at" bigint,
	"paused_at" bigint
);
--> statement-breakpoint
CREATE TABLE "jobwright"."unique_jobs" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"scope" text NOT NULL,
	"held_until" bigint
);
--> statement-breakpoint
CREATE TABLE "jobwright"."unique_keys" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"seq" bigint
);
--> statement-breakpoint
CREATE INDEX "schedules_due" ON "jobwright"."schedules" USING btree ("next_at","key") WHERE paused_at is null;