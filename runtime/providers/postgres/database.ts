import type { ClientBase, Pool, PoolClient, QueryArrayConfig } from "pg";
import { JobwrightError } from "../../contract/index.ts";
import { withClient } from "./check-out.ts";
import { loadDriver } from "./driver.ts";
import { guardPool } from "./guard.ts";
import type { Location } from "./location.ts";
import { setUpSession } from "./session.ts";
import type { PgStatement } from "./sql.ts";
import { isTransient, storeError } from "./store-error.ts";
import { timed } from "./timed-query.ts";
import { types } from "./values.ts";

export type Value = string | number | boolean | null | readonly string[];
export type Values = Readonly<Record<string, Value>>;

/** Runs a statement in a transaction. How 64-bit numbers look may be an application's choice: `Number` reads them all. */
export type Run = <Row>(statement: PgStatement, values: Values) => Promise<Row[]>;

/** Runs statements on a pool. Everything it throws is a `JobwrightError`. */
export interface Database {
  readonly pool: Pool;
  readonly where: string;
  /** Within which a connection must be had, and within which a statement must be answered. */
  readonly queryTimeoutMs: number;
  /** Rows as arrays, in the order of the selected columns. A statement is made again after a conflict or a lost connection. */
  rows<Row extends readonly unknown[]>(statement: PgStatement, values: Values): Promise<Row[]>;
  /** The same, as objects, for wide results off the hot path. */
  objects<Row>(statement: PgStatement, values: Values): Promise<Row[]>;
  /**
   * Runs several statements in one transaction, again from the start after a conflict or a lost connection. Waits at most
   * `lockWaitMs` for each lock, also where sessions have no limit.
   */
  transact<T>(body: (run: Run) => Promise<T>, lockWaitMs?: number): Promise<T>;
  /** Runs `body` on one connection in a transaction of its own, READ COMMITTED whatever the default is. */
  transaction<T>(body: (client: PoolClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly location: Location;
  /** The application's own pool, which stays open. */
  readonly pool: Pool | undefined;
  /** Whether connections may keep state: prepared statements, settings. */
  readonly sessions: boolean;
  readonly queryTimeoutMs: number;
}

const defaultLockWaitMs = 5_000;
const maxTries = 5;
const firstRetryMs = 25;
/** What a connection gets to close in an orderly way; then its socket is destroyed. */
const closeLimitMs = 2_000;

export function createDatabase({ location, pool: given, sessions, queryTimeoutMs }: DatabaseOptions): Database {
  const { where } = location;
  const owned = given === undefined;
  const pool = given ?? new (loadDriver().Pool)({ ...location.config, ...(sessions && { verify: setUpSession }) });
  const unguard = guardPool(pool);
  /** Whether a bare statement runs READ COMMITTED; asked once, because the default may be another. */
  let plain: Promise<boolean> | undefined = owned && sessions ? Promise.resolve(true) : undefined;

  const query = (statement: PgStatement, values: Values, rowMode: "array" | undefined): QueryArrayConfig => ({
    text: statement.text,
    values: ordered(statement, values),
    ...(sessions && { name: statement.name }),
    types,
    // The array form of the configuration has every field of the other.
    rowMode: rowMode as "array",
  });

  // All connections of the pool may have prepared the same; each failure ends one of them.
  const limits = { conflict: maxTries, connection: 2, plan: pool.options.max + 1 };

  const on = <T>(body: (client: PoolClient) => Promise<T>): Promise<T> =>
    withClient(pool, queryTimeoutMs, body, JobwrightError.is);

  async function isPlain(): Promise<boolean> {
    const asked = timed({ text: "select current_setting('default_transaction_isolation') as level" }, queryTimeoutMs);
    const { rows } = await on((client) => client.query<{ level: string }>(asked));
    return rows[0]?.level === "read committed";
  }

  async function once(config: QueryArrayConfig): Promise<unknown[]> {
    plain ??= isPlain();
    plain.catch(() => (plain = undefined));
    const send = async (client: PoolClient): Promise<unknown[]> => (await client.query(config)).rows;
    return (await plain) ? on(send) : inTransaction(send);
  }

  function run<Row>(statement: PgStatement, values: Values, rowMode: "array" | undefined): Promise<Row[]> {
    const config = timed(query(statement, values, rowMode), queryTimeoutMs);
    // What the statement selects; the provider's suite runs every statement.
    return retried(() => once(config) as Promise<Row[]>);
  }

  async function retried<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const transient = isTransient(error);
        if (!transient || tries >= limits[transient]) throw storeError(error, where);
        const pauseMs = transient === "plan" ? 0 : Math.random() * firstRetryMs * 2 ** tries;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** Closing its connection undoes one that failed. One that was refused is undone at once: its locks are in the way. */
  const inTransaction = <T>(body: (client: PoolClient) => Promise<T>, settings = ""): Promise<T> =>
    on(async (client) => {
      await command(client, `begin isolation level read committed${settings}`);
      try {
        const result = await body(client);
        await command(client, "commit");
        return result;
      } catch (error) {
        if (JobwrightError.is(error)) await command(client, "rollback");
        throw error;
      }
    });

  const command = (client: ClientBase, text: string): Promise<unknown> => client.query(timed({ text }, queryTimeoutMs));

  return {
    pool,
    where,
    queryTimeoutMs,
    rows: <Row extends readonly unknown[]>(statement: PgStatement, values: Values) =>
      run<Row>(statement, values, "array"),
    objects: <Row>(statement: PgStatement, values: Values) => run<Row>(statement, values, undefined),
    transact<T>(body: (run: Run) => Promise<T>, lockWaitMs = defaultLockWaitMs) {
      const within = (client: PoolClient): Promise<T> =>
        body(async <Row>(statement: PgStatement, values: Values) => {
          const { rows } = await client.query(timed(query(statement, values, undefined), queryTimeoutMs));
          return rows as Row[]; // as above
        });
      return retried(() => inTransaction(within, `; set local lock_timeout = ${lockWaitMs}`));
    },
    async transaction(body) {
      try {
        return await inTransaction(body);
      } catch (error) {
        throw storeError(error, where);
      }
    },
    async close() {
      if (owned) await endPool(pool);
      unguard();
    },
  };
}

function ordered(statement: PgStatement, values: Values): Value[] {
  return statement.parameters.map((name) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`no value for ${name} in: ${statement.text}`);
    return value;
  });
}

/** A black-holed connection never says goodbye: pg would wait for it for ever. */
async function endPool(pool: Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimitMs);
  });
  await Promise.race([pool.end(), limit]);
  clearTimeout(timer);
}

export function stopped(): JobwrightError {
  return new JobwrightError("JW_STOPPED", "The PostgreSQL provider was stopped, or not started yet.", {
    hint: "Stop the provider last, after workers and clients; create a new one to go on.",
  });
}
