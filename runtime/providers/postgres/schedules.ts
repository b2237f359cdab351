import type {
  DueRequest,
  DueSchedules,
  Firing,
  FiringResult,
  FoundSchedule,
  NewSchedule,
  SchedulePage,
  ScheduleRecord,
} from "../../contract/index.ts";
import type { Written } from "./enqueue.ts";
import { type Store, timeOf } from "./store.ts";
import { type Enqueued, enqueueInSteps } from "./enqueue-steps.ts";
import { type Aftermath, nothing } from "./needs.ts";
import { isStorable, storable } from "./values.ts";

/* Schedules: the store keeps and compares, core computes the slots. */

const pageSize = 1_000;
const maxInteger = 2 ** 31 - 1;

interface ScheduleRow {
  readonly now: number;
  /** Null: there is none, only the time. */
  readonly key: string | null;
  readonly name: string;
  readonly spec: string;
  readonly next_at: number | null;
  readonly last_at: number | null;
  readonly paused_at: number | null;
}

function recordsOf(rows: readonly ScheduleRow[]): readonly ScheduleRecord[] {
  return rows.flatMap(({ key, name, spec, next_at, last_at, paused_at }) => {
    if (key === null) return [];
    const [nextAt, lastAt, pausedAt] = [next_at ?? undefined, last_at ?? undefined, paused_at ?? undefined];
    return [{ key, name, spec, nextAt, lastAt, pausedAt }];
  });
}

export async function putSchedules({ database, statements }: Store, schedules: readonly NewSchedule[]): Promise<void> {
  for (const { key, name, spec } of schedules) {
    storable(key, "A schedule's key");
    storable(name, "A job's name");
    storable(spec, "A schedule");
  }
  if (schedules.length === 0) return;
  await database.transact(async (run) => {
    for (const turn of inTurns(schedules)) {
      const rows = turn.map(({ key, name, spec, nextAt }) => ({ key, name, spec, next_at: nextAt }));
      await run(statements.putSchedules, { schedules: JSON.stringify(rows) });
    }
  });
}

/** In their order, cut where a key comes again: one statement takes each key once. */
function inTurns(schedules: readonly NewSchedule[]): readonly (readonly NewSchedule[])[] {
  const turns: Map<string, NewSchedule>[] = [];
  for (const schedule of schedules) {
    let turn = turns.at(-1);
    if (!turn || turn.has(schedule.key)) turns.push((turn = new Map()));
    turn.set(schedule.key, schedule);
  }
  return turns.map((turn) => [...turn.values()]);
}

export async function removeSchedules(
  { database, statements }: Store,
  keys: readonly string[],
): Promise<readonly boolean[]> {
  const known = keys.filter(isStorable);
  if (known.length === 0) return keys.map(() => false);
  const rows = await database.rows<readonly [key: string]>(statements.removeSchedules, { keys: known });
  const removed = new Set(rows.map(([key]) => key));
  // One that is given twice is gone the second time.
  return keys.map((key) => removed.delete(key));
}

export async function findSchedule(store: Store, key: string): Promise<FoundSchedule> {
  const rows = await store.database.objects<ScheduleRow>(store.statements.findSchedule, {
    // What cannot be stored is not there; the time is wanted nevertheless.
    key: isStorable(key) ? key : null,
    ...timeOf(store),
  });
  return { now: rows[0]?.now ?? 0, schedule: recordsOf(rows)[0] };
}

export async function listSchedules(store: Store, after: string | undefined): Promise<SchedulePage> {
  const rows = await store.database.objects<ScheduleRow>(store.statements.listSchedules, {
    after: after === undefined ? null : storable(after, "A schedule's key"),
    limit: pageSize,
    ...timeOf(store),
  });
  return { now: rows[0]?.now ?? 0, schedules: recordsOf(rows) };
}

export async function pauseSchedule(store: Store, key: string): Promise<boolean> {
  if (!isStorable(key)) return false;
  return (await store.database.rows(store.statements.pauseSchedule, { key, ...timeOf(store) })).length > 0;
}

export async function resumeSchedule(store: Store, key: string, nextAt: number | undefined): Promise<boolean> {
  if (!isStorable(key)) return false;
  const values = { key, nextAt: nextAt ?? null };
  return (await store.database.rows(store.statements.resumeSchedule, values)).length > 0;
}

export async function dueSchedules(store: Store, { names, limit }: DueRequest): Promise<DueSchedules> {
  const room = Math.min(maxInteger - 1, Math.max(0, Math.trunc(limit)));
  const rows = await store.database.objects<ScheduleRow>(store.statements.dueSchedules, {
    names: names.filter(isStorable),
    limit: room + 1,
    ...timeOf(store),
  });
  const now = rows[0]?.now ?? 0;
  const active = recordsOf(rows);
  const due = active.slice(0, room).filter(({ nextAt = now }) => nextAt <= now);
  return { now, due, nextAt: active[due.length]?.nextAt };
}

export interface Fired {
  readonly result: FiringResult;
  readonly written: readonly Written[];
  readonly after: Aftermath;
}

const nothingWritten: Enqueued = { written: [], after: nothing };

/** The slot and its jobs in one transaction. The jobs must have been checked. */
export function fireSchedule(store: Store, firing: Firing): Promise<Fired> {
  const { key, spec, expectedAt, slotAt, jobs, nextAt } = firing;
  const { database, statements } = store;
  const lost: Fired = { result: { outcome: "lost" }, written: [], after: nothing };
  // What cannot be stored is not there.
  if (!isStorable(key) || !isStorable(spec)) return Promise.resolve(lost);
  return database.transact(async (run) => {
    const values = { key, spec, expectedAt, slotAt, nextAt: nextAt ?? null };
    if ((await run(statements.moveSchedule, values)).length === 0) return lost;
    const enqueued = jobs.length === 0 ? nothingWritten : await enqueueInSteps(run, store, jobs);
    return { result: { outcome: "fired", results: enqueued.written.map(({ result }) => result) }, ...enqueued };
  });
}
