import type { ClientBase } from "pg";

/**
 * Settings of the provider's own connections. The planner's are an insurance: a prepared statement keeps its plan, and one
 * made while the tables were nearly empty would read them from end to end long after a million jobs have arrived.
 */
const settings: Readonly<Record<string, string>> = {
  default_transaction_isolation: "read committed",
  statement_timeout: "10s",
  lock_timeout: "5s",
  idle_in_transaction_session_timeout: "60s",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  // A plan that cannot do without what is off looks so expensive that it would be compiled, and given to processes of its
  // own: 40 ms to read two empty tables.
  jit: "off",
  max_parallel_workers_per_gather: "0",
};

const text = `select ${Object.entries(settings)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(", ")}`;

/** pg-pool calls it with each new connection, before anybody gets it. */
export function setUpSession(client: ClientBase, done: (error?: Error) => void): void {
  client.query(text, (error: Error | null) => done(error ?? undefined));
}
