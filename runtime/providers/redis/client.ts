import type { Cluster, Redis } from "ioredis";
import { JobwrightError } from "../../contract/index.ts";
import { loadDriver } from "./driver.ts";
import type { ConnectionOptions, RedisOptions } from "./options.ts";

export type Client = Redis | Cluster;

/** How to make a connection of our own. Survives `structuredClone` unless it holds functions. */
export interface Target {
  readonly url?: string;
  readonly connection?: ConnectionOptions;
  readonly nodes?: readonly string[];
}

const firstRetryMs = 100;
const maxRetryMs = 5_000;

/** Full jitter, for ever: a worker comes back after any outage, and not all of them in the same moment. */
function retryDelay(times: number): number {
  return firstRetryMs + Math.random() * Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(times, 10));
}

const ownOptions: ConnectionOptions = {
  lazyConnect: true,
  connectTimeout: 5_000,
  keepAlive: 10_000,
  // Calls wait for a connection and give up by themselves; what was sent is sent again, which scripts allow.
  maxRetriesPerRequest: null,
  enableAutoPipelining: false,
  retryStrategy: retryDelay,
  // After a failover the old primary refuses writes: connect again, and find the new one.
  reconnectOnError: (error) => error.message.includes("READONLY"),
};

const ownClusterOptions = { lazyConnect: true, clusterRetryStrategy: retryDelay, slotsRefreshTimeout: 2_000 };

/** A connection of our own; nothing is sent before `connect()` or a first call. */
export function createClient(target: Target): Client {
  const { Redis, Cluster } = loadDriver();
  const options: ConnectionOptions = { ...ownOptions, ...target.connection };
  const client = target.nodes
    ? new Cluster([...target.nodes], { ...ownClusterOptions, redisOptions: options })
    : new Redis(target.url ?? "redis://127.0.0.1:6379", options);
  return withErrorListener(client);
}

/** A second connection like `client`, for listening: it subscribes by hand. It is ours, whoever made the first. */
export function duplicateClient(client: Client): Client {
  if (isCluster(client)) return withErrorListener(client.duplicate([], { lazyConnect: true }));
  return withErrorListener(client.duplicate({ ...ownOptions, autoResubscribe: false }));
}

/** Without a listener an error of a connection would end the process. What failed is told to the callers anyway. */
function withErrorListener(client: Client): Client {
  client.on("error", () => {});
  return client;
}

/** By its shape: the client may come from another copy of ioredis. */
export function isCluster(client: Client): client is Cluster {
  return client.isCluster;
}

/** Where a client points to, for messages: never with credentials. */
export function placeOf(client: Client): string {
  if (isCluster(client)) return "the cluster";
  const { path, host, port, sentinels, name } = client.options;
  if (sentinels && sentinels.length > 0) return `the sentinels' ${name ?? "primary"}`;
  return path ?? `${host ?? "127.0.0.1"}:${port ?? 6379}`;
}

export function targetOf({ url, connection, nodes }: RedisOptions): Target {
  if (url !== undefined && !(/^rediss?:\/\//.test(url) && URL.canParse(url))) {
    throw new JobwrightError("JW_INVALID_OPTION", "The `url` of the Redis provider is not a URL of a Redis server.", {
      hint: "Write it as `redis://localhost:6379`, with `rediss://` for TLS.",
    });
  }
  return {
    ...(url !== undefined && { url }),
    ...(connection !== undefined && { connection }),
    ...(nodes !== undefined && { nodes }),
  };
}

/** A prefix of ioredis would stand before the hash tag of some keys and not of channels. */
export function refuseKeyPrefix(client: Client): void {
  const options = isCluster(client) ? { ...client.options.redisOptions, ...client.options } : client.options;
  if (!options.keyPrefix) return;
  throw new JobwrightError("JW_INVALID_OPTION", "The Redis client has a `keyPrefix`, which jobwright cannot use.", {
    hint: "Give the provider a client without one; `namespace` keeps its keys apart.",
  });
}
