import type {
  DueRequest,
  DueSchedules,
  Firing,
  FiringResult,
  FoundSchedule,
  NewSchedule,
  SchedulePage,
} from "../../contract/index.ts";
import { enqueueJobs } from "./control.ts";
import type { MemoryStore, Schedule } from "./store.ts";

/** Schedules: the store keeps and compares, core computes the slots. */

const pageSize = 1_000;

export function putSchedule(store: MemoryStore, schedule: NewSchedule): void {
  const known = store.schedules.get(schedule.key);
  if (known?.spec === schedule.spec) return;
  store.schedules.set(schedule.key, { ...schedule, lastAt: known?.lastAt, pausedAt: known?.pausedAt });
}

export function findSchedule(store: MemoryStore, key: string, now: number): FoundSchedule {
  const schedule = store.schedules.get(key);
  return { now, schedule: schedule && { ...schedule } };
}

export function listSchedules(store: MemoryStore, after: string | undefined, now: number): SchedulePage {
  const sorted = [...store.schedules.values()].sort(byKey);
  const schedules = sorted.filter(({ key }) => after === undefined || key > after).slice(0, pageSize);
  return { now, schedules: schedules.map((schedule) => ({ ...schedule })) };
}

export function pauseSchedule(store: MemoryStore, key: string, now: number): boolean {
  const schedule = store.schedules.get(key);
  if (!schedule) return false;
  schedule.pausedAt ??= now;
  return true;
}

export function resumeSchedule(store: MemoryStore, key: string, nextAt: number | undefined): boolean {
  const schedule = store.schedules.get(key);
  if (!schedule) return false;
  if (schedule.pausedAt === undefined) return true;
  schedule.pausedAt = undefined;
  schedule.nextAt = nextAt;
  return true;
}

export function dueSchedules(store: MemoryStore, { names, limit }: DueRequest, now: number): DueSchedules {
  const active = [...store.schedules.values()]
    .filter(({ name, pausedAt }) => pausedAt === undefined && names.includes(name))
    .filter(({ nextAt }) => nextAt !== undefined)
    .sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0) || byKey(a, b));
  const due = active.filter(({ nextAt = now }) => nextAt <= now).slice(0, limit);
  return { now, due: due.map((schedule) => ({ ...schedule })), nextAt: active[due.length]?.nextAt };
}

export function fireSchedule(store: MemoryStore, firing: Firing, now: number): FiringResult {
  const schedule = store.schedules.get(firing.key);
  if (!schedule || schedule.spec !== firing.spec || schedule.nextAt !== firing.expectedAt) return { outcome: "lost" };
  if (schedule.pausedAt !== undefined) return { outcome: "lost" };
  const results = enqueueJobs(store, firing.jobs, now);
  schedule.lastAt = firing.slotAt;
  schedule.nextAt = firing.nextAt;
  return { outcome: "fired", results };
}

function byKey(a: Schedule, b: Schedule): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
