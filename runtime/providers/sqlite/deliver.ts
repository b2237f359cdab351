import type {
  ClaimedJob,
  ClaimLane,
  ClaimRequest,
  ExtendRequest,
  HeldLease,
  ProgressReport,
  Settlement,
} from "../../contract/index.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import type { Connection } from "./connection.ts";
import { startGated } from "./gates.ts";
import { pausedDefinitions } from "./pauses.ts";
import { refusal } from "./refusal.ts";
import * as statements from "./statements.ts";
import { ties } from "./ties.ts";

/* What workers ask for while they hold leases, as synchronous functions that run inside one open transaction. */

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
  for (const row of rows) if (row[11] & ties.gates) gated.push(row[0]);
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
  return gated & (ties.gates | ties.needed) ? { ...job, gated: true } : job;
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
