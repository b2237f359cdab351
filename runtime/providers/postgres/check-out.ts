import type { Pool, PoolClient } from "pg";

/** Runs `body` on a client of the pool. One that failed is thrown away: what state it is in, nobody knows. */
export async function withClient<T>(
  pool: Pool,
  limitMs: number,
  body: (client: PoolClient) => Promise<T>,
  isClean: (error: unknown) => boolean = () => false,
): Promise<T> {
  const client = await checkOut(pool, limitMs);
  let broken = false;
  try {
    return await body(client);
  } catch (error) {
    broken = !isClean(error);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** An application's pool waits for ever for a connection, unless it was told otherwise. */
async function checkOut(pool: Pool, limitMs: number): Promise<PoolClient> {
  const client = pool.connect();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timeout: the pool had no connection for ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([client, limit]);
  } catch (error) {
    // It may still come, and belongs to somebody else then.
    client.then(
      (late) => late.release(),
      () => undefined,
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
