import type { EndReason, JobRecord, JobState, StoredError } from "../../contract/index.ts";

/** Everything of one job, as the SQL providers select it. */
export interface RecordRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly version: number;
  readonly state: JobState;
  readonly priority: number;
  readonly attempt: number;
  readonly crashes: number;
  readonly fence: number;
  readonly runAt: number;
  readonly enqueuedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly workerId: string | null;
  readonly leaseUntil: number | null;
  readonly cancelRequested: boolean | number;
  readonly progress: number | null;
  /** Key of the gate that a blocked job waits at. */
  readonly blockedBy: string | null;
  readonly reason: EndReason | null;
  readonly payload: string;
  readonly output: string | null;
  readonly error: string | null;
}

export function toRecord(row: RecordRow): JobRecord {
  const running = row.state === "running";
  return {
    id: row.id,
    name: row.name,
    queue: row.queue,
    version: row.version,
    state: row.state,
    priority: row.priority,
    attempt: row.attempt,
    crashes: row.crashes,
    fence: row.fence,
    runAt: row.runAt,
    enqueuedAt: row.enqueuedAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    workerId: running ? (row.workerId ?? undefined) : undefined,
    leaseUntil: running ? (row.leaseUntil ?? undefined) : undefined,
    cancelRequested: Boolean(row.cancelRequested),
    progress: row.progress ?? undefined,
    blockedBy: row.blockedBy ?? undefined,
    reason: row.reason ?? undefined,
    payload: row.payload,
    output: row.output ?? undefined,
    // Written by the providers as JSON of a StoredError. A job that succeeded in the end has no error.
    error: row.error === null || row.state === "succeeded" ? undefined : (JSON.parse(row.error) as StoredError),
  };
}
