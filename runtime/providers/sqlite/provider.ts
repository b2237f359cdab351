import type BetterSqlite3 from "better-sqlite3";
import {
  type Capabilities,
  JobwrightError,
  type LeaseThread,
  type Provider,
  type SyncTransactionProvider,
  systemClock,
} from "../../contract/index.ts";
import { createSettledWaits } from "../../core/settled-waits.ts";
import { createWakeUps } from "../../core/wake-up.ts";
import { type Connection, createConnection } from "./connection.ts";
import * as control from "./control.ts";
import { createChangeWatch } from "./change-watch.ts";
import { openDatabase } from "./database.ts";
import * as deliver from "./deliver.ts";
import { checkSchema, migrateSchema, refuseForeign } from "./migrate.ts";
import type { SqliteOptions } from "./options.ts";
import { storeError } from "./store-error.ts";
import { enqueueInTransaction, type SqliteTransaction } from "./transaction.ts";
import { createWriteQueue, stopped, type WriteQueue } from "./write-queue.ts";

export interface SqliteProvider extends SyncTransactionProvider<SqliteTransaction> {
  readonly capabilities: Capabilities & { readonly transactions: "sync" };
}

const defaultPollMs = 5;
/** Callers of `awaitSettled` are woken by this process's settlements; other processes' are found at this pace. */
const settledPollMs = 50;

interface Opened {
  readonly connection: Connection;
  readonly writes: WriteQueue;
  readonly owned: boolean;
}

/** The embedded provider: one file, any number of processes on one host, no server. */
export function createSqliteProvider(options: SqliteOptions): SqliteProvider {
  const clock = options.clock ?? systemClock;
  const path = describePath(options);
  const inMemory = path === ":memory:" || path === "";
  const wakeUps = createWakeUps();
  let opened: Opened | undefined;
  let ended = false;

  function open(): Opened {
    if (ended) throw stopped();
    if (opened) return opened;
    const database = userDatabase(options) ?? openOwn();
    const connection = createConnection(database);
    opened = { connection, writes: createWriteQueue(database, path), owned: options.database === undefined };
    return opened;
  }

  function openOwn(): BetterSqlite3.Database {
    return openDatabase({ path, durability: options.durability ?? "full" }, false, (database) => {
      if (!options.shared) refuseForeign(createConnection(database), path);
    });
  }

  function read<T>(query: (connection: Connection) => T): Promise<T> {
    return new Promise((resolve) => {
      if (!opened || ended) throw stopped();
      try {
        resolve(query(opened.connection));
      } catch (error) {
        throw storeError(error, path);
      }
    });
  }

  function write<T>(change: (connection: Connection, now: number) => T): Promise<T> {
    if (!opened || ended) return Promise.reject(stopped());
    const { connection, writes } = opened;
    return writes.submit(() => change(connection, clock.now()));
  }

  const waits = createSettledWaits(
    (id) => read((connection) => control.getJob(connection, id)),
    settledPollMs,
    stopped,
  );
  const watch = createChangeWatch(
    () => opened?.connection.database,
    options.pollMs ?? defaultPollMs,
    () => wakeUps.wake(),
  );

  const provider: SqliteProvider = {
    capabilities: { transactions: "sync", durable: !inMemory, multiProcess: !inMemory },
    notifier: {
      subscribe(queues, wake) {
        const unsubscribe = wakeUps.subscribe(queues, wake);
        watch.start();
        return () => {
          unsubscribe();
          if (wakeUps.listeners === 0) watch.stop();
        };
      },
    },
    ...(inMemory ? {} : { leaseThread: leaseThread(path) }),

    async migrate() {
      const { connection, writes } = open();
      return writes.submit(() => migrateSchema(connection, path));
    },
    async start() {
      const { connection } = open();
      if (options.migrate ?? true) await provider.migrate();
      else checkSchema(connection, path);
    },
    async stop() {
      if (ended) return;
      watch.stop();
      waits.close();
      await opened?.writes.close();
      ended = true;
      if (opened?.owned) opened.connection.database.close();
    },

    async enqueue(jobs) {
      if (jobs.length === 0) return [];
      const results = await write((connection, now) => jobs.map((job) => deliver.enqueueJob(connection, job, now)));
      wakeUps.wake(readyQueues(jobs, results));
      return results;
    },
    enqueueInTransaction(jobs, tx) {
      if (ended) throw stopped();
      const results = enqueueInTransaction(tx, jobs, clock.now(), path);
      // The transaction is synchronous code, so it is over before the next turn of the event loop.
      setImmediate(() => wakeUps.wake(readyQueues(jobs, results)));
      return results;
    },
    claim: (request) => write((connection, now) => deliver.claimJobs(connection, request, now)),
    async ack(completions) {
      if (completions.length === 0) return [];
      const results = await write((connection, now) => deliver.ackJobs(connection, completions, now));
      waits.check();
      return results;
    },
    async nack(rejections) {
      if (rejections.length === 0) return [];
      const results = await write((connection, now) =>
        rejections.map((rejection) => deliver.nackJob(connection, rejection, now)),
      );
      waits.check();
      wakeUps.wake();
      return results;
    },
    extend: (request) => write((connection, now) => deliver.extendLeases(connection, request, now)),
    report: (reports) => write((connection) => reports.map((report) => deliver.reportProgress(connection, report))),

    async promote(limit) {
      const result = await write((connection, now) => control.promoteJobs(connection, limit, now));
      if (result.promoted > 0) wakeUps.wake();
      return result;
    },
    async reap(limit) {
      const result = await write((connection, now) => control.reapJobs(connection, limit, now));
      if (result.readied > 0) wakeUps.wake();
      if (result.ended > 0) waits.check();
      return result;
    },
    async prune(request) {
      const pruned = await write((connection, now) => control.pruneJobs(connection, request, now));
      if (pruned > 0) waits.check();
      return pruned;
    },

    get: (id) => read((connection) => control.getJob(connection, id)),
    list: (request) => read((connection) => control.listJobs(connection, request)),
    counts: (filter = {}) => read((connection) => control.countJobs(connection, filter)),
    async cancel(ids) {
      const results = await write((connection, now) => ids.map((id) => control.cancelJob(connection, id, now)));
      waits.check();
      return results;
    },
    async requeue(ids) {
      const results = await write((connection, now) => ids.map((id) => control.requeueJob(connection, id, now)));
      wakeUps.wake();
      return results;
    },
    async pause(queue) {
      await write((connection, now) => control.pauseQueue(connection, queue, now));
    },
    async resume(queue) {
      await write((connection) => control.resumeQueue(connection, queue));
      wakeUps.wake([queue]);
    },
    paused: () => read(control.pausedQueues),
    awaitSettled(id, waitOptions) {
      if (!opened || ended) return Promise.reject(stopped());
      return waits.wait(id, waitOptions);
    },
  };
  return provider;
}

function describePath(options: SqliteOptions): string {
  const database = userDatabase(options);
  if (database) return database.name;
  if (typeof options.path === "string" && options.path !== "") return options.path;
  throw new JobwrightError("JW_INVALID_OPTION", "The SQLite provider needs a `path` or a `database`.", {
    hint: 'Call it as `sqlite("jobs.db")`.',
  });
}

function userDatabase(options: SqliteOptions): BetterSqlite3.Database | undefined {
  const database = options.database;
  if (!database) return undefined;
  return "$client" in database ? database.$client : database;
}

function leaseThread(path: string): LeaseThread {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return { module: new URL(`./lease-extender.${extension}`, import.meta.url).href, data: { path } };
}

function* readyQueues(
  jobs: Parameters<Provider["enqueue"]>[0],
  results: Awaited<ReturnType<Provider["enqueue"]>>,
): Iterable<string> {
  for (const [index, job] of jobs.entries()) if (results[index]?.state === "ready") yield job.queue;
}
