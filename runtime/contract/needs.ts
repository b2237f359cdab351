import type { JobRecord } from "./jobs.ts";

/**
 * How a job has to end for one that needs it.
 *
 * - `succeeded`.
 * - `failed`: `dead`, `cancelled`, or `skipped` with the reason `prerequisite`.
 * - `notFailed`: `succeeded`, or `skipped` because something did not come to pass.
 * - `finished`: in whatever way.
 */
export const needConditions = ["succeeded", "failed", "notFailed", "finished"] as const;

export type NeedCondition = (typeof needConditions)[number];

/**
 * `met` and `unmet`: the job that is needed has ended, as it had to or otherwise. `broken`: otherwise, because it failed.
 */
export const edgeStatuses = ["open", "met", "unmet", "broken"] as const;

export type EdgeStatus = (typeof edgeStatuses)[number];

/** An edge between two jobs. */
export interface Need {
  readonly id: string;
  readonly when: NeedCondition;
}

/**
 * The jobs whose ends a job waits for. An edge is decided once, in the step in which the job that is needed ends, and
 * stays so until the job that needs it is requeued, which looks at all of them anew.
 */
export interface Needs {
  /** Ids are those of jobs that are there, or that stand earlier in the same call; each once. */
  readonly of: readonly Need[];
  /**
   * `all`: the job runs when every edge is met, and is skipped as soon as one is not. `any`: it runs as soon as one is met,
   * and is skipped when none is. The reason is `prerequisite` if one of them is broken by then, else `condition`.
   */
  readonly mode: "all" | "any";
}

/** `blockedBy` of a job that its needs hold. */
export const prerequisites = "prerequisites";

export interface NeedsRequest {
  /** The job that needs others. */
  readonly id: string;
  /** 1…1,000; default 100. */
  readonly limit?: number;
  /** `cursor` of the previous page. */
  readonly cursor?: string;
}

export interface NeedRecord {
  readonly when: NeedCondition;
  readonly status: EdgeStatus;
  /** As it is now. It is kept for as long as the one that needs it. */
  readonly job: JobRecord;
}

/** In the order in which the edges came; empty if there is no such job. */
export interface NeedPage {
  readonly needs: readonly NeedRecord[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
}
