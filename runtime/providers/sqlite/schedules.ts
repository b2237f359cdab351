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
import type { Connection } from "./connection.ts";
import { enqueueJobs } from "./enqueue.ts";
import * as statements from "./schedule-statements.ts";
import { storable } from "./text.ts";

/* Schedules: the store keeps and compares, core computes the slots. */

const pageSize = 1_000;

/** Sorts as the code units of the key. */
function sortKeyOf(key: string): string {
  return Buffer.from(key, "utf16le").swap16().toString("hex");
}

export function putSchedule(connection: Connection, { key, name, spec, nextAt }: NewSchedule): void {
  const texts = { key: storable(key), name: storable(name), spec: storable(spec) };
  connection.run(statements.putSchedule, { sortKey: sortKeyOf(key), ...texts, nextAt: nextAt ?? null });
}

export function removeSchedule(connection: Connection, key: string): boolean {
  return connection.run(statements.removeSchedule, { sortKey: sortKeyOf(key) }).changes === 1;
}

export function findSchedule(connection: Connection, key: string, now: number): FoundSchedule {
  const [row] = connection.all<ScheduleRow>(statements.selectOne, { sortKey: sortKeyOf(key) });
  return { now, schedule: row && toSchedule(row) };
}

export function listSchedules(connection: Connection, after: string | undefined, now: number): SchedulePage {
  // The first text after a text of hexadecimal digits is itself with the lowest of them.
  const from = after === undefined ? "" : `${sortKeyOf(after)}0`;
  const rows = connection.all<ScheduleRow>(statements.selectPage, { from, limit: pageSize });
  return { now, schedules: rows.map(toSchedule) };
}

export function pauseSchedule(connection: Connection, key: string, now: number): boolean {
  return connection.run(statements.pauseSchedule, { sortKey: sortKeyOf(key), now }).changes === 1;
}

export function resumeSchedule(connection: Connection, key: string, nextAt: number | undefined): boolean {
  return connection.run(statements.resumeSchedule, { sortKey: sortKeyOf(key), nextAt: nextAt ?? null }).changes === 1;
}

export function dueSchedules(connection: Connection, request: DueRequest, now: number): DueSchedules {
  const limit = Math.max(0, request.limit);
  const rows = connection.all<ScheduleRow>(statements.selectNext, {
    names: JSON.stringify(request.names),
    limit: limit + 1,
  });
  const due = rows.slice(0, limit).filter(({ nextAt }) => nextAt !== null && nextAt <= now);
  return { now, due: due.map(toSchedule), nextAt: rows[due.length]?.nextAt ?? undefined };
}

export function fireSchedule(connection: Connection, firing: Firing, now: number): FiringResult {
  const { key, spec, expectedAt, slotAt, nextAt } = firing;
  const slot = { spec, expectedAt, slotAt, nextAt: nextAt ?? null };
  const moved = connection.run(statements.moveSchedule, { sortKey: sortKeyOf(key), ...slot });
  if (moved.changes === 0) return { outcome: "lost" };
  return { outcome: "fired", results: enqueueJobs(connection, firing.jobs, now) };
}

interface ScheduleRow {
  readonly key: string;
  readonly name: string;
  readonly spec: string;
  readonly nextAt: number | null;
  readonly lastAt: number | null;
  readonly pausedAt: number | null;
}

function toSchedule({ key, name, spec, nextAt, lastAt, pausedAt }: ScheduleRow): ScheduleRecord {
  return {
    key,
    name,
    spec,
    nextAt: nextAt ?? undefined,
    lastAt: lastAt ?? undefined,
    pausedAt: pausedAt ?? undefined,
  };
}
