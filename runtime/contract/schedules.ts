import type { EnqueueResult, NewJob } from "./jobs.ts";

/** A schedule on its way into the store. The slots are computed by core: the store keeps and compares, no more. */
export interface NewSchedule {
  /** Unique in the store. */
  readonly key: string;
  /** Name of the job definition that it enqueues. */
  readonly name: string;
  /** Opaque text. A schedule with another text is another schedule: its slots begin anew. */
  readonly spec: string;
  /** The slot that fires next, ms since the epoch; absent: there is none any more. */
  readonly nextAt: number | undefined;
}

export interface ScheduleRecord extends NewSchedule {
  /** The slot that fired last. */
  readonly lastAt: number | undefined;
  readonly pausedAt: number | undefined;
}

export interface FoundSchedule {
  /** The provider's clock. */
  readonly now: number;
  /** Undefined: there is none with that key. */
  readonly schedule: ScheduleRecord | undefined;
}

export interface SchedulePage {
  /** The provider's clock. */
  readonly now: number;
  /** By key. */
  readonly schedules: readonly ScheduleRecord[];
}

export interface DueRequest {
  /** Only schedules of these job definitions. */
  readonly names: readonly string[];
  readonly limit: number;
}

export interface DueSchedules {
  /** The provider's clock. */
  readonly now: number;
  /** Not paused, `nextAt ≤ now`; the longest overdue first, then by key. */
  readonly due: readonly ScheduleRecord[];
  /** When the next of the others is due, if there is one. */
  readonly nextAt: number | undefined;
}

/** Enqueues the jobs of a slot and moves the schedule on, in one step, if nobody else did. */
export interface Firing {
  readonly key: string;
  /** The schedule must still be this one, … */
  readonly spec: string;
  /** … with this as its next slot, and not paused. */
  readonly expectedAt: number;
  /** What `lastAt` becomes. */
  readonly slotAt: number;
  /** May be empty: slots that are not caught up. */
  readonly jobs: readonly NewJob[];
  readonly nextAt: number | undefined;
}

/** `lost`: another process fired this slot, or the schedule was changed, paused or removed; nothing was written. */
export type FiringResult =
  | { readonly outcome: "fired"; readonly results: readonly EnqueueResult[] }
  | { readonly outcome: "lost" };
