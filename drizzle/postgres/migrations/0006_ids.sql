-- The index of ids moves to the payloads, which never change; drizzle-kit cannot say where they get the ids from.
ALTER TABLE "jobwright"."payloads" DROP CONSTRAINT "payloads_pkey";--> statement-breakpoint
ALTER TABLE "jobwright"."payloads" ADD COLUMN "id" uuid;--> statement-breakpoint
UPDATE "jobwright"."payloads" SET "id" = "jobs"."id" FROM "jobwright"."jobs" WHERE "jobs"."seq" = "payloads"."seq";--> statement-breakpoint
DELETE FROM "jobwright"."payloads" WHERE "id" IS NULL;--> statement-breakpoint
ALTER TABLE "jobwright"."payloads" ADD PRIMARY KEY ("id");--> statement-breakpoint
DROP INDEX "jobwright"."jobs_id";
