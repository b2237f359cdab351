import type { ScheduleTiming } from "./schedule.ts";
import { createSlots } from "./slots.ts";

/** What a schedule is to do now. */
export interface DuePlan {
  /** The slots to enqueue, the earliest first. Empty: all that were due are left out. */
  readonly slots: readonly number[];
  /** The last slot that was due. */
  readonly slotAt: number;
  /** The first slot that is not due yet. */
  readonly nextAt: number | undefined;
}

/** Less than that is no downtime: a worker may be busy, and then an expression with seconds has several slots at once. */
const busyMs = 5_000;
/** A slot that is later than this was missed, to those who want no old ones. */
const lateMs = 60_000;
/** Slots a second apart, both ends included. */
const perSecond = (ms: number): number => ms / 1_000 + 1;

/** `expectedAt`: the slot that the store says is next; it is due. */
export function planDue({ cron, timeZone, catchUp }: ScheduleTiming, expectedAt: number, now: number): DuePlan {
  const slots = createSlots(cron, timeZone);
  const since = (from: number, count: number): readonly number[] => slots.last(count, Math.max(from, expectedAt), now);
  // Time zones change, and another process may know another rule: the slot that is stored counts as well.
  const [latest = expectedAt] = since(expectedAt, 1);
  const rest = { slotAt: latest, nextAt: slots.next(now) };
  if (catchUp === "none") {
    const recent = since(now - lateMs, perSecond(lateMs));
    return { ...rest, slots: recent.length === 0 && latest >= now - lateMs ? [latest] : recent };
  }
  const wanted = catchUp === "latest" ? since(now - busyMs, perSecond(busyMs)) : since(expectedAt, catchUp.all);
  return { ...rest, slots: wanted.length === 0 ? [latest] : wanted };
}
