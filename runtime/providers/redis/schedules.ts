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
import { inBatches } from "./deliver.ts";
import { type MixedReply, mixedArguments, mixedResultsOf, parcelsOf, runsOf } from "./enqueue.ts";
import { packScheduleKey, unpackScheduleKey } from "./ids.ts";
import { type Refusal, throwRefusal } from "./needs.ts";
import type { Int } from "./record.ts";
import * as scripts from "./scripts/schedules.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* Schedules: the store keeps and compares, core computes the slots. What a script replies stands in its header. */

export async function putSchedules(run: RunScript, schedules: readonly NewSchedule[]): Promise<void> {
  await inBatches(schedules, (batch) =>
    run(
      scripts.put,
      batch.flatMap(({ key, name, spec, nextAt }) => [
        packScheduleKey(storable(key)),
        storable(name),
        storable(spec),
        nextAt ?? "",
      ]),
    ),
  );
}

export async function removeSchedules(run: RunScript, keys: readonly string[]): Promise<readonly boolean[]> {
  const removed = await inBatches<string, Int>(keys, (batch) => run(scripts.remove, batch.map(packScheduleKey)));
  return removed.map((one) => Number(one) === 1);
}

type ScheduleRow = readonly [
  key: string,
  name: string,
  spec: string,
  nextAt: string | null,
  lastAt: string | null,
  pausedAt: string | null,
];
type PageReply = readonly [now: string, rows: readonly ScheduleRow[]];

export async function findSchedule(run: RunScript, key: string): Promise<FoundSchedule> {
  const [now, rows] = (await run(scripts.find, [packScheduleKey(key)])) as PageReply;
  // A key with half a surrogate pair is sent as another one, and none of the store.
  return { now: Number(now), schedule: rows.map(scheduleOf).find((schedule) => schedule.key === key) };
}

export async function listSchedules(run: RunScript, after: string | undefined): Promise<SchedulePage> {
  const start = after === undefined ? "-" : `(${packScheduleKey(after)}`;
  const [now, rows] = (await run(scripts.list, [start])) as PageReply;
  return { now: Number(now), schedules: rows.map(scheduleOf) };
}

export async function pauseSchedule(run: RunScript, key: string): Promise<boolean> {
  return Number(await run(scripts.pause, [packScheduleKey(key), 1, ""])) === 1;
}

export async function resumeSchedule(run: RunScript, key: string, nextAt: number | undefined): Promise<boolean> {
  return Number(await run(scripts.pause, [packScheduleKey(key), 0, nextAt ?? ""])) === 1;
}

/** The store sorts the slots of each name; here they are merged. */
export async function dueSchedules(run: RunScript, { names, limit }: DueRequest): Promise<DueSchedules> {
  const wanted = Math.max(0, Math.floor(limit));
  const [time, rows] = (await run(scripts.due, [wanted, ...new Set(names)])) as PageReply;
  const now = Number(time);
  const next = rows.map(scheduleOf).toSorted(bySlot);
  const due = next.filter(({ nextAt = now }) => nextAt <= now).slice(0, wanted);
  return { now, due, nextAt: next[due.length]?.nextAt };
}

function bySlot(a: ScheduleRecord, b: ScheduleRecord): number {
  return (a.nextAt ?? 0) - (b.nextAt ?? 0) || (a.key < b.key ? -1 : 1);
}

type FireReply = readonly ["lost"] | readonly ["fired", ...MixedReply] | Refusal;

export async function fireSchedule(run: RunScript, firing: Firing): Promise<FiringResult> {
  const { key, spec, expectedAt, slotAt, jobs, nextAt } = firing;
  const runs = runsOf(parcelsOf(jobs));
  const slot = [packScheduleKey(key), spec, expectedAt, slotAt, nextAt ?? ""];
  const reply = (await run(scripts.fire, [...slot, ...mixedArguments(runs)])) as FireReply; // see the script's header
  throwRefusal(reply);
  const [outcome, ...rest] = reply;
  if (outcome === "lost") return { outcome };
  return { outcome: "fired", results: mixedResultsOf(runs, rest as unknown as MixedReply) }; // TypeScript does not narrow what is left of a tuple
}

function scheduleOf([key, name, spec, ...times]: ScheduleRow): ScheduleRecord {
  const [nextAt, lastAt, pausedAt] = times.map((time) => (time === null ? undefined : Number(time)));
  return { key: unpackScheduleKey(key), name, spec, nextAt, lastAt, pausedAt };
}
