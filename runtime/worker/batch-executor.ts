import type { ClaimedJob } from "../contract/index.ts";
import { isThenable } from "../core/thenable.ts";
import type { AttemptSettings } from "./attempt-setting.ts";
import { createRunningBatch, type RunningBatch } from "./batch-context.ts";
import { readOutcomes } from "./batch-outcomes.ts";
import type { Ends } from "./ends.ts";
import type { Runnable } from "./executor.ts";
import { withOwnSettings } from "./own-settings.ts";
import type { ReadPayload } from "./payload-reader.ts";
import type { RejectionRules } from "./rejection.ts";
import { maxTimerMs } from "./result.ts";
import { createRunningJob, type RunningJob } from "./running-job.ts";
import { stopError } from "./stop.ts";
import type { Settler } from "./settler.ts";
import type { BatchOutcome, Logger } from "./types.ts";

/** Runs many jobs of one definition in one call of its handler. Each is an attempt of its own, and ends as one. */
export interface BatchExecutor {
  /** Never throws; `ended` is called when all attempts have ended, at once if the handler is no promise. */
  execute(runnable: Runnable, jobs: readonly ClaimedJob[], ended: () => void): void;
}

export interface BatchExecutorOptions {
  /** The attempts under way: batches add theirs. */
  readonly running: Map<string, RunningJob>;
  readonly readPayload: ReadPayload;
  readonly settler: Settler;
  readonly rules: RejectionRules;
  readonly ends: Ends;
  readonly settingOf: AttemptSettings;
  readonly logger: Logger;
  readonly abortGraceMs: number;
}

/** One attempt of a batch; `runnable` with the settings of this job. */
interface Member {
  readonly entry: RunningJob;
  readonly runnable: Runnable;
}

type Admission = Member | undefined;

export function createBatchExecutor(options: BatchExecutorOptions): BatchExecutor {
  const { running, readPayload, settler, rules, ends, settingOf, logger, abortGraceMs } = options;

  /** Undefined: the job is settled already, and the handler never sees it. A promise: its input is made of what others gave. */
  function admit(known: Runnable, job: ClaimedJob, batch: RunningBatch): Admission | Promise<Admission> {
    const runnable = withOwnSettings(known, job.payload);
    const { descriptor, codec } = runnable;
    const expiry = rules.expiryOf(job, descriptor);
    if (expiry) {
      settler.nack(expiry);
      return undefined;
    }
    const entry = createRunningJob(job, { ...settingOf(job, runnable), stopped: batch.stopped });
    const take = (payload: unknown): Admission => {
      batch.add(entry, entry.take(payload));
      return { entry, runnable };
    };
    const refuse = (error: unknown): undefined => {
      running.delete(job.id);
      ends.fail(entry, runnable, error);
    };
    try {
      const payload = readPayload(job, codec);
      if (!(payload instanceof Promise)) return take(payload);
      running.set(job.id, entry);
      return payload.then(take).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  }

  function execute(runnable: Runnable, jobs: readonly ClaimedJob[], ended: () => void): void {
    const { name, queue } = runnable.descriptor;
    const batch = createRunningBatch(name, queue, runnable.errors, logger);
    const admissions = jobs.map((job) => admit(runnable, job, batch));
    if (!admissions.some((admission) => admission instanceof Promise)) {
      return begin(runnable, batch, admissions as readonly Admission[], ended); // none of them is a promise
    }
    const read = admissions.map(async (admission) => await admission);
    void Promise.all(read).then((admitted) => begin(runnable, batch, admitted, ended));
  }

  function begin(runnable: Runnable, batch: RunningBatch, admitted: readonly Admission[], ended: () => void): void {
    const members = admitted.flatMap((member) => member ?? []);
    if (members.length === 0) return ended();
    let result: unknown;
    let isPromise: boolean;
    try {
      result = runnable.handle(batch.context.items, batch.context);
      isPromise = isThenable(result);
    } catch (error) {
      failAll(members, error);
      return ended();
    }
    if (isPromise) return follow(members, result, ended);
    settle(members, members, result);
    ended();
  }

  /** Each attempt ends with the handler, or when it was told to stop and the handler did not within the abort grace. */
  function follow(members: readonly Member[], result: unknown, ended: () => void): void {
    const open = new Set(members);
    const timers = new Map<number, NodeJS.Timeout>();

    function close(closing: readonly Member[], finish: (open: readonly Member[]) => void): void {
      const still = closing.filter((member) => open.delete(member));
      if (still.length === 0) return;
      finish(still);
      // The same id may already run again here under a newer fence.
      for (const { entry } of still) if (running.get(entry.job.id) === entry) running.delete(entry.job.id);
      if (open.size > 0) return;
      for (const timer of timers.values()) clearTimeout(timer);
      ended();
    }

    /** One timer for all jobs with the same time limit, so usually one. */
    function limit(timeoutMs: number, limited: readonly Member[]): void {
      const expire = (): void => {
        for (const { entry } of limited) entry.abort("timeout");
        timers.set(timeoutMs, setTimeout(abandon, abortGraceMs));
      };
      const abandon = (): void =>
        close(limited, (still) => {
          for (const { entry, runnable } of still) ends.fail(entry, runnable, stopError(entry.job, "timeout"));
        });
      timers.set(timeoutMs, setTimeout(expire, Math.min(timeoutMs, maxTimerMs)));
    }

    for (const { entry } of members) running.set(entry.job.id, entry);
    for (const [timeoutMs, limited] of byTimeLimit(members)) limit(timeoutMs, limited);
    Promise.resolve(result).then(
      (value) => close(members, (still) => settle(members, still, value)),
      (error: unknown) => close(members, (still) => failAll(still, error)),
    );
  }

  /** `open`: the members that have not ended yet. The handler returned something for all. */
  function settle(members: readonly Member[], open: readonly Member[], result: unknown): void {
    const outcomes = new Map<Member, BatchOutcome<unknown>>();
    try {
      const [first] = members;
      const read = first ? readOutcomes(result, members.length, first.runnable.descriptor) : [];
      for (const [index, outcome] of read.entries()) if (members[index]) outcomes.set(members[index], outcome);
    } catch (error) {
      return failAll(open, error);
    }
    for (const member of open) {
      const outcome = outcomes.get(member);
      if (outcome?.outcome === "succeeded") ends.succeed(member.entry, member.runnable, outcome.output);
      else ends.fail(member.entry, member.runnable, outcome?.error);
    }
  }

  function failAll(members: readonly Member[], error: unknown): void {
    for (const { entry, runnable } of members) ends.fail(entry, runnable, error);
  }

  return { execute };
}

function byTimeLimit(members: readonly Member[]): ReadonlyMap<number, readonly Member[]> {
  const groups = new Map<number, Member[]>();
  for (const member of members) {
    const { timeoutMs } = member.runnable.descriptor;
    const group = groups.get(timeoutMs);
    if (group) group.push(member);
    else groups.set(timeoutMs, [member]);
  }
  return groups;
}
