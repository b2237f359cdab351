import type { FinalState, JobRecord } from "../../contract/index.ts";
import type { JobMaker } from "../../core/new-job.ts";
import { endOf } from "../handle.ts";
import type { JobEventOf, JobEvents, JobEventType } from "./types.ts";

/** An event as it is at run time, whatever the schema says of its job. */
export type AnyEvent = JobEventOf<Readonly<Record<string, JobEvents<string, unknown, unknown>>>>;

/** The event of a job that ended, with all that `handle.settled()` tells. */
export function readEvent(record: JobRecord, { codec }: JobMaker): AnyEvent {
  const { name: job, id, attempt, finishedAt = 0 } = record;
  const base = { job, id, attempt, endedAt: new Date(finishedAt) };
  try {
    const { status, ...end } = endOf(record, codec);
    return { ...base, status, ...end } as AnyEvent; // `SettledJob` has these fields for these states
  } catch (error) {
    const state = record.state as FinalState; // it ended
    return { ...base, status: "unreadable", state, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** The types of which a job's end may become an event. */
export function typesOf({ state }: JobRecord): readonly JobEventType[] {
  return [state as FinalState, "unreadable"]; // it ended
}
