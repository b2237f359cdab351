CREATE TABLE "jobwright"."errors" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"error" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobwright"."jobs" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"queue" text NOT NULL,
	"version" integer NOT NULL,
	"state" text NOT NULL,
	"priority" smallint NOT NULL,
	"run_at" bigint NOT NULL,
	"enqueued_at" bigint NOT NULL,
	"fence" integer DEFAULT 0 NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"max_crashes" integer NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"worker_id" text,
	"claim_id" text,
	"lease_until" bigint,
	"started_at" bigint,
	"finished_at" bigint,
	"progress" double precision,
	"reason" text
);
--> statement-breakpoint
CREATE TABLE "jobwright"."meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobwright"."outputs" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"output" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobwright"."payloads" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"payload" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobwright"."queues" (
	"name" text PRIMARY KEY NOT NULL,
	"paused_at" bigint
);
--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_id" ON "jobwright"."jobs" USING btree ("id");--> statement-breakpoint
CREATE INDEX "jobs_ready" ON "jobwright"."jobs" USING btree ("queue","priority","run_at","seq") WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX "jobs_scheduled" ON "jobwright"."jobs" USING btree ("run_at","seq") WHERE state = 'scheduled';--> statement-breakpoint
CREATE INDEX "jobs_running" ON "jobwright"."jobs" USING btree ("worker_id","claim_id") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "jobs_finished" ON "jobwright"."jobs" USING btree ("state","finished_at") WHERE finished_at is not null;