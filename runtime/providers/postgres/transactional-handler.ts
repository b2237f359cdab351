import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { PoolClient } from "pg";
import {
  type Completion,
  type JobState,
  JobwrightError,
  type Lease,
  type Settlement,
  type TransactionLimits,
  type TransactionResult,
} from "../../contract/index.ts";
import { withClient } from "./check-out.ts";
import { type LinkWatch, watchLink } from "./link-watch.ts";
import type { DrizzleSchema, UserDatabase } from "./options.ts";
import type { Run } from "./database.ts";
import { type Aftermath, aftermathOf, type MovedJob, nothing } from "./needs.ts";
import { ackJobs, ackNeeded, completionsOf, refusalOf } from "./ack.ts";
import { forget, type Store, timeOf } from "./store.ts";
import { driverError, readonly, storeError } from "./store-error.ts";
import { type PostgresTransaction, rowsIn } from "./transaction.ts";
import { isStorableId } from "./values.ts";

/** The transaction that a handler gets: that of the application's own Drizzle database, if it gave one. */
export type HandlerTransaction<Schema extends DrizzleSchema> = Parameters<
  Parameters<NodePgDatabase<Schema>["transaction"]>[0]
>[0];

/** Ends a transaction without effect; never leaves this module. */
class Undo extends Error {
  readonly answer: Settlement | "cancelled";

  constructor(answer: Settlement | "cancelled") {
    super(answer);
    this.answer = answer;
  }
}

/** How the body failed, apart from failures of the transaction around it. */
interface BodyFailure {
  readonly error: unknown;
}

export interface Completed {
  readonly settlement: Settlement;
  readonly after: Aftermath;
}

export async function completeInTransaction<Schema extends DrizzleSchema>(
  store: Store,
  given: UserDatabase<Schema> | undefined,
  lease: Lease,
  body: (tx: HandlerTransaction<Schema>) => Promise<TransactionResult>,
  limits: TransactionLimits,
): Promise<Completed> {
  if (!isStorableId(lease.id)) return { settlement: "stale", after: nothing };
  let failed: BodyFailure | undefined;
  let moved: readonly MovedJob[] = [];
  const { where, queryTimeoutMs } = store.database;
  const work = async (tx: HandlerTransaction<Schema>, watch: LinkWatch): Promise<void> => {
    await tx.execute(sql.raw(bounds(limits)));
    // The server ends a statement at the limit, and the pause after it: a longer silence is that of a dead link.
    watch.allow(2 * limits.timeoutMs + queryTimeoutMs);
    const result = await body(tx).catch((error: unknown) => {
      failed = { error };
      throw error;
    });
    watch.allow(queryTimeoutMs);
    moved = await complete(store, tx, { id: lease.id, fence: lease.fence, ...result });
  };
  try {
    await transact<Schema>(store, given, work, (error) => error === failed?.error);
    return { settlement: "ok", after: aftermathOf(moved) };
  } catch (error) {
    // A connection that broke under the body shows as an error of the rollback; the body's own says more.
    if (failed) throw failed.error;
    // What the body left for the commit to check is the body's failure too.
    if (isViolation(error)) throw error;
    if (isAborted(error)) throw swallowed(error);
    if (!(error instanceof Undo)) throw storeError(error, where, isRefused(error) ? readonly : undefined);
    if (error.answer !== "cancelled") return { settlement: error.answer, after: nothing };
    const { settlements, after } = await ackJobs(store, [{ id: lease.id, fence: lease.fence }]);
    return { settlement: settlements[0] ?? "stale", after };
  }
}

/** SQLSTATE class 23: a deferred constraint. */
const isViolation = (error: unknown): boolean => /^23...$/.test(sqlStateOf(error));

/** A query of the body failed, and the body went on: PostgreSQL takes nothing more, our completion neither. */
const isAborted = (error: unknown): boolean => sqlStateOf(error) === "25P02";

/** Outside of the body, only `begin … read write` is a feature that a server may lack: if it is a standby. */
const isRefused = (error: unknown): boolean => sqlStateOf(error) === "0A000";

function sqlStateOf(error: unknown): string {
  const { code } = (driverError(error) ?? {}) as { readonly code?: unknown }; // whatever was thrown
  return typeof code === "string" ? code : "";
}

function swallowed(error: unknown): JobwrightError {
  return new JobwrightError("JW_TRANSACTION_REQUIRED", "The handler went on after a query in its `tx` had failed.", {
    hint: "Let the query's error end the handler, or run what may fail in `tx.transaction(…)`, which is a savepoint.",
    cause: driverError(error),
  });
}

/** READ COMMITTED whatever the default is: the heartbeat changes the job's row meanwhile. */
const isolation = { isolationLevel: "read committed", accessMode: "read write" } as const;

type Work<Schema extends DrizzleSchema> = (tx: HandlerTransaction<Schema>, watch: LinkWatch) => Promise<void>;

async function transact<Schema extends DrizzleSchema>(
  { database: { pool, queryTimeoutMs } }: Store,
  given: UserDatabase<Schema> | undefined,
  work: Work<Schema>,
  isBodyFailure: (error: unknown) => boolean,
): Promise<void> {
  if (given && "$client" in given) return begin<Schema>(given, work, queryTimeoutMs);
  const { drizzle } = await import("drizzle-orm/node-postgres");
  await withClient(
    pool,
    queryTimeoutMs,
    (client) => begin<Schema>(drizzle<Schema, PoolClient>(client), work, queryTimeoutMs),
    (error) => error instanceof Undo || isBodyFailure(error),
  );
}

/** An application's database waits for ever for a connection and for answers, unless its pool was told otherwise. */
function begin<Schema extends DrizzleSchema>(
  database: NodePgDatabase<Schema>,
  work: Work<Schema>,
  limitMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`timeout: no transaction began within ${limitMs} ms`));
    }, limitMs);
    let watch: LinkWatch | undefined;
    const watched = (tx: HandlerTransaction<Schema>): Promise<void> => {
      clearTimeout(timer);
      // Nobody waits for it any more.
      if (late) throw new Undo("stale");
      watch = watchLink(tx, limitMs);
      return work(tx, watch);
    };
    const ended = (): void => {
      clearTimeout(timer);
      watch?.end();
    };
    database.transaction(watched, isolation).finally(ended).then(resolve, reject);
  });
}

/** For this transaction only: connections may be shared, by way of a pooler too. */
function bounds({ timeoutMs }: TransactionLimits): string {
  const limit = Math.max(1, Math.min(2 ** 31 - 1, Math.ceil(timeoutMs)));
  return `set local statement_timeout = ${limit}; set local idle_in_transaction_session_timeout = ${limit}`;
}

/** Returns what was moved by edges. */
async function complete(store: Store, tx: PostgresTransaction, completion: Completion): Promise<readonly MovedJob[]> {
  const { statements } = store;
  const run: Run = (statement, values) => rowsIn(tx, statement, values);
  const refused = await run(statements.ack, { ...completionsOf(store.claimed, [[0, completion]]), ...timeOf(store) });
  forget(store.claimed, [completion]);
  // Refused also if others need the job.
  const needed = refused.length === 0 ? undefined : await ackNeeded(run, store, [[0, completion]]);
  if (needed && needed.answer.length > 0) {
    const [job] = await run<{ readonly fence: number }>(statements.fences, { ids: [completion.id] });
    throw new Undo(refusalOf(completion, job?.fence));
  }
  const [ended] = await run<{ readonly state: JobState }>(statements.states, { ids: [completion.id] });
  if (ended?.state === "cancelled") throw new Undo("cancelled");
  return needed?.moved ?? [];
}
