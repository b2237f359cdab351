import type BetterSqlite3 from "better-sqlite3";
import type { CompiledStatement } from "../sql/prepared.ts";

export type Parameters = Readonly<Record<string, string | number | null>>;
/** Values in the order of a statement's parameters. */
export type Row = readonly (string | number | null)[];

/** A database with its statements prepared on first use and kept. Rows come as the caller declares them. */
export interface Connection {
  readonly database: BetterSqlite3.Database;
  /** Number of changed rows and the last rowid. */
  run(statement: CompiledStatement, parameters: Parameters): BetterSqlite3.RunResult;
  /** As `run`, with the parameters in the statement's order. */
  runRow(statement: CompiledStatement, row: Row): BetterSqlite3.RunResult;
  get<Row>(statement: CompiledStatement, parameters: Parameters): Row | undefined;
  all<Row>(statement: CompiledStatement, parameters: Parameters): Row[];
  /** Rows as arrays, for wide results on the hot path. */
  raw<Row extends readonly unknown[]>(statement: CompiledStatement, parameters: Parameters): Row[];
}

/** As much of it as an enqueue needs. Also a transaction of the user can give that. */
export type Runner = Pick<Connection, "run" | "runRow" | "get" | "all">;

export function createConnection(database: BetterSqlite3.Database): Connection {
  const prepared = new Map<CompiledStatement, BetterSqlite3.Statement>();

  function statementOf(statement: CompiledStatement): BetterSqlite3.Statement {
    let result = prepared.get(statement);
    if (!result) {
      result = database.prepare(statement.text);
      prepared.set(statement, result);
    }
    return result;
  }

  // The row types below are what the statement's text selects; the provider's suite runs every statement.
  return {
    database,
    run: (statement, parameters) => statementOf(statement).run(ordered(statement, parameters)),
    runRow: (statement, row) => statementOf(statement).run(row),
    get: <Row>(statement: CompiledStatement, parameters: Parameters) =>
      statementOf(statement).get(ordered(statement, parameters)) as Row | undefined,
    all: <Row>(statement: CompiledStatement, parameters: Parameters) =>
      statementOf(statement).all(ordered(statement, parameters)) as Row[],
    raw: <Row extends readonly unknown[]>(statement: CompiledStatement, parameters: Parameters) =>
      statementOf(statement).raw().all(ordered(statement, parameters)) as Row[],
  };
}

/** The values in the order of the statement's parameters. */
export function ordered(statement: CompiledStatement, parameters: Parameters): (string | number | null)[] {
  return statement.parameters.map((name) => {
    const value = parameters[name];
    if (value === undefined) throw new TypeError(`no value for :${name} in: ${statement.text}`);
    return value;
  });
}
