import type { Pool, PoolClient } from "pg";

/**
 * Keeps a lost connection from ending the process: a pool, and every client while it is checked out, throws an `error`
 * event that nobody listens to. Queries on that connection fail by themselves; the pool discards it.
 */
export function guardPool(pool: Pool): () => void {
  const guarded = new WeakSet<PoolClient>();
  const ignore = (): void => undefined;

  const guard = (client: PoolClient): void => {
    if (guarded.has(client)) return;
    guarded.add(client);
    client.on("error", ignore);
  };

  pool.on("error", ignore);
  pool.on("connect", guard);
  // Those that the application's pool had made before.
  pool.on("acquire", guard);
  return () => {
    pool.off("error", ignore);
    pool.off("connect", guard);
    pool.off("acquire", guard);
  };
}
