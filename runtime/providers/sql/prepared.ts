import { Placeholder, type SQL } from "drizzle-orm";

/**
 * A statement as text with the order of its named parameters. Statements are written with Drizzle over typed columns and
 * turned into text once; the hot path then runs on the driver's own prepared statement.
 */
export interface CompiledStatement {
  readonly text: string;
  readonly parameters: readonly string[];
}

export interface SqlDialect {
  sqlToQuery(statement: SQL): { readonly sql: string; readonly params: readonly unknown[] };
}

export function compileStatement(dialect: SqlDialect, statement: SQL): CompiledStatement {
  const { sql, params } = dialect.sqlToQuery(statement);
  const parameters = params.map((parameter) => {
    // A literal would freeze a value into a statement that is meant for every call.
    if (!(parameter instanceof Placeholder)) throw new TypeError(`unnamed parameter in: ${sql}`);
    return parameter.name;
  });
  return { text: sql, parameters };
}
