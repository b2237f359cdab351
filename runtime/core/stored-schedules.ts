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

export interface FoundSchedule {
  /** The provider's clock. */
  readonly now: number;
  readonly record: ScheduleRecord | undefined;
}

/** One schedule by its key. */
export async function findSchedule(provider: Provider, key: string): Promise<FoundSchedule> {
  for (let after: string | undefined = justBefore(key); ;) {
    const { now, schedules } = await provider.schedules(after);
    const record = schedules.find((schedule) => schedule.key === key);
    after = schedules.at(-1)?.key;
    if (record || after === undefined || schedules.length < pageSize || isBehind(after, key)) return { now, record };
  }
}

/** A text that comes shortly before the key in the order of code points. */
function justBefore(key: string): string {
  const characters = Array.from(key);
  const last = characters.pop()?.codePointAt(0) ?? 0;
  // What lies below the first character of the private use area is half of a pair.
  const before = last === 0xe000 ? 0xd7ff : Math.max(0x20, last - 1);
  return `${characters.join("")}${String.fromCodePoint(before)}~`;
}

function isBehind(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
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
