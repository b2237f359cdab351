import { JobwrightError, type Provider } from "../contract/index.ts";

/** The calls of a provider that can be made to fail. */
export type FaultyCall = Exclude<
  {
    [Name in keyof Provider]-?: Provider[Name] extends (...args: never) => Promise<unknown> ? Name : never;
  }[keyof Provider],
  "start" | "stop"
>;

/** One planned misfortune. Entries for the same call are used up in their order, one per call made. */
export interface PlannedFault {
  readonly call: FaultyCall;
  /**
   * `pass`: nothing happens to this call. `fail-before`: the store never sees it. `drop-reply`: the store does it, but the
   * caller is told that it failed. `hold`: it waits for `until` before it reaches the store.
   */
  readonly fault: "pass" | "fail-before" | "drop-reply" | "hold";
  /** Only for `hold`. Default: resolved. */
  readonly until?: Promise<void>;
}

export interface FaultInjectingProvider extends Provider {
  /** Planned faults that no call has met yet: empty when a test's plan has been played. */
  remaining(): readonly PlannedFault[];
}

/**
 * Lets a provider fail as planned, for tests of what is built on it. Faults reject with `JW_STORE_UNAVAILABLE`, retryable.
 *
 * @example
 * const provider = faultInjecting(createMemoryProvider(), [{ call: "ack", fault: "drop-reply" }]);
 */
export function faultInjecting(provider: Provider, plan: readonly PlannedFault[]): FaultInjectingProvider {
  const remaining = [...plan];

  async function play<T>(call: FaultyCall, forward: () => Promise<T>): Promise<T> {
    const index = remaining.findIndex((entry) => entry.call === call);
    const [planned] = index < 0 ? [] : remaining.splice(index, 1);
    if (planned?.fault === "fail-before") throw unavailable(call);
    if (planned?.fault === "hold") await planned.until;
    const result = await forward();
    if (planned?.fault === "drop-reply") throw unavailable(call);
    return result;
  }

  return {
    capabilities: provider.capabilities,
    ...(provider.notifier && { notifier: provider.notifier }),
    remaining: () => [...remaining],
    start: () => provider.start(),
    stop: () => provider.stop(),
    migrate: () => play("migrate", () => provider.migrate()),
    enqueue: (jobs) => play("enqueue", () => provider.enqueue(jobs)),
    claim: (request) => play("claim", () => provider.claim(request)),
    ack: (completions) => play("ack", () => provider.ack(completions)),
    nack: (rejections) => play("nack", () => provider.nack(rejections)),
    extend: (request) => play("extend", () => provider.extend(request)),
    note: (notes) => play("note", () => provider.note(notes)),
    report: (reports) => play("report", () => provider.report(reports)),
    promote: (limit) => play("promote", () => provider.promote(limit)),
    reap: (limit) => play("reap", () => provider.reap(limit)),
    prune: (request) => play("prune", () => provider.prune(request)),
    get: (id) => play("get", () => provider.get(id)),
    history: (id) => play("history", () => provider.history(id)),
    list: (request) => play("list", () => provider.list(request)),
    counts: (filter) => play("counts", () => provider.counts(filter)),
    finished: (request) => play("finished", () => provider.finished(request)),
    needs: (request) => play("needs", () => provider.needs(request)),
    complete: (completions) => play("complete", () => provider.complete(completions)),
    cancel: (ids) => play("cancel", () => provider.cancel(ids)),
    requeue: (ids, delaysMs) => play("requeue", () => provider.requeue(ids, delaysMs)),
    change: (changes) => play("change", () => provider.change(changes)),
    pause: (target) => play("pause", () => provider.pause(target)),
    resume: (target) => play("resume", () => provider.resume(target)),
    paused: () => play("paused", () => provider.paused()),
    putLimits: (limits) => play("putLimits", () => provider.putLimits(limits)),
    awaitSettled: (id, options) => play("awaitSettled", () => provider.awaitSettled(id, options)),
    putSchedules: (schedules) => play("putSchedules", () => provider.putSchedules(schedules)),
    removeSchedules: (keys) => play("removeSchedules", () => provider.removeSchedules(keys)),
    schedule: (key) => play("schedule", () => provider.schedule(key)),
    schedules: (after) => play("schedules", () => provider.schedules(after)),
    pauseSchedule: (key) => play("pauseSchedule", () => provider.pauseSchedule(key)),
    resumeSchedule: (key, nextAt) => play("resumeSchedule", () => provider.resumeSchedule(key, nextAt)),
    dueSchedules: (request) => play("dueSchedules", () => provider.dueSchedules(request)),
    fireSchedule: (firing) => play("fireSchedule", () => provider.fireSchedule(firing)),
  };
}

function unavailable(call: FaultyCall): JobwrightError {
  return new JobwrightError("JW_STORE_UNAVAILABLE", `The planned fault of ${call} came true.`, {
    hint: "Make the call again: every call is idempotent.",
    retryable: true,
  });
}
