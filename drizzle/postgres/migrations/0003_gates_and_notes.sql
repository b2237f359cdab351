CREATE TABLE "jobwright"."attempts" (
	"seq" bigint NOT NULL,
	"place" smallint NOT NULL,
	"fence" integer NOT NULL,
	"attempt" integer NOT NULL,
	"started_at" bigint NOT NULL,
	"ended_at" bigint NOT NULL,
	"worker_id" text NOT NULL,
	"error" text,
	CONSTRAINT "attempts_seq_place_pk" PRIMARY KEY("seq","place")
);
--> statement-breakpoint
CREATE TABLE "jobwright"."gates" (
	"seq" bigint NOT NULL,
	"place" smallint NOT NULL,
	"level" smallint NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"policy" text COLLATE "C" NOT NULL,
	"kind" text NOT NULL,
	"limit" integer NOT NULL,
	"window_ms" bigint,
	"passed" boolean DEFAULT false NOT NULL,
	CONSTRAINT "gates_seq_place_pk" PRIMARY KEY("seq","place")
);
--> statement-breakpoint
CREATE TABLE "jobwright"."limits" (
	"policy" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"limit" integer NOT NULL,
	"window_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "jobwright"."notes" (
	"seq" bigint NOT NULL,
	"kind" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"text" text NOT NULL,
	"place" bigserial NOT NULL,
	CONSTRAINT "notes_seq_kind_key_pk" PRIMARY KEY("seq","kind","key")
);
--> statement-breakpoint
CREATE TABLE "jobwright"."starts" (
	"key" text COLLATE "C" NOT NULL,
	"at" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"fence" integer NOT NULL,
	CONSTRAINT "starts_key_at_seq_fence_pk" PRIMARY KEY("key","at","seq","fence")
);
--> statement-breakpoint
CREATE TABLE "jobwright"."tags" (
	"tag" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	CONSTRAINT "tags_tag_seq_pk" PRIMARY KEY("tag","seq")
);
--> statement-breakpoint
ALTER TABLE "jobwright"."jobs" ADD COLUMN "passed" smallint;--> statement-breakpoint
ALTER TABLE "jobwright"."jobs" ADD COLUMN "blocked_by" text COLLATE "C";--> statement-breakpoint
CREATE INDEX "gates_passed" ON "jobwright"."gates" USING btree ("key") WHERE passed;--> statement-breakpoint
CREATE INDEX "starts_at" ON "jobwright"."starts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "tags_seq" ON "jobwright"."tags" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "jobs_blocked" ON "jobwright"."jobs" USING btree ("blocked_by","priority","run_at","seq") WHERE state = 'blocked';--> statement-breakpoint
CREATE INDEX "jobs_blocked_in_order" ON "jobwright"."jobs" USING btree ("blocked_by","seq") WHERE state = 'blocked';