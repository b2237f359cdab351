import {
  type ClaimedJob,
  type ClaimLane,
  type ClaimRequest,
  type Completion,
  type HeldLease,
  type ExtendRequest,
  isFinalState,
  type JobState,
  type ProgressReport,
  type Rejection,
  type Settlement,
} from "../../contract/index.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import type { Connection, Parameters } from "./connection.ts";
import { openAfter, startGated, type UsedPlaces, waitAgain } from "./gates.ts";
import { recordFailure } from "./history.ts";
import { pausedDefinitions } from "./pauses.ts";
import { refusal } from "./refusal.ts";
import * as statements from "./statements.ts";
import { storable } from "./text.ts";

/* The hot half of the contract as synchronous functions that run inside one open transaction. */

type ClaimRow = [
  seq: number,
  id: string,
  name: string,
  queue: string,
  version: number,
  priority: number,
  attempt: number,
  crashes: number,
  fence: number,
  runAt: number,
  enqueuedAt: number,
  gated: number,
  payload: string,
];
type RepeatedRow = [...ClaimRow, leaseUntil: number];

export function claimJobs(connection: Connection, request: ClaimRequest, now: number): ClaimedJob[] {
  const { workerId, claimId } = request;
  const repeated = connection.raw<RepeatedRow>(statements.selectClaim, { workerId, claimId });
  if (repeated.length > 0) return repeated.map((row) => toClaimedJob(row, row[13], 0));
  const paused = pausedDefinitions(connection);
  const gated: number[] = [];
  const claimed = request.lanes.flatMap((lane) => claimLane(connection, request, without(paused, lane), now, gated));
  if (gated.length > 0) startGated(connection, gated, now);
  return claimed;
}

/** Nearly always nothing is paused: one look into an empty table costs less than a condition on every row. */
function without(paused: readonly string[], lane: ClaimLane): ClaimLane {
  if (paused.length === 0) return lane;
  return { ...lane, handles: lane.handles.filter(({ name }) => !paused.includes(name)) };
}

/** One statement text per number of handled jobs. */
const laneStatements = new Map<number, CompiledStatement>();

/** Adds those that have gates to `gated`. */
function claimLane(
  connection: Connection,
  request: ClaimRequest,
  lane: ClaimLane,
  now: number,
  gated: number[],
): ClaimedJob[] {
  const { queue, limit, handles } = lane;
  if (limit < 1 || handles.length === 0) return [];
  const statement = laneStatements.get(handles.length) ?? statements.selectLane(handles.length);
  laneStatements.set(handles.length, statement);
  const parameters: Record<string, string | number> = { queue, limit };
  for (const [index, handle] of handles.entries()) {
    parameters[`name${index}`] = handle.name;
    parameters[`version${index}`] = handle.maxVersion;
  }
  const leaseUntil = now + request.leaseMs;
  const { workerId, claimId } = request;
  const rows = connection.raw<ClaimRow>(statement, parameters);
  if (rows.length === 0) return [];
  const seqs = JSON.stringify(rows.map(([seq]) => seq));
  connection.run(statements.claimJobs, { workerId, claimId, leaseUntil, now, seqs });
  for (const row of rows) if (row[11]) gated.push(row[0]);
  return rows.map((row) => toClaimedJob(row, leaseUntil, 1));
}

/** `growth`: what the claim adds to the fence and the attempt that were read. */
function toClaimedJob(row: ClaimRow | RepeatedRow, leaseUntil: number, growth: number): ClaimedJob {
  const [, id, name, queue, version, priority, attempt, crashes, fence, runAt, enqueuedAt, gated, payload] = row;
  const job: ClaimedJob = {
    id,
    name,
    queue,
    version,
    priority,
    attempt: attempt + growth,
    crashes,
    fence: fence + growth,
    runAt,
    enqueuedAt,
    leaseUntil,
    payload,
  };
  return gated ? { ...job, gated: true } : job;
}

type SettledRow = [seq: number, state: JobState, gated: number];

/** Nearly always every lease of a batch is open and the first of its job: then one statement ends them all. */
export function ackJobs(connection: Connection, completions: readonly Completion[], now: number): Settlement[] {
  const fence = completions[0]?.fence;
  if (fence === undefined) return [];
  const alike =
    completions.length > 1 && completions.every((completion) => completion.fence === fence && !completion.gated);
  if (!alike || !ackTogether(connection, completions, fence, now)) {
    const used: UsedPlaces = new Map();
    return completions.map((completion) => ackJob(connection, completion, used, now));
  }
  for (const { id, output } of completions) storeOutput(connection, id, output);
  return completions.map(() => "ok");
}

/** All of them, or none and false. */
function ackTogether(connection: Connection, completions: readonly Completion[], fence: number, now: number): boolean {
  connection.run(statements.openSavepoint, {});
  const ids = JSON.stringify(completions.map(({ id }) => id));
  const all = connection.run(statements.ackJobs, { ids, fence, now }).changes === completions.length;
  if (!all) connection.run(statements.undoSavepoint, {});
  connection.run(statements.releaseSavepoint, {});
  return all;
}

function ackJob(connection: Connection, completion: Completion, used: UsedPlaces, now: number): Settlement {
  const { id, fence, output } = completion;
  if (connection.run(statements.ackJob, { id, fence, now }).changes === 0) return refusal(connection, completion);
  storeOutput(connection, id, output);
  if (completion.gated) openAfter(connection, id, now, used);
  return "ok";
}

function storeOutput(connection: Connection, id: string, output: string | undefined): void {
  if (output !== undefined) connection.run(statements.insertOutput, { id, output: storable(output) });
}

export function nackJob(connection: Connection, rejection: Rejection, now: number): Settlement {
  const error = "error" in rejection ? JSON.stringify(rejection.error) : undefined;
  if (error !== undefined) recordFailure(connection, rejection, error, now);
  const [row] = connection.raw<SettledRow>(statements.nackJob, {
    id: rejection.id,
    fence: rejection.fence,
    now,
    ...nackTarget(rejection, now),
  });
  if (!row) return refusal(connection, rejection);
  if (row[2] && !isFinalState(row[1])) waitAgain(connection, row[0], false);
  if (rejection.gated) openAfter(connection, rejection.id, now);
  if (error !== undefined) connection.run(statements.insertError, { seq: row[0], error });
  return "ok";
}

function nackTarget(rejection: Rejection, now: number): Parameters {
  const waiting = { reason: null, finishedAt: null };
  switch (rejection.outcome) {
    case "retry":
      return { ...waiting, ...readyAfter(rejection.delayMs, now), uncounted: 0 };
    case "snooze":
      return { ...waiting, ...readyAfter(rejection.delayMs, now), uncounted: 1 };
    case "release":
      return { ...waiting, state: "ready", runAt: null, uncounted: 1 };
    case "dead":
      return { state: "dead", reason: rejection.reason, finishedAt: now, runAt: null, uncounted: 0 };
  }
}

function readyAfter(delayMs: number, now: number): Parameters {
  return { state: delayMs > 0 ? "scheduled" : "ready", runAt: now + Math.max(0, delayMs) };
}

export function reportProgress(connection: Connection, report: ProgressReport): Settlement {
  const { id, fence, progress } = report;
  return connection.run(statements.reportProgress, { id, fence, progress }).changes === 1
    ? "ok"
    : refusal(connection, report);
}

export function extendLeases(connection: Connection, request: ExtendRequest, now: number): HeldLease[] {
  const rows = connection.raw<[seq: number, id: string, fence: number, leaseUntil: number, cancelRequested: number]>(
    statements.extendLeases,
    { workerId: request.workerId, leaseUntil: now + request.leaseMs },
  );
  return rows
    .sort((a, b) => a[0] - b[0])
    .map(([, id, fence, leaseUntil, cancelRequested]) => ({
      id,
      fence,
      leaseUntil,
      cancelRequested: cancelRequested === 1,
    }));
}
