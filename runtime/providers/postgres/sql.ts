import { createHash } from "node:crypto";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias, type PgColumn, PgDialect } from "drizzle-orm/pg-core";
import type { Tables } from "../../../drizzle/postgres/tables.ts";
import { type CompiledStatement, compileStatement } from "../sql/prepared.ts";

/* The pieces that the statements of this provider are made of. */

/** A statement with the name under which a connection keeps it prepared. */
export interface PgStatement extends CompiledStatement {
  readonly name: string;
}

const dialect = new PgDialect();

/** The name has a digest of the text: one connection may serve several schemas, and several versions of this package. */
export function compile(name: string, statement: SQL): PgStatement {
  const compiled = compileStatement(dialect, statement);
  const digest = createHash("sha256").update(compiled.text).digest("base64url").slice(0, 12);
  return { name: `jobwright_${name}_${digest}`, ...compiled };
}

/** A parameter with its type: PostgreSQL cannot always guess it. */
export const parameter = {
  bigint: (name: string): SQL => sql`${sql.placeholder(name)}::bigint`,
  integer: (name: string): SQL => sql`${sql.placeholder(name)}::integer`,
  boolean: (name: string): SQL => sql`${sql.placeholder(name)}::boolean`,
  text: (name: string): SQL => sql`${sql.placeholder(name)}::text`,
  json: (name: string): SQL => sql`${sql.placeholder(name)}::json`,
  uuid: (name: string): SQL => sql`${sql.placeholder(name)}::uuid`,
  texts: (name: string): SQL => sql`${sql.placeholder(name)}::text[]`,
  uuids: (name: string): SQL => sql`${sql.placeholder(name)}::uuid[]`,
};

/**
 * The numbers of a JSON list, as rows. Not an array: the planner would look at its length, and plan the statement anew in
 * every call.
 */
export const numbers = (name: string): SQL =>
  sql`select value::bigint from json_array_elements_text(${parameter.json(name)})`;

/** The states of jobs, as lists. Literals: see `statements.ts`. */
export const final = sql`('succeeded', 'dead', 'cancelled', 'skipped')`;
export const waitingStates = sql`('scheduled', 'ready', 'blocked')`;

/** `column = value`; the left side of SET must not be qualified. */
export const set = (column: PgColumn, value: SQLWrapper): SQL => sql`${sql.identifier(column.name)} = ${value}`;
export const assign = (...assignments: SQL[]): SQL => sql.join(assignments, sql`, `);
export const names = (...columns: PgColumn[]): SQL =>
  sql.join(
    columns.map((column) => sql.identifier(column.name)),
    sql`, `,
  );

/**
 * `clock(now)`: one moment for the whole statement, in ms. The database's, unless a test binds its own. Rounded down, so
 * that nothing is early.
 */
export const clock = sql`clock as materialized (
  select coalesce(${parameter.bigint("now")}, floor(extract(epoch from clock_timestamp()) * 1000)::bigint) as now)`;
export const now = sql`(select now from clock)`;

/** Short names for the tables of one schema: `from ${jobs} ${j}`. */
export interface Named {
  readonly tables: Tables;
  readonly j: Tables["jobs"];
  /** The expression that draws an insertion number. */
  readonly nextSeq: SQL;
}

export function named(tables: Tables, nextSeq: SQL): Named {
  // An alias has the columns of its table; its type says so in other words.
  return { tables, j: alias(tables.jobs, "j") as unknown as Tables["jobs"], nextSeq };
}

/** Whether it is one of the jobs with these ids, whose index is that of the payloads. */
export function hasId({ tables: { payloads }, j }: Named, ids: SQL): SQL {
  return sql`${j.seq} = any(array(select ${payloads.seq} from ${payloads} where ${payloads.id} = any(${ids})))`;
}

/** Whether it is the job with this id. */
export function isJob({ tables: { payloads }, j }: Named, id: SQL): SQL {
  return sql`${j.seq} = (select ${payloads.seq} from ${payloads} where ${payloads.id} = ${id})`;
}

/** Locks in insertion order, whoever locks: no two statements can wait for each other. */
export function lockById(given: Named, ids: SQL, ...columns: SQL[]): SQL {
  const { tables, j } = given;
  return sql`locked as materialized (
    select ${j.seq} as seq, ${j.id} as id, ${sql.join(columns, sql`, `)}
    from ${tables.jobs} ${j} where ${hasId(given, ids)} order by ${j.seq} for no key update)`;
}
