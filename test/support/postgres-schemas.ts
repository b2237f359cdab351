import { runSql } from "./postgres-server.ts";
import { dropSchema, newSchemaName } from "./postgres-suite.ts";

/** Schemas that are emptied and used again: to migrate a new one takes longer than most cases. */
export interface SchemaPool {
  /** Of an empty schema, or of one that is not there yet. */
  take(): string;
  giveBack(schema: string): Promise<void>;
  /** Drops all that were given back. */
  end(): Promise<void>;
}

export function createSchemaPool(url: () => string): SchemaPool {
  const free: string[] = [];
  return {
    take: () => free.pop() ?? newSchemaName(),
    async giveBack(schema) {
      await runSql(
        url(),
        `do $$ declare name text; begin
           for name in select tablename from pg_tables where schemaname = '${schema}' and tablename <> 'meta' loop
             execute format('delete from %I.%I', '${schema}', name);
           end loop;
         end $$`,
      );
      free.push(schema);
    },
    async end() {
      for (const schema of free.splice(0)) await dropSchema(url(), schema);
    },
  };
}
