import type { QueryConfig } from "pg";

/**
 * A query with a time limit in ms. pg takes one per query, which its types do not say; it holds on the application's own
 * pool too. Without it, a black-holed link hangs for ever.
 */
export function timed<Config extends QueryConfig>(config: Config, limitMs: number): Config {
  return Object.assign(config, { query_timeout: limitMs });
}
