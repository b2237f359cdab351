import type { Provider, SchedulePage, ScheduleRecord } from "../contract/index.ts";
import { parseSpec, type ScheduleTiming } from "./schedule.ts";
import { createSlots } from "./slots.ts";

/** Pages of the contract. */
const pageSize = 1_000;

/** All schedules of the store, by key, and the provider's clock. */
export async function allSchedules(provider: Provider): Promise<SchedulePage> {
  const schedules: ScheduleRecord[] = [];
  for (;;) {
    const page = await provider.schedules(schedules.at(-1)?.key);
    schedules.push(...page.schedules);
    if (page.schedules.length < pageSize) return { now: page.now, schedules };
  }
}

/**
 * The next slot of a schedule that is put again. With the same expression and zone it is the stored one, so that a change
 * of the input during a downtime does not lose what was missed.
 */
export function nextOf(timing: ScheduleTiming, stored: ScheduleRecord | undefined, now: number): number | undefined {
  const old = stored && parseSpec(stored.spec);
  const isSame = old?.cron === timing.cron && old.timeZone === timing.timeZone;
  return (isSame ? stored?.nextAt : undefined) ?? createSlots(timing.cron, timing.timeZone).next(now);
}
