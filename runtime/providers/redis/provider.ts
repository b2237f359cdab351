import { randomBytes } from "node:crypto";
import type { Capabilities, LeaseThread, NewJob, EnqueueResult, Provider } from "../../contract/index.ts";
import { createSettledWaits } from "../../core/settled-waits.ts";
import { createWakeUps } from "../../core/wake-up.ts";
import { createClient, refuseKeyPrefix, type Target, targetOf } from "./client.ts";
import { type Connection, createConnection } from "./connection.ts";
import * as control from "./control.ts";
import * as deliver from "./deliver.ts";
import { createEnqueueGroup } from "./enqueue-group.ts";
import type { LeaseExtenderData } from "./lease-extender.ts";
import { createPackedIds } from "./ids.ts";
import { createListener, type Listener, type ListenerTimes } from "./listener.ts";
import * as needs from "./needs.ts";
import * as notes from "./notes.ts";
import { defaultCommandTimeoutMs, defaultNamespace, type RedisOptions, type RedisWarning } from "./options.ts";
import * as schedules from "./schedules.ts";
import { checkServer, type ServerFacts } from "./server-check.ts";
import { createSettledLookup } from "./settled-lookup.ts";
import { createStore, type RunScript, type Store } from "./store.ts";
import { stopped } from "./store-error.ts";
import { throttle } from "./throttle.ts";

/** What is known of the server since the start. */
export interface RedisHealth extends ServerFacts {
  /** Whether the server forgot what it had confirmed, as far as this process could see. */
  readonly dataLossSuspected: boolean;
}

export interface RedisProvider extends Provider {
  readonly capabilities: Capabilities & { readonly transactions: "none" };
  /** Undefined before `start`. */
  health(): RedisHealth | undefined;
}

/** Callers of `awaitSettled` are woken by this process and by messages; what both missed is found at this pace. */
const settledPollMs = 500;
/** With many callers, looking at all of them after each settlement would be the main load. */
const settledCheckMs = 10;

interface Opened {
  readonly connection: Connection;
  readonly store: Store;
  readonly listener: Listener;
}

/** Jobs in Redis or Valkey: any number of processes and hosts. `times` is for tests. */
export function createRedisProvider(options: RedisOptions, times: ListenerTimes = {}): RedisProvider {
  const namespace = options.namespace ?? defaultNamespace;
  const timeoutMs = options.commandTimeoutMs ?? defaultCommandTimeoutMs;
  const target = targetOf(options);
  const wakeUps = createWakeUps();
  const underWay = new Set<Promise<unknown>>();
  let opened: Opened | undefined;
  let facts: ServerFacts | undefined;
  let dataLossSuspected = false;
  let ended = false;
  let ending = false;

  function open(): Opened {
    if (ended || ending) throw stopped();
    if (opened) return opened;
    const client = options.client ?? createClient(target);
    refuseKeyPrefix(client);
    const connection = createConnection({
      client,
      owned: options.client === undefined,
      namespace,
      origin: randomBytes(6).toString("base64url"),
      timeoutMs,
      clock: options.clock,
    });
    const listener = createListener(
      connection,
      namespace,
      { ready: (queue) => wakeUps.wake(queue === undefined ? undefined : [queue]), settled: () => checkWaits() },
      times,
    );
    opened = { connection, listener, store: createStore(connection, lost) };
    return opened;
  }

  function warn(warning: RedisWarning): void {
    if (options.onWarning) options.onWarning(warning);
    else process.emitWarning(warning.message, { type: "JobwrightWarning", code: warning.code });
  }

  function lost(sign: string): void {
    dataLossSuspected = true;
    warn({
      code: "data-loss-suspected",
      message: `Redis at ${opened?.connection.place} forgot what it had confirmed: ${sign}. Jobs may be lost, or run again.`,
    });
  }

  /** Calls under way are waited for when the provider stops. */
  const run: RunScript = (script, args) => {
    if (!opened || ended) return Promise.reject(stopped());
    const call = opened.store.run(script, args).finally(() => underWay.delete(call));
    underWay.add(call);
    return call;
  };

  /** Rejects after `stop`, also calls that would not reach the store. */
  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    if (!opened || ended || ending) throw stopped();
    return call();
  }

  function wakeReady(jobs: readonly NewJob[], results: readonly EnqueueResult[]): void {
    // The queues of a job that was changed instead, and of those that passed a gate or were let go, are not known here.
    const changed = results.some(({ outcome, state }) => isChange(outcome) && state === "ready");
    const unknown = changed || jobs.some(({ gates, neededBy }) => gates ?? neededBy);
    wakeUps.wake(unknown ? undefined : readyQueues(jobs, results));
  }

  // Whoever is woken finds nothing if the call fails, and is woken again by its reply.
  const group = createEnqueueGroup(run, (jobs) => wakeUps.wake(plainQueues(jobs)));
  const waits = createSettledWaits(createSettledLookup(run), settledPollMs, stopped);
  const checkWaits = throttle(() => waits.check(), settledCheckMs);

  const packedIds = createPackedIds();

  const provider: RedisProvider = {
    capabilities: { transactions: "none", durable: true, reach: "network" },
    notifier: {
      subscribe(queues, wake) {
        if (!ended && !ending) open().listener.start();
        return wakeUps.subscribe(queues, wake);
      },
      subscribeEnds(wake) {
        if (!ended && !ending) open().listener.start();
        return waits.subscribe(wake);
      },
    },
    ...leaseThread(options, target, { namespace, timeoutMs }),
    health: () => facts && { ...facts, dataLossSuspected },

    async migrate() {
      return open().store.migrate();
    },
    async start() {
      const { connection, store } = open();
      facts ??= await checkServer(connection, options.unsafeAllowEviction ?? false, warn);
      if (options.migrate ?? true) await store.migrate();
      else await store.check();
    },
    async stop() {
      if (ended || ending) return;
      ending = true;
      waits.close();
      checkWaits.cancel();
      opened?.listener.stop();
      await new Promise(setImmediate);
      await Promise.allSettled(underWay);
      ended = true;
      if (opened && !options.client) opened.connection.client.disconnect();
    },

    enqueue: (jobs) =>
      guarded(async () => {
        if (jobs.length === 0) return [];
        const results = await group.submit(jobs);
        wakeReady(jobs, results);
        if (jobs.some(({ neededBy }) => neededBy)) checkWaits();
        return results;
      }),
    claim: (request) =>
      guarded(async () => {
        const { jobs, opened } = await deliver.claimJobs(run, packedIds, request);
        if (opened) wakeUps.wake();
        return jobs;
      }),
    ack: (completions) =>
      guarded(async () => {
        const { settlements, opened } = await deliver.ackJobs(run, packedIds, completions);
        checkWaits();
        if (opened) wakeUps.wake();
        return settlements;
      }),
    nack: (rejections) =>
      guarded(async () => {
        const { settlements } = await deliver.nackJobs(run, packedIds, rejections);
        checkWaits();
        wakeUps.wake();
        return settlements;
      }),
    extend: (request) => guarded(() => deliver.extendLeases(run, request)),
    note: (given) => guarded(() => notes.keepNotes(run, given)),
    report: (reports) => guarded(() => deliver.reportProgress(run, reports)),

    promote: (limit) =>
      guarded(async () => {
        const { promoted, nextRunAt, opened } = await control.promoteJobs(run, limit);
        if (promoted > 0 || opened) wakeUps.wake();
        if (opened) checkWaits();
        return { promoted, nextRunAt };
      }),
    reap: (limit) =>
      guarded(async () => {
        const result = await control.reapJobs(run, limit);
        if (result.readied > 0 || result.ended > 0) wakeUps.wake();
        if (result.ended > 0) checkWaits();
        return result;
      }),
    prune: (request) =>
      guarded(async () => {
        const { pruned, mended } = await control.pruneJobs(run, request);
        if (mended > 0) wakeUps.wake();
        if (pruned > 0 || mended > 0) checkWaits();
        return pruned;
      }),

    get: (id) => guarded(async () => (await control.getJobs(run, [id]))[0]),
    history: (id) => guarded(() => notes.historyOf(run, id)),
    list: (request) => guarded(() => control.listJobs(run, request)),
    counts: (filter = {}) => guarded(() => control.countJobs(run, filter)),
    finished: (request) => guarded(() => needs.finishedJobs(run, request)),
    needs: (request) => guarded(() => needs.needsOf(run, request)),
    complete: (completions) =>
      guarded(async () => {
        const results = await needs.completeJobs(run, completions);
        checkWaits();
        wakeUps.wake();
        return results;
      }),
    cancel: (ids) =>
      guarded(async () => {
        const results = await control.cancelJobs(run, ids);
        checkWaits();
        wakeUps.wake(); // who waited behind them may be ready
        return results;
      }),
    requeue: (ids, delaysMs = []) =>
      guarded(async () => {
        const results = await control.requeueJobs(run, ids, delaysMs);
        wakeUps.wake();
        return results;
      }),
    change: (changes) =>
      guarded(async () => {
        const results = await control.changeJobs(run, changes);
        wakeUps.wake();
        return results;
      }),
    pause: (target) => guarded(() => control.pauseTarget(run, target, true)),
    resume: (target) =>
      guarded(async () => {
        await control.pauseTarget(run, target, false);
        wakeUps.wake("queue" in target ? [target.queue] : undefined);
      }),
    putLimits: (limits) => guarded(() => control.putLimits(run, limits)),
    paused: () => guarded(() => control.pausedTargets(run)),
    awaitSettled: (id, waitOptions) =>
      guarded(() => {
        open().listener.start();
        return waits.wait(id, waitOptions);
      }),

    putSchedules: (given) => guarded(() => schedules.putSchedules(run, given)),
    removeSchedules: (keys) => guarded(() => schedules.removeSchedules(run, keys)),
    schedule: (key) => guarded(() => schedules.findSchedule(run, key)),
    schedules: (after) => guarded(() => schedules.listSchedules(run, after)),
    pauseSchedule: (key) => guarded(() => schedules.pauseSchedule(run, key)),
    resumeSchedule: (key, nextAt) => guarded(() => schedules.resumeSchedule(run, key, nextAt)),
    dueSchedules: (request) => guarded(() => schedules.dueSchedules(run, request)),
    fireSchedule: (firing) =>
      guarded(async () => {
        const result = await schedules.fireSchedule(run, firing);
        if (result.outcome === "fired") wakeReady(firing.jobs, result.results);
        return result;
      }),
  };
  return provider;
}

/** A heartbeat thread can make a connection like ours, but neither share the application's nor take functions along. */
function leaseThread(
  options: RedisOptions,
  target: Target,
  settings: Omit<LeaseExtenderData, "target">,
): { readonly leaseThread?: LeaseThread } {
  const data: LeaseExtenderData = { target, ...settings };
  if (options.client || options.clock || !isCloneable(data)) return {};
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return { leaseThread: { module: new URL(`./lease-extender.${extension}`, import.meta.url).href, data } };
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function isChange(outcome: EnqueueResult["outcome"]): boolean {
  return outcome === "replaced" || outcome === "extended";
}

/** Of those that will be ready for certain, unless they are there already. */
function* plainQueues(jobs: Iterable<NewJob>): Iterable<string> {
  for (const { queue, runAt, delayMs, unique, gates, needs } of jobs) {
    if (runAt === undefined && delayMs === undefined && !(unique ?? gates ?? needs)) yield queue;
  }
}

function* readyQueues(jobs: readonly NewJob[], results: readonly EnqueueResult[]): Iterable<string> {
  for (const [index, job] of jobs.entries()) if (results[index]?.state === "ready") yield job.queue;
}
