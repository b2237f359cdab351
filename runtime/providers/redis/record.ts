import { type JobRecord, type JobState, jobStates, type StoredError } from "../../contract/index.ts";
import { unpackId } from "./ids.ts";
import { reasonOf } from "./reasons.ts";

/** A number in a reply: as text, if the application set its client so. */
export type Int = number | string;

/** A record as `scripts/inspect.ts` replies it. */
export type RecordReply = readonly [
  id: string,
  seq: Int,
  queue: string,
  name: string,
  version: Int,
  state: Int,
  priority: Int,
  attempt: Int,
  crashes: Int,
  fence: Int,
  runAt: Int,
  enqueuedAt: Int,
  startedAt: Int | null,
  finishedAt: Int | null,
  workerId: string | null,
  leaseUntil: Int | null,
  cancelRequested: Int,
  progress: string | null,
  reason: Int,
  payload: string,
  output: string | null,
  error: string | null,
  blockedBy: string | null,
];

export function toRecord(reply: RecordReply): JobRecord {
  const [id, , queue, name, version, state, priority, attempt, crashes, fence, runAt, enqueuedAt, ...rest] = reply;
  const [startedAt, finishedAt, workerId, leaseUntil, cancelRequested, progress, reason, payload, output, ...last] =
    rest;
  const [error, blockedBy] = last;
  return {
    id: unpackId(id),
    name,
    queue,
    version: Number(version),
    state: stateOf(state),
    priority: Number(priority),
    attempt: Number(attempt),
    crashes: Number(crashes),
    fence: Number(fence),
    runAt: Number(runAt),
    enqueuedAt: Number(enqueuedAt),
    startedAt: numberOf(startedAt),
    finishedAt: numberOf(finishedAt),
    workerId: workerId ?? undefined,
    leaseUntil: numberOf(leaseUntil),
    cancelRequested: Number(cancelRequested) === 1,
    progress: numberOf(progress),
    blockedBy: blockedBy ?? undefined,
    reason: reasonOf(Number(reason)),
    payload,
    output: output ?? undefined,
    error: error === null ? undefined : (JSON.parse(error) as StoredError), // written by `deliver.ts`
  };
}

/** States are kept as their place in `jobStates`, from 1. */
export function stateOf(number: Int): JobState {
  const state = jobStates[Number(number) - 1];
  if (!state) throw new TypeError(`the store has a job in the unknown state ${number}`);
  return state;
}

export function numberOfState(state: JobState): number {
  return jobStates.indexOf(state) + 1;
}

function numberOf(value: Int | null): number | undefined {
  return value === null ? undefined : Number(value);
}
