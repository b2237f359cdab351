import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { PoolClient } from "pg";
import type {
  Completion,
  JobState,
  Lease,
  Settlement,
  TransactionLimits,
  TransactionResult,
} from "../../contract/index.ts";
import type { DrizzleSchema, UserDatabase } from "./options.ts";
import { ackJobs, completionsOf } from "./settle.ts";
import { type Store, timeOf } from "./store.ts";
import { storeError } from "./store-error.ts";
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

export async function completeInTransaction<Schema extends DrizzleSchema>(
  store: Store,
  database: UserDatabase<Schema> | undefined,
  lease: Lease,
  body: (tx: HandlerTransaction<Schema>) => Promise<TransactionResult>,
  limits: TransactionLimits,
): Promise<Settlement> {
  if (!isStorableId(lease.id)) return "stale";
  let failed: BodyFailure | undefined;
  try {
    await transact<Schema>(store, database, async (tx) => {
      await tx.execute(sql.raw(bounds(limits)));
      const result = await body(tx).catch((error: unknown) => {
        failed = { error };
        throw error;
      });
      await complete(store, tx, { id: lease.id, fence: lease.fence, ...result });
    });
    return "ok";
  } catch (error) {
    // A connection that broke under the body shows as an error of the rollback; the body's own says more.
    if (failed) throw failed.error;
    if (!(error instanceof Undo)) throw storeError(error, store.database.where);
    if (error.answer !== "cancelled") return error.answer;
    const [settlement = "stale"] = await ackJobs(store, [{ id: lease.id, fence: lease.fence }]);
    return settlement;
  }
}

/** READ COMMITTED whatever the default is: the heartbeat changes the job's row meanwhile. */
const isolation = { isolationLevel: "read committed", accessMode: "read write" } as const;

async function transact<Schema extends DrizzleSchema>(
  { database: { pool } }: Store,
  given: UserDatabase<Schema> | undefined,
  work: (tx: HandlerTransaction<Schema>) => Promise<void>,
): Promise<void> {
  if (given && "$client" in given) return given.transaction(work, isolation);
  const { drizzle } = await import("drizzle-orm/node-postgres");
  const client = await pool.connect();
  let broken = true;
  try {
    await drizzle<Schema, PoolClient>(client).transaction(work, isolation);
    broken = false;
  } catch (error) {
    broken = !(error instanceof Undo);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** For this transaction only: connections may be shared, by way of a pooler too. */
function bounds({ timeoutMs }: TransactionLimits): string {
  const limit = Math.max(1, Math.min(2 ** 31 - 1, Math.ceil(timeoutMs)));
  return `set local statement_timeout = ${limit}; set local idle_in_transaction_session_timeout = ${limit}`;
}

async function complete(store: Store, tx: PostgresTransaction, completion: Completion): Promise<void> {
  const { statements } = store;
  const completions = completionsOf([[0, completion]]);
  const [refusal] = await rowsIn<{ readonly answer: Settlement }>(tx, statements.ack, {
    completions,
    ...timeOf(store),
  });
  if (refusal) throw new Undo(refusal.answer);
  const [ended] = await rowsIn<{ readonly state: JobState }>(tx, statements.states, { ids: [completion.id] });
  if (ended?.state === "cancelled") throw new Undo("cancelled");
}
