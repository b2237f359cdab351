-- What drizzle-kit cannot say of a table. Room on each page keeps a row's versions together; vacuum and analyze come
-- early, because every job leaves some dead versions, and indexes full of them slow down claims.
ALTER TABLE "jobwright"."jobs" SET (
	fillfactor = 80,
	autovacuum_vacuum_scale_factor = 0.02,
	autovacuum_vacuum_threshold = 1000,
	autovacuum_vacuum_insert_scale_factor = 0.1,
	autovacuum_analyze_scale_factor = 0.05,
	autovacuum_analyze_threshold = 500,
	autovacuum_vacuum_cost_delay = 1
);
