import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type JobState, JobwrightError, type NewJob } from "../../contract/index.ts";
import type { Value, Values } from "./database.ts";
import {
  enqueueJobs,
  type EnqueueRun,
  type InsertedRow,
  insertOf,
  type StateRow,
  takesSteps,
  writtenOf,
} from "./enqueue.ts";
import type { PgStatement } from "./sql.ts";
import { type Store, timeOf } from "./store.ts";
import { storeError } from "./store-error.ts";
import { nothing } from "./needs.ts";
import { enqueueInSteps, type Enqueued } from "./enqueue-steps.ts";

/**
 * What a Drizzle transaction on node-postgres offers, structurally: two copies of drizzle-orm in one process then do not
 * matter.
 */
export interface PostgresTransaction {
  execute(query: SQLWrapper | string): PromiseLike<unknown>;
  /** What a transaction has and the database around it lacks. */
  rollback(): never;
}

/** Writes jobs through the user's open transaction; they exist if and only if it commits. */
export async function enqueueInTransaction(
  store: Store,
  tx: PostgresTransaction,
  jobs: readonly NewJob[],
): Promise<Enqueued> {
  if (typeof tx?.execute !== "function" || typeof tx.rollback !== "function" || statusOf(tx) === "I") {
    throw refused("`tx` is not an open Drizzle transaction on node-postgres.");
  }
  try {
    if (jobs.some(takesSteps)) {
      return await enqueueInSteps((statement, values) => rowsIn(tx, statement, values), store, jobs);
    }
    return { written: writtenOf(jobs, await enqueueJobs(statementsIn(store, tx), jobs)), after: nothing };
  } catch (error) {
    throw explained(error, store);
  }
}

function statementsIn(store: Store, tx: PostgresTransaction): EnqueueRun {
  const { statements } = store;
  return {
    async insert(batch) {
      type Row = { readonly n: number | null; readonly now: string | null };
      const [statement, values] = insertOf(batch, statements.insertJobs, statements.insertGated);
      const rows = await rowsIn<Row>(tx, statement, { ...values, ...timeOf(store) });
      return rows.map(({ n, now }): InsertedRow => (n === null ? [n, Number(now)] : [n, null]));
    },
    async states(ids) {
      type Row = { readonly id: string; readonly state: JobState; readonly run_at: string; readonly gated: boolean };
      const rows = await rowsIn<Row>(tx, statements.states, { ids });
      return rows.map(({ id, state, run_at, gated }): StateRow => [id, state, Number(run_at), gated]);
    },
  };
}

/** Rows as objects; how 64-bit numbers look is the application's choice. */
export async function rowsIn<Row>(tx: PostgresTransaction, statement: PgStatement, values: Values): Promise<Row[]> {
  const result = (await tx.execute(filled(statement, values))) as { readonly rows: Row[] }; // what pg returns
  return result.rows;
}

/** The compiled text with its values, as Drizzle takes it. Quoted names may look like parameters, and are none. */
function filled({ text, parameters }: PgStatement, values: Values): SQL {
  const chunks: SQL[] = [];
  let end = 0;
  for (const match of text.matchAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g)) {
    if (match[1] === undefined) continue;
    const value: Value = values[parameters[Number(match[1]) - 1] ?? ""] ?? null;
    chunks.push(sql.raw(text.slice(end, match.index)), sql`${sql.param(value)}`);
    end = match.index + match[0].length;
  }
  return sql.join([...chunks, sql.raw(text.slice(end))]);
}

/** Not part of Drizzle's types, nor all of it of pg's. Without them, nothing breaks: a hint comes a little later. */
interface Insides {
  readonly session?: {
    readonly client?: {
      getTransactionStatus?(): string | null;
      readonly connection?: {
        readonly stream: { destroy(): void };
        on(event: "readyForQuery", listener: (message: { readonly status?: string }) => void): void;
        off(event: "readyForQuery", listener: (message: { readonly status?: string }) => void): void;
      };
    };
  };
}

export function clientOf(tx: PostgresTransaction): NonNullable<Insides["session"]>["client"] {
  return (tx as Insides).session?.client;
}

function statusOf(tx: PostgresTransaction): string | null | undefined {
  return clientOf(tx)?.getTransactionStatus?.();
}

/** Between an enqueue and its hint, in ms, if the end of the transaction cannot be seen. */
const blindDelayMs = 50;

/** What waits for the end of the transaction on a connection; one listener each, however many jobs are enqueued in it. */
const waiting = new WeakMap<object, (() => void)[]>();

/** Calls `action` when the transaction is over: with every answer, the server says whether one is open. */
export function afterTransaction(tx: PostgresTransaction, action: () => void): void {
  const connection = clientOf(tx)?.connection;
  if (!connection) return void setTimeout(action, blindDelayMs).unref();
  const actions = waiting.get(connection);
  if (actions) return void actions.push(action);
  waiting.set(connection, [action]);
  const listener = ({ status }: { readonly status?: string }): void => {
    if (status !== "I") return;
    connection.off("readyForQuery", listener);
    const due = waiting.get(connection) ?? [];
    waiting.delete(connection);
    for (const act of due) act();
  };
  connection.on("readyForQuery", listener);
}

function explained(error: unknown, { database }: Store): JobwrightError {
  const known = storeError(error, database.where);
  if (known.code === "JW_SCHEMA_MISSING")
    return refused("`tx` belongs to a database without jobwright's tables.", known);
  const { code } = (known.cause ?? {}) as { readonly code?: unknown }; // whatever was thrown
  return code === "25P02" ? refused("`tx` has failed already: PostgreSQL takes nothing more in it.", known) : known;
}

function refused(message: string, cause?: unknown): JobwrightError {
  return new JobwrightError("JW_TRANSACTION_REQUIRED", message, {
    hint: "Pass the `tx` that `db.transaction(async (tx) => { … })` hands to your callback, on the provider's own database.",
    cause,
  });
}
