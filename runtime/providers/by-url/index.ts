import { JobwrightError, type Provider } from "../../contract/index.ts";

export interface CreateProviderOptions {
  /**
   * The store's name on a server that holds several: the schema of PostgreSQL, the namespace of Redis. Default
   * `"jobwright"`. Refused for SQLite, where every file is a store of its own.
   */
  readonly namespace?: string;
  /** Create or upgrade the store's tables at start. Default true. */
  readonly migrate?: boolean;
}

type Open = (url: string, options: CreateProviderOptions) => Promise<Provider>;

/** A module is loaded when its scheme is asked for, so that the other drivers need not be there. */
const schemes: ReadonlyMap<string, Open> = new Map([
  ["sqlite", openSqlite],
  ["postgres", openPostgres],
  ["postgresql", openPostgres],
  ["redis", openRedis],
  ["rediss", openRedis],
]);

const ways = "`sqlite:jobs.db`, `postgres://user:password@host/database`, `redis://host:6379` or `rediss://…`";

/**
 * Makes the provider that a URL names, for applications that choose their store by configuration. It is not started: a
 * client or worker does that. What only one store has, such as transactions, comes with that store's own entry point.
 *
 * - `sqlite:jobs.db`, `sqlite:/var/lib/app/jobs.db`, `sqlite::memory:`: a path as it is, without URL encoding
 * - `postgres://…`, `postgresql://…`
 * - `redis://…`, `rediss://…`
 *
 * Throws `JW_INVALID_OPTION` for a URL or an option that does not fit. A driver that is not installed is reported as
 * `JW_DRIVER_MISSING`, here or when the provider starts. No message holds more of the URL than its scheme and host.
 *
 * @example
 * const provider = await createProvider(process.env.JOBS_URL ?? "sqlite:jobs.db");
 */
export async function createProvider(url: string, options: CreateProviderOptions = {}): Promise<Provider> {
  const open = schemes.get(schemeOf(url));
  if (!open) throw refusal(`There is no provider for ${unknown(url)}.`);
  try {
    return await open(url, options);
  } catch (error) {
    if (JobwrightError.is(error)) throw error;
    // Without the cause, which may quote the URL, and with it the password.
    throw refusal(`The ${schemeOf(url)} URL cannot be understood.`);
  }
}

async function openSqlite(url: string, { namespace, migrate }: CreateProviderOptions): Promise<Provider> {
  const path = url.slice("sqlite:".length);
  if (namespace !== undefined) {
    throw refusal("A store in SQLite has no `namespace`.", "Name another file: every file is a store of its own.");
  }
  if (path === "") throw refusal("The sqlite URL names no file.");
  // Elsewhere two slashes begin a host and three are for "no host"; as a path, both would be the root of the disk.
  if (path.startsWith("//")) {
    throw refusal("A sqlite URL has a path and no host.", "Write `sqlite:jobs.db` or `sqlite:/var/lib/app/jobs.db`.");
  }
  const { sqlite } = await import("../sqlite/index.ts");
  return sqlite({ path, ...(migrate !== undefined && { migrate }) });
}

async function openPostgres(url: string, { namespace, migrate }: CreateProviderOptions): Promise<Provider> {
  const { postgres } = await import("../postgres/index.ts");
  return postgres({
    url,
    ...(namespace !== undefined && { schema: namespace }),
    ...(migrate !== undefined && { migrate }),
  });
}

async function openRedis(url: string, { namespace, migrate }: CreateProviderOptions): Promise<Provider> {
  // Throws at a stray `%`, which ioredis would notice while it connects.
  decodeURIComponent(url);
  const { redis } = await import("../redis/index.ts");
  return redis({ url, ...(namespace !== undefined && { namespace }), ...(migrate !== undefined && { migrate }) });
}

/** In small letters; empty if there is none. */
function schemeOf(url: string): string {
  return /^([a-z][a-z\d+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? "";
}

/** What stands before a mere colon may be a user's name, or worse: it is not shown. */
function unknown(url: string): string {
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(url)?.[0];
  return scheme === undefined ? "a URL without a known scheme" : `\`${scheme}\``;
}

function refusal(message: string, hint = `Write ${ways}.`): JobwrightError {
  return new JobwrightError("JW_INVALID_OPTION", message, { hint });
}
