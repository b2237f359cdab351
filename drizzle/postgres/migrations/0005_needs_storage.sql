-- What drizzle-kit cannot say of a table. Half of each page is left free, so that edges which are decided together, as those
-- of a batch, stay where they are.
ALTER TABLE "jobwright"."edges" SET (fillfactor = 50);
