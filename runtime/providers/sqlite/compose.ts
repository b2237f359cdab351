import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type SQLiteColumn, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { type CompiledStatement, compileStatement } from "../sql/prepared.ts";

/** What statements are composed of. */

const dialect = new SQLiteSyncDialect();

export const compile = (statement: SQL): CompiledStatement => compileStatement(dialect, statement);

/** A named parameter. */
export const $ = sql.placeholder;

/** `column = value`; the left side of SET must not be qualified. */
export const set = (column: SQLiteColumn, value: SQLWrapper): SQL => sql`${sql.identifier(column.name)} = ${value}`;

export const assign = (...assignments: SQL[]): SQL => sql.join(assignments, sql`, `);

/** Unqualified, as in INSERT and RETURNING. */
export const names = (...columns: SQLiteColumn[]): SQL =>
  sql.join(
    columns.map((column) => sql.identifier(column.name)),
    sql`, `,
  );

/** One parameter for each column and row, in the order of the columns. */
export const insertInto = (table: SQLWrapper, columns: readonly SQLiteColumn[], rows: number): SQL => {
  const row = (n: number): SQL =>
    sql`(${sql.join(
      columns.map((column) => $(`${column.name}${n}`)),
      sql`, `,
    )})`;
  const values = Array.from({ length: rows }, (_, n) => row(n));
  return sql`insert into ${table} (${names(...columns)}) values ${sql.join(values, sql`, `)}`;
};

/** A JSON array as a set: one text serves any number of values. */
export const anyOf = (name: string): SQL => sql`(select value from json_each(${$(name)}))`;
