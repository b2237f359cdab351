import type { Provider } from "../contract/index.ts";
import type { Makers } from "../core/makers.ts";
import type { JobMaker } from "../core/new-job.ts";
import type { JobScheduleVerbs } from "./schedules.ts";
import type { ScheduleControl } from "./types.ts";

/* Verbs for schedules, loaded at their first call: the parser of cron expressions is as much code as a third of a client. */

/** The verbs of one job definition for schedules that are made at run time. */
export function lazyScheduleVerbs(provider: Provider, maker: JobMaker): JobScheduleVerbs {
  const verbs = async () => (await import("./schedules.ts")).createScheduleVerbs(provider, maker);
  return {
    schedule: async (id, options) => (await verbs()).schedule(id, options),
    getSchedule: async (id) => (await verbs()).getSchedule(id),
    unschedule: async (id) => (await verbs()).unschedule(id),
  };
}

/** The operator's verbs over all schedules. */
export function lazyScheduleControl(provider: Provider, makers: Makers): ScheduleControl {
  const control = async () => (await import("./schedules.ts")).createScheduleControl(provider, makers);
  return Object.freeze({
    list: async () => (await control()).list(),
    get: async (key) => (await control()).get(key),
    pause: async (key) => (await control()).pause(key),
    resume: async (key) => (await control()).resume(key),
    remove: async (key) => (await control()).remove(key),
    run: async (key) => (await control()).run(key),
  } satisfies ScheduleControl);
}
