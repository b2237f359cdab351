import type BetterSqlite3 from "better-sqlite3";
import {
  type Capabilities,
  type EnqueueResult,
  isFinalState,
  type JobRecord,
  type NewJob,
  type Settlement,
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
import { enqueueJobs } from "./enqueue.ts";
import { putLimits } from "./gates.ts";
import { historyOf, keepNote } from "./history.ts";
import * as inspect from "./inspect.ts";
import { describePath, leaseThread, userDatabase } from "./location.ts";
import { createLogFlush, type LogFlush, needsLogFlush } from "./log-flush.ts";
import { createSweep } from "./mend.ts";
import { checkSchema, migrateSchema, refuseForeign } from "./migrate.ts";
import type { SqliteOptions } from "./options.ts";
import * as pauses from "./pauses.ts";
import * as schedules from "./schedules.ts";
import * as settle from "./settle.ts";
import { storeError } from "./store-error.ts";
import { enqueueInTransaction, type SqliteTransaction } from "./transaction.ts";
import * as upkeep from "./upkeep.ts";
import { createWriteQueue, stopped, type SubmitOptions, type WriteQueue } from "./write-queue.ts";

export interface SqliteProvider extends SyncTransactionProvider<SqliteTransaction> {
  readonly capabilities: Capabilities & { readonly transactions: "sync" };
}

const defaultPollMs = 5;
/** Callers of `awaitSettled` are woken by this process's settlements; other processes' are found at this pace. */
const settledPollMs = 50;

interface Opened {
  readonly connection: Connection;
  readonly writes: WriteQueue;
  readonly log: LogFlush | undefined;
  readonly owned: boolean;
}

/** The embedded provider: one file, any number of processes on one host, no server. */
export function createSqliteProvider(options: SqliteOptions): SqliteProvider {
  const clock = options.clock ?? systemClock;
  const path = describePath(options);
  const inMemory = path === ":memory:" || path === "";
  const durable = !inMemory && options.durability !== "normal";
  const wakeUps = createWakeUps();
  const sweep = createSweep();
  let opened: Opened | undefined;
  let ended = false;

  function open(): Opened {
    if (ended) throw stopped();
    if (opened) return opened;
    const database = userDatabase(options) ?? openOwn();
    const connection = createConnection(database);
    const log = durable && needsLogFlush(database) ? createLogFlush(database) : undefined;
    const writes = createWriteQueue(database, path, log ? { log } : {});
    opened = { connection, writes, log, owned: options.database === undefined };
    return opened;
  }

  function openOwn(): BetterSqlite3.Database {
    return openDatabase(path, false, (database) => {
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

  function write<T>(change: (connection: Connection, now: number) => T, options?: SubmitOptions<T>): Promise<T> {
    if (!opened || ended) return Promise.reject(stopped());
    const { connection, writes } = opened;
    return writes.submit(() => change(connection, clock.now()), options);
  }

  /** What callers enqueue in the same turn is inserted together. */
  function enqueueTogether(calls: readonly (readonly NewJob[])[]): readonly (readonly EnqueueResult[])[] {
    if (!opened) throw stopped();
    const results = enqueueJobs(opened.connection, calls.flat(), clock.now());
    let from = 0;
    return calls.map((jobs) => results.slice(from, (from += jobs.length)));
  }

  /** The queue of a job that was changed instead is not known here: then all listeners look. */
  function wakeReady(jobs: readonly NewJob[], results: readonly EnqueueResult[]): void {
    wakeUps.wake(results.some(isReadied) ? undefined : readyQueues(jobs, results));
  }

  /** Jobs have ended, or others may have become ready. */
  function endSeen(): void {
    waits.check();
    wakeUps.wake();
  }

  /** An end that a caller waits for is on the disk before the caller hears of it, whichever process wrote it. */
  async function readSettled(id: string): Promise<JobRecord | undefined> {
    const job = await provider.get(id);
    if (job && isFinalState(job.state)) await opened?.log?.flush();
    return job;
  }

  const waits = createSettledWaits(readSettled, settledPollMs, stopped);
  const watch = createChangeWatch(
    () => opened?.connection.database,
    options.pollMs ?? defaultPollMs,
    () => {
      wakeUps.wake();
      waits.check();
    },
  );
  let listening = 0;

  /** Others' changes are looked for as long as somebody in this process listens. */
  function watched(unsubscribe: () => void): () => void {
    if (listening++ === 0) watch.start();
    let over = false;
    return () => {
      unsubscribe();
      if (!over && --listening === 0) watch.stop();
      over = true;
    };
  }

  const provider: SqliteProvider = {
    capabilities: { transactions: "sync", durable: !inMemory, reach: inMemory ? "process" : "host" },
    notifier: {
      subscribe: (queues, wake) => watched(wakeUps.subscribe(queues, wake)),
      subscribeEnds: (wake) => watched(waits.subscribe(wake)),
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

    enqueue(jobs) {
      if (jobs.length === 0) return Promise.resolve([]);
      if (!opened || ended) return Promise.reject(stopped());
      return opened.writes.submitPart(enqueueTogether, jobs, {
        committed(results) {
          wakeReady(jobs, results);
          // One that needs others may have been skipped.
          if (jobs.some(({ needs }) => needs)) waits.check();
        },
      });
    },
    enqueueInTransaction(jobs, tx) {
      if (ended) throw stopped();
      const results = enqueueInTransaction(tx, jobs, clock.now(), path);
      // The transaction is synchronous code, so it is over before the next turn of the event loop.
      setImmediate(() => wakeReady(jobs, results));
      return results;
    },
    // A power loss may undo a claim, a heartbeat or maintenance: nobody is left who relies on it, and it is done again.
    claim: (request) =>
      write((connection, now) => deliver.claimJobs(connection, request, now), {
        relaxed: true,
        // A start makes room at a gate of fairness.
        committed: (claimed) => claimed.some(({ gated }) => gated) && wakeUps.wake(),
      }),
    async ack(completions) {
      if (completions.length === 0) return [];
      const acknowledged = await write((connection, now) => settle.ackJobs(connection, completions, now), {
        committed({ hasMoved }) {
          waits.check();
          if (hasMoved || completions.some(({ gated }) => gated)) wakeUps.wake();
        },
      });
      return acknowledged.settlements;
    },
    nack(rejections) {
      if (rejections.length === 0) return Promise.resolve([]);
      const nackAll = (connection: Connection, now: number): Settlement[] =>
        rejections.map((rejection) => settle.nackJob(connection, rejection, now));
      return write(nackAll, { committed: endSeen });
    },
    extend: (request) => write((connection, now) => deliver.extendLeases(connection, request, now), { relaxed: true }),
    report: (reports) =>
      write((connection) => reports.map((report) => deliver.reportProgress(connection, report)), { relaxed: true }),
    // Not relaxed, as a step that is forgotten is done again.
    note: (notes) => write((connection) => notes.map((note) => keepNote(connection, note))),

    async promote(limit) {
      const promotion = await write((connection, now) => upkeep.promoteJobs(connection, limit, now), {
        relaxed: true,
        committed: ({ readied }) => readied > 0 && wakeUps.wake(),
      });
      return promotion.result;
    },
    reap: (limit) =>
      write((connection, now) => upkeep.reapJobs(connection, limit, now), {
        relaxed: true,
        committed({ readied, ended: given }) {
          // An end makes room for others.
          if (readied + given > 0) wakeUps.wake();
          if (given > 0) waits.check();
        },
      }),
    async prune(request) {
      const pruning = await write((connection, now) => upkeep.pruneJobs(connection, request, sweep, now), {
        relaxed: true,
        committed({ pruned, mended }) {
          if (pruned + mended > 0) waits.check();
          if (mended > 0) wakeUps.wake();
        },
      });
      return pruning.pruned;
    },

    get: (id) => read((connection) => inspect.getJob(connection, id)),
    history: (id) => read((connection) => historyOf(connection, id)),
    list: (request) => read((connection) => inspect.listJobs(connection, request)),
    counts: (filter = {}) => read((connection) => inspect.countJobs(connection, filter)),
    finished: (request) => read((connection) => inspect.finishedJobs(connection, request, clock.now())),
    needs: (request) => read((connection) => inspect.needsOf(connection, request)),
    complete: (completions) =>
      write((connection, now) => completions.map((completion) => control.completeJob(connection, completion, now)), {
        committed: endSeen,
      }),
    cancel: (ids) =>
      write((connection, now) => ids.map((id) => control.cancelJob(connection, id, now)), { committed: endSeen }),
    requeue: (ids, delaysMs = []) =>
      write(
        (connection, now) => ids.map((id, index) => control.requeueJob(connection, id, delaysMs[index] ?? 0, now)),
        // One whose needs are as they were is skipped again.
        { committed: endSeen },
      ),
    change: (changes) =>
      write((connection, now) => changes.map((change) => control.changeJob(connection, change, now)), {
        committed: () => wakeUps.wake(),
      }),
    pause: (target) => write((connection, now) => pauses.pause(connection, target, now)),
    resume: (target) =>
      write((connection) => pauses.resume(connection, target), {
        committed: () => wakeUps.wake("queue" in target ? [target.queue] : undefined),
      }),
    paused: () => read(pauses.paused),
    putLimits: (limits) => write((connection) => putLimits(connection, limits)),
    awaitSettled(id, waitOptions) {
      if (!opened || ended) return Promise.reject(stopped());
      return waits.wait(id, waitOptions);
    },

    putSchedules: (given) =>
      write((connection) => given.forEach((schedule) => schedules.putSchedule(connection, schedule))),
    removeSchedules: (keys) => write((connection) => keys.map((key) => schedules.removeSchedule(connection, key))),
    schedule: (key) => read((connection) => schedules.findSchedule(connection, key, clock.now())),
    schedules: (after) => read((connection) => schedules.listSchedules(connection, after, clock.now())),
    pauseSchedule: (key) => write((connection, now) => schedules.pauseSchedule(connection, key, now)),
    resumeSchedule: (key, nextAt) => write((connection) => schedules.resumeSchedule(connection, key, nextAt)),
    dueSchedules: (request) => read((connection) => schedules.dueSchedules(connection, request, clock.now())),
    fireSchedule: (firing) =>
      write((connection, now) => schedules.fireSchedule(connection, firing, now), {
        committed: (result) => result.outcome === "fired" && wakeReady(firing.jobs, result.results),
      }),
  };
  return provider;
}

/** Whether another job than the given one may have become ready. */
function isReadied({ outcome, state }: EnqueueResult): boolean {
  return state !== "scheduled" && (outcome === "replaced" || outcome === "extended");
}

function* readyQueues(jobs: readonly NewJob[], results: readonly EnqueueResult[]): Iterable<string> {
  for (const [index, { queue }] of jobs.entries()) {
    const state = results[index]?.state;
    // Where one is blocked, another may have been let in.
    if (state === "ready" || state === "blocked") yield queue;
  }
}
