import type { Firing, NewJob, NewSchedule, Provider, ScheduleRecord } from "../contract/index.ts";
import { isRetryable } from "../contract/index.ts";
import { planDue } from "../core/catch-up.ts";
import type { JobMaker } from "../core/new-job.ts";
import { parseSpec, type ScheduleSpec } from "../core/schedule.ts";
import { clientSlotJob, type OwnSchedule, ownSchedules, ownSlotJob, ownSpec, slotOptions } from "../core/slot-job.ts";
import { allSchedules, nextOf } from "../core/stored-schedules.ts";
import { createService, type Service } from "./service.ts";

export interface SchedulerOptions {
  readonly provider: Provider;
  /** Of every job of the schema, by name. */
  readonly makers: ReadonlyMap<string, JobMaker>;
  /** The store refused; the service tries again. */
  readonly failed: (error: unknown) => void;
  /** One schedule cannot be fired; the others go on. */
  readonly refused: (key: string, error: unknown) => void;
}

/** Schedules per call. */
const batch = 100;
/** Longest time between two looks: schedules that a client adds are found by then. */
const lookEveryMs = 1_000;
const retryMs = 1_000;
/** A schedule of another build that is overdue for so long has no worker of that build any more. */
const orphanMs = 60_000;
const [firstPauseMs, maxPauseMs] = [1_000, 300_000];

/** A schedule that could not be fired, and when to try again, by the provider's clock. */
interface Pause {
  readonly spec: string;
  readonly until: number;
  readonly pauseMs: number;
}

interface Own extends OwnSchedule {
  readonly spec: string;
}

/** Due slots → jobs. Any number of processes may run it: the store lets one of them fire each slot. */
export function createScheduler({ provider, makers, failed, refused }: SchedulerOptions): Service {
  const names = [...makers.keys()];
  const pauses = new Map<string, Pause>();
  let own: ReadonlyMap<string, Own> | undefined;
  /** Due, and not fired by this process: the next call must look past them. */
  let aside = 0;

  function readOwn(): ReadonlyMap<string, Own> {
    const readable = ownSchedules(makers.values()).flatMap((schedule): [string, Own][] => {
      try {
        return [[schedule.key, { ...schedule, spec: ownSpec(schedule) }]];
      } catch (error) {
        refused(schedule.key, error);
        return [];
      }
    });
    return new Map(readable);
  }

  /** Makes the stored schedules of this schema what the schema says. */
  async function adopt(declared: ReadonlyMap<string, Own>): Promise<void> {
    const { now, schedules } = await allSchedules(provider);
    const stored = new Map(schedules.map((record) => [record.key, record]));
    const changed = [...declared.values()].filter(({ key, spec }) => stored.get(key)?.spec !== spec);
    await provider.putSchedules(changed.map((schedule) => put(schedule, stored.get(schedule.key), now)));
    const isGone = ({ key, name, spec }: ScheduleRecord): boolean =>
      makers.has(name) && !isDeclared(key) && parseSpec(spec)?.origin === "schema";
    await provider.removeSchedules(schedules.filter(isGone).map(({ key }) => key));
  }

  function put({ key, maker, timing, spec }: Own, stored: ScheduleRecord | undefined, now: number): NewSchedule {
    return { key, name: maker.job.name, spec, nextAt: nextOf(timing, stored, now) };
  }

  /** Also if its input was refused: then it is to be repaired, not to be forgotten. */
  function isDeclared(key: string): boolean {
    return ownSchedules(makers.values()).some((schedule) => schedule.key === key);
  }

  /** What makes the job of a slot; undefined: that is up to another build. */
  function jobMaker(record: ScheduleRecord, spec: ScheduleSpec): ((slot: number) => NewJob) | undefined {
    const { key, name } = record;
    const options = (slot: number) => slotOptions(key, slot, spec);
    if (spec.origin === "schema") {
      const schedule = own?.get(key);
      return schedule?.spec === record.spec ? (slot) => ownSlotJob(schedule, slot, options(slot)) : undefined;
    }
    const [maker, template] = [makers.get(name), spec.job];
    return maker && template && ((slot) => clientSlotJob(maker, template, options(slot)));
  }

  function firingOf(record: ScheduleRecord, now: number): Firing | undefined {
    const spec = parseSpec(record.spec);
    const newJob = spec && jobMaker(record, spec);
    if (!newJob || record.nextAt === undefined) return undefined;
    const { slots, slotAt, nextAt } = planDue(spec, record.nextAt, now);
    return { key: record.key, spec: record.spec, expectedAt: record.nextAt, slotAt, nextAt, jobs: slots.map(newJob) };
  }

  /** Returns when the schedule is next due; undefined: it was not fired. */
  async function fire(
    record: ScheduleRecord,
    now: number,
  ): Promise<{ readonly nextAt: number | undefined } | undefined> {
    const { key, spec } = record;
    const pause = pauses.get(key);
    if (pause?.spec === spec && pause.until > now) return undefined;
    try {
      const firing = firingOf(record, now);
      if (!firing) return undefined;
      await provider.fireSchedule(firing);
      pauses.delete(key);
      return firing;
    } catch (error) {
      if (isRetryable(error)) throw error;
      refused(key, error);
      const pauseMs = pause?.spec === spec ? Math.min(pause.pauseMs * 2, maxPauseMs) : firstPauseMs;
      pauses.set(key, { spec, until: now + pauseMs, pauseMs });
      return undefined;
    }
  }

  const isOrphan = ({ key, nextAt = 0, spec }: ScheduleRecord, now: number): boolean =>
    nextAt < now - orphanMs && parseSpec(spec)?.origin === "schema" && own?.get(key)?.spec !== spec;

  async function tick(): Promise<number> {
    if (!own) {
      const declared = readOwn();
      await adopt(declared);
      own = declared;
    }
    const { now, due, nextAt } = await provider.dueSchedules({ names, limit: batch + aside });
    const fired = (await Promise.all(due.map((record) => fire(record, now)))).filter((result) => result !== undefined);
    aside = due.length - fired.length;
    // Its build is gone, as after a restart of an old worker in the middle of a deployment.
    if (due.some((record) => isOrphan(record, now))) await adopt(own);
    if (fired.length >= batch) return 0;
    const next = Math.min(nextAt ?? Infinity, ...fired.map((result) => result.nextAt ?? Infinity));
    return Math.max(0, Math.min(next - now, lookEveryMs));
  }

  return createService({ tick, retryMs, failed });
}
