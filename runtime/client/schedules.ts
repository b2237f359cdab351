import { type EnqueueResult, JobwrightError, type Provider, type ScheduleRecord } from "../contract/index.ts";
import type { Makers } from "../core/makers.ts";
import type { JobMaker } from "../core/new-job.ts";
import { clientKey, parseSpec, printSpec, readTiming, type ScheduleSettings } from "../core/schedule.ts";
import { clientSlotJob, ownSchedules, ownSlotJob, slotTemplate } from "../core/slot-job.ts";
import { createSlots } from "../core/slots.ts";
import { allSchedules, nextOf } from "../core/stored-schedules.ts";
import type { JobClient, ScheduleControl, ScheduleInfo } from "./types.ts";

export type JobScheduleVerbs = Pick<JobClient<unknown, unknown>, "schedule" | "getSchedule" | "unschedule">;

/** The verbs of one job definition for schedules that are made at run time. */
export function createScheduleVerbs(provider: Provider, maker: JobMaker): JobScheduleVerbs {
  const { name } = maker.job;
  return {
    async schedule(id, { input, ...settings }) {
      const key = clientKey(name, id);
      refuseSecondKey(maker, settings);
      const timing = readTiming(settings);
      const job = slotTemplate(maker, key, timing, input);
      const { now, schedule } = await provider.schedule(key);
      const spec = printSpec({ origin: "client", ...timing, job });
      await provider.putSchedules([{ key, name, spec, nextAt: nextOf(timing, schedule, now) }]);
      return key;
    },
    async getSchedule(id) {
      const { schedule } = await provider.schedule(clientKey(name, id));
      return schedule && infoOf(schedule, true);
    },
    async unschedule(id) {
      const [found = false] = await provider.removeSchedules([clientKey(name, id)]);
      return found;
    },
  };
}

function refuseSecondKey({ job }: JobMaker, { overlap }: ScheduleSettings): void {
  if (overlap !== "skip" || !job.unique) return;
  throw new JobwrightError("JW_INVALID_OPTION", `overlap is "skip", and ${job.name} has a unique key of its own.`, {
    hint: "A job has one unique key: keep one of them.",
  });
}

function infoOf({ key, name, spec, nextAt, lastAt, pausedAt }: ScheduleRecord, declared: boolean): ScheduleInfo {
  const parsed = parseSpec(spec);
  const times = { nextAt, lastAt, pausedAt };
  if (!parsed) return { key, name, declared, ...times };
  const { origin, cron, timeZone, catchUp, overlap, jitterMs } = parsed;
  return { key, name, declared, origin, cron, timeZone, catchUp, overlap, jitterMs, ...times };
}

/** The operator's verbs over all schedules. */
export function createScheduleControl(provider: Provider, makers: Makers): ScheduleControl {
  const own = new Map(ownSchedules(makers.values()).map((schedule) => [schedule.key, schedule]));

  const shown = (record: ScheduleRecord): ScheduleInfo => {
    const isOfSchema = parseSpec(record.spec)?.origin === "schema";
    return infoOf(record, isOfSchema ? own.has(record.key) : makers.has(record.name));
  };

  return Object.freeze({
    async list() {
      return (await allSchedules(provider)).schedules.map(shown);
    },
    async get(key) {
      const { schedule } = await provider.schedule(key);
      return schedule && shown(schedule);
    },
    pause: (key) => provider.pauseSchedule(key),
    async resume(key) {
      const { now, schedule } = await provider.schedule(key);
      if (!schedule) return false;
      const { cron, timeZone } = readable(schedule);
      return provider.resumeSchedule(key, createSlots(cron, timeZone).next(now));
    },
    async remove(key) {
      const [found = false] = await provider.removeSchedules([key]);
      return found;
    },
    async run(key) {
      const { now, schedule } = await provider.schedule(key);
      const declared = own.get(key);
      const job = declared ? ownSlotJob(declared, now, {}) : clientJob(key, schedule, makers);
      const [result] = await provider.enqueue([job]);
      return result as EnqueueResult; // one job, one result
    },
  } satisfies ScheduleControl);
}

function clientJob(key: string, record: ScheduleRecord | undefined, makers: Makers) {
  const template = record && readable(record).job;
  if (!template) {
    throw new JobwrightError(
      "JW_NOT_FOUND",
      record ? `The schema of this build has no schedule ${key}.` : `There is no schedule ${key}.`,
      { hint: "Keys are `job.name` for those of the schema, `job/id` for others." },
    );
  }
  const maker = makers.get(record.name);
  if (!maker) throw new JobwrightError("JW_UNKNOWN_JOB", `The schema of this build has no job ${record.name}.`);
  return clientSlotJob(maker, template, {});
}

function readable({ key, spec }: ScheduleRecord) {
  const parsed = parseSpec(spec);
  if (parsed) return parsed;
  throw new JobwrightError("JW_INVALID_OPTION", `The schedule ${key} was not written by this version of jobwright.`, {
    hint: "Use the version that made it, or remove the schedule and make it again.",
  });
}
