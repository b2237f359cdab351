import type { Cluster, Redis, RedisOptions as IoredisOptions } from "ioredis";
import type { Clock } from "../../contract/index.ts";

/** How ioredis connects. Without `replyMapping`, which would change the shape of replies. */
export type ConnectionOptions = Omit<IoredisOptions, "replyMapping">;

/** What a server or its history has that an operator should know of. */
export interface RedisWarning {
  readonly code:
    /** The store knows less than it did: FLUSHALL, a failover to a replica that lagged, a restart without persistence. */
    | "data-loss-suspected"
    /** Redis keeps nothing on disk, or snapshots only. */
    | "no-persistence"
    /** Keys may be evicted, and the application said that it accepts that. */
    | "eviction"
    /** The server does not say how it is configured. */
    | "unknown-configuration";
  readonly message: string;
}

export interface RedisOptions {
  /** `redis://[user:password@]host:port/db`, or `rediss://` for TLS. Default: `redis://127.0.0.1:6379`. */
  readonly url?: string;
  /** Options of ioredis, added to `url`: TLS, Sentinel, credentials. Not `keyPrefix`: that is what `namespace` is for. */
  readonly connection?: ConnectionOptions;
  /** Some nodes of a Redis Cluster, instead of `url`: `["redis://10.0.0.1:6379"]`. The others are found. */
  readonly nodes?: readonly string[];
  /** Instead of all of these: the application's own client. It is used as it is, and never closed. */
  readonly client?: Redis | Cluster;
  /** Several stores can share a server. All keys begin with `{namespace}:`. Default `"jobwright"`. */
  readonly namespace?: string;
  /** Mark the namespace as a store at start. Default true. */
  readonly migrate?: boolean;
  /** How long a call may take until it is given up, in ms. Default 5,000. */
  readonly commandTimeoutMs?: number;
  /** Start although the server may evict jobs when its memory is full. Default false. */
  readonly unsafeAllowEviction?: boolean;
  /** Hears what an operator should know. Default: `process.emitWarning`. */
  readonly onWarning?: (warning: RedisWarning) => void;
  /** For tests. Default: the clock of the server. */
  readonly clock?: Clock;
}

export const defaultCommandTimeoutMs = 5_000;
export const defaultNamespace = "jobwright";
