-- One statement, so that each index is made anew once.
ALTER TABLE "jobwright"."jobs"
	ALTER COLUMN "name" SET DATA TYPE text COLLATE "C",
	ALTER COLUMN "queue" SET DATA TYPE text COLLATE "C",
	ALTER COLUMN "state" SET DATA TYPE text COLLATE "C",
	ALTER COLUMN "worker_id" SET DATA TYPE text COLLATE "C",
	ALTER COLUMN "claim_id" SET DATA TYPE text COLLATE "C";
