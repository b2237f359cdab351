CREATE TABLE "jobwright"."edges" (
	"child" bigint NOT NULL,
	"place" bigserial NOT NULL,
	"parent" bigint NOT NULL,
	"when" text NOT NULL,
	"status" text NOT NULL,
	CONSTRAINT "edges_child_place_pk" PRIMARY KEY("child","place")
);
--> statement-breakpoint
CREATE TABLE "jobwright"."needs" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"mode" text NOT NULL,
	"after_ms" bigint NOT NULL,
	"open" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "jobwright"."jobs" ADD COLUMN "needed" integer;--> statement-breakpoint
ALTER TABLE "jobwright"."jobs" ADD COLUMN "held" boolean;--> statement-breakpoint
CREATE INDEX "edges_parent" ON "jobwright"."edges" USING btree ("parent");