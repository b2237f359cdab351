import { setMaxListeners } from "node:events";
import { type Clock, JobwrightError, type Provider, systemClock } from "../../contract/index.ts";
import { historyOf } from "./attempts.ts";
import { cancelJob, changeJob, completeJob, enqueueJobs, pause, requeueJob, resume } from "./control.ts";
import { putLimits } from "./gates.ts";
import { countJobs, finishedJobs, getJob, listJobs } from "./inspect.ts";
import { ackJob, claimJobs, extendLeases, keepNote, nackJob, reportProgress } from "./leases.ts";
import { needsOf } from "./needs.ts";
import {
  dueSchedules,
  findSchedule,
  fireSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
} from "./schedules.ts";
import { createMemoryStore, type MemoryStore } from "./store.ts";
import { pruneFinished, promoteDue, reapExpired } from "./upkeep.ts";
import { awaitSettled } from "./wait.ts";

export interface MemoryProviderOptions {
  /** Decides every comparison with time. Default: the system's clock. */
  readonly clock?: Clock;
  /** Shared with other providers of this process. Default: a new, empty store. */
  readonly store?: MemoryStore;
}

/**
 * The executable specification of the contract: clear before fast, nothing but the table of `core/transitions.ts` and
 * plain loops over all jobs. For tests and for proving other providers; it forgets everything when the process ends.
 */
export function createMemoryProvider(options: MemoryProviderOptions = {}): Provider {
  const { clock = systemClock, store = createMemoryStore() } = options;
  const stopped = new AbortController();
  // One listener per waiting call; there is no limit to those.
  setMaxListeners(0, stopped.signal);

  // JavaScript runs `call` without interruption: that is what makes every call one atomic step here.
  const open = async <T>(call: (now: number) => T): Promise<Awaited<T>> => {
    stopped.signal.throwIfAborted();
    return await call(clock.now());
  };

  return {
    capabilities: { transactions: "none", durable: false, reach: "process" },
    notifier: { subscribe: (queues, wake) => store.onReady(queues, wake), subscribeEnds: (wake) => store.onEnd(wake) },

    migrate: () => open(() => ({ from: 1, to: 1 })),
    start: () => open(() => undefined),
    stop: async () => stopped.abort(stoppedError()),

    enqueue: (jobs) => open((now) => enqueueJobs(store, jobs, now)),
    claim: (request) => open((now) => claimJobs(store, request, now)),
    ack: (completions) => open((now) => completions.map((completion) => ackJob(store, completion, now))),
    nack: (rejections) => open((now) => rejections.map((rejection) => nackJob(store, rejection, now))),
    extend: (request) => open((now) => extendLeases(store, request, now)),
    report: (reports) => open((now) => reports.map((report) => reportProgress(store, report, now))),
    note: (notes) => open((now) => notes.map((note) => keepNote(store, note, now))),

    promote: (limit) => open((now) => promoteDue(store, limit, now)),
    reap: (limit) => open((now) => reapExpired(store, limit, now)),
    prune: (request) => open((now) => pruneFinished(store, request, now)),

    get: (id) => open(() => getJob(store, id)),
    history: (id) => open(() => historyOf(store, id)),
    list: (request) => open(() => listJobs(store, request)),
    counts: (filter = {}) => open(() => countJobs(store, filter)),
    finished: (request) => open((now) => finishedJobs(store, request, now)),
    needs: (request) => open(() => needsOf(store, request)),
    complete: (completions) => open((now) => completions.map((completion) => completeJob(store, completion, now))),
    cancel: (ids) => open((now) => ids.map((id) => cancelJob(store, id, now))),
    requeue: (ids, delaysMs = []) =>
      open((now) => ids.map((id, index) => requeueJob(store, id, delaysMs[index] ?? 0, now))),
    change: (changes) => open((now) => changes.map((change) => changeJob(store, change, now))),
    pause: (target) => open(() => pause(store, target)),
    resume: (target) => open(() => resume(store, target)),
    paused: () => open(() => ({ queues: [...store.pausedQueues].sort(), names: [...store.pausedNames].sort() })),
    putLimits: (limits) => open(() => putLimits(store, limits)),
    awaitSettled: (id, wait = {}) => open(() => awaitSettled(store, id, wait, stopped.signal)),

    putSchedules: (schedules) => open(() => schedules.forEach((schedule) => putSchedule(store, schedule))),
    removeSchedules: (keys) => open(() => keys.map((key) => store.schedules.delete(key))),
    schedule: (key) => open((now) => findSchedule(store, key, now)),
    schedules: (after) => open((now) => listSchedules(store, after, now)),
    pauseSchedule: (key) => open((now) => pauseSchedule(store, key, now)),
    resumeSchedule: (key, nextAt) => open(() => resumeSchedule(store, key, nextAt)),
    dueSchedules: (request) => open((now) => dueSchedules(store, request, now)),
    fireSchedule: (firing) => open((now) => fireSchedule(store, firing, now)),
  };
}

function stoppedError(): JobwrightError {
  return new JobwrightError("JW_STOPPED", "The memory provider was stopped before this call.", {
    hint: "Create a new provider; a stopped one stays stopped.",
  });
}
