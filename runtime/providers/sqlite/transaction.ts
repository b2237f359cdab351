import { sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { type EnqueueResult, JobwrightError, type NewJob } from "../../contract/index.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import { hasEdges } from "./check-needs.ts";
import { ordered, type Parameters, type Row, type Runner } from "./connection.ts";
import { enqueueJobs } from "./enqueue.ts";
import { storeError } from "./store-error.ts";
import { lockForWrite } from "./unique-statements.ts";

/**
 * What a Drizzle transaction on better-sqlite3 offers, structurally: two copies of drizzle-orm in one process then do
 * not matter.
 */
export interface SqliteTransaction {
  run(query: SQLWrapper | string): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  all<T = unknown>(query: SQLWrapper | string): T[];
  /** What a transaction has and the database around it lacks. */
  rollback(): never;
}

/** Writes jobs through the user's open transaction; they exist if and only if it commits. */
export function enqueueInTransaction(
  tx: SqliteTransaction,
  jobs: readonly NewJob[],
  now: number,
  path: string,
): readonly EnqueueResult[] {
  if (!isOpen(tx)) throw refused("`tx` is not an open Drizzle transaction on better-sqlite3.");
  try {
    const runner = runnerOf(tx);
    // The first statement must write, as that of a plain job does: see there.
    if (jobs.some((job) => job.unique || hasEdges(job))) runner.run(lockForWrite, {});
    return enqueueJobs(runner, jobs, now);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("no such table")) {
      throw refused("`tx` belongs to a database without jobwright's tables.", error);
    }
    throw storeError(error, path);
  }
}

function isOpen(tx: SqliteTransaction | undefined): tx is SqliteTransaction {
  if (typeof tx?.run !== "function" || typeof tx.all !== "function" || typeof tx.rollback !== "function") return false;
  // Not part of Drizzle's types. A transaction that is over would write at once, which is not what its caller means.
  const { session } = tx as { readonly session?: { readonly client?: { readonly inTransaction?: unknown } } };
  return session?.client?.inTransaction !== false;
}

function refused(message: string, cause?: unknown): JobwrightError {
  return new JobwrightError("JW_TRANSACTION_REQUIRED", message, {
    hint: "Pass the `tx` that `db.transaction((tx) => { … })` hands to your callback, on the provider's own database.",
    cause,
  });
}

/** Drizzle wraps some of the driver's errors in its own. */
function driverError(error: unknown): unknown {
  return error instanceof Error && !("code" in error) && error.cause !== undefined ? error.cause : error;
}

function unwrapped<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw driverError(error);
  }
}

/** Runs the provider's own statements in it. */
function runnerOf(tx: SqliteTransaction): Runner {
  const run = (statement: CompiledStatement, row: Row): ReturnType<Runner["run"]> =>
    unwrapped(() => tx.run(bound(statement, row)));
  const all = <Result>(statement: CompiledStatement, parameters: Parameters): Result[] =>
    unwrapped(() => tx.all<Result>(bound(statement, ordered(statement, parameters))));
  return {
    run: (statement, parameters) => run(statement, ordered(statement, parameters)),
    runRow: run,
    get: <Result>(statement: CompiledStatement, parameters: Parameters) => all<Result>(statement, parameters)[0],
    all,
  };
}

const templates = new Map<CompiledStatement, TemplateStringsArray>();

/** A compiled statement as one of Drizzle's, with its values. */
function bound(statement: CompiledStatement, row: Row): SQL {
  let template = templates.get(statement);
  if (!template) {
    // No statement of the catalogue has a question mark but those of its parameters.
    const pieces = statement.text.split("?");
    template = Object.assign(pieces, { raw: pieces });
    templates.set(statement, template);
  }
  return sql(template, ...row);
}
