import type BetterSqlite3 from "better-sqlite3";
import type { Clock } from "../../contract/index.ts";

/** `full`: a power loss forgets nothing accepted. `normal`: it may forget the last moments; a killed process never does. */
export type Durability = "full" | "normal";

/** An open better-sqlite3 database, or a Drizzle database on one. It is used as it is, and never closed. */
export type UserDatabase = BetterSqlite3.Database | { readonly $client: BetterSqlite3.Database };

export interface SqliteOptions {
  /** File of the database, on a local disk; made if it is missing. `":memory:"` lives as long as the provider. */
  readonly path?: string;
  /** Instead of `path`: the application's own open database. Implies `shared`. */
  readonly database?: UserDatabase;
  /**
   * Whether the file may hold other tables, so that jobs can be enqueued in the application's own transactions.
   * Default false: a database with foreign tables is refused.
   */
  readonly shared?: boolean;
  /**
   * `full`: a power loss forgets nothing accepted. `normal`: it may forget the last moments; a killed process never does.
   * Default `"full"`: group commit makes it cheap.
   */
  readonly durability?: Durability;
  /** Create or upgrade the tables at start. Default true. */
  readonly migrate?: boolean;
  /** How often to look for other processes' changes while workers or callers wait, in ms. Default 5; costs microseconds. */
  readonly pollMs?: number;
  /** For tests. Default: the system's clock. */
  readonly clock?: Clock;
}
