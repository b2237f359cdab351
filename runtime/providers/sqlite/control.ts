import {
  type CancelOutcome,
  type ChangeOutcome,
  type CompleteOutcome,
  isFinalState,
  type JobChange,
  type JobState,
  type OutsideCompletion,
  type RequeueOutcome,
} from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import { afterOutsideEnd, withGates } from "./ends.ts";
import { leaveGates, openBeside, waitAgain } from "./gates.ts";
import { forgetProgress } from "./history.ts";
import { holdAgain } from "./needs.ts";
import { storeOutput } from "./settle.ts";
import { startOf } from "./start-of.ts";
import * as statements from "./statements.ts";
import { ties } from "./ties.ts";
import { type RequeuedRow, retakesKey } from "./unique.ts";
import { selectRequeued } from "./unique-statements.ts";

/* The operator verbs, as synchronous functions that run inside one open transaction. */

export function deleteResults(connection: Connection, seqs: readonly number[]): void {
  connection.run(statements.deleteOutputs, { seqs: JSON.stringify(seqs) });
  connection.run(statements.deleteErrors, { seqs: JSON.stringify(seqs) });
}

type WaitedRow = [seq: number, gated: number];

export function cancelJob(connection: Connection, id: string, now: number): CancelOutcome {
  const [row] = connection.raw<WaitedRow>(statements.cancelWaiting, { id, now });
  if (row) {
    afterOutsideEnd(connection, { seq: row[0], gated: row[1], state: "cancelled" }, now);
    return "cancelled";
  }
  if (connection.run(statements.cancelRunning, { id }).changes === 1) return "requested";
  return stateOf(connection, id) === undefined ? "notFound" : "alreadyDone";
}

export function completeJob(connection: Connection, { id, output }: OutsideCompletion, now: number): CompleteOutcome {
  const [row] = connection.raw<WaitedRow>(statements.completeWaiting, { id, now });
  if (!row) return stateOf(connection, id) === undefined ? "notFound" : "notWaiting";
  storeOutput(connection, id, output);
  afterOutsideEnd(connection, { seq: row[0], gated: row[1], state: "succeeded" }, now);
  return "completed";
}

export function requeueJob(connection: Connection, id: string, delayMs: number, now: number): RequeueOutcome {
  const job = connection.get<RequeuedRow>(selectRequeued, { id });
  if (!job) return "notFound";
  if (!isFinalState(job.state)) return "alreadyWaiting";
  if (!retakesKey(connection, job, now)) return "deduplicated";
  const state: JobState = job.gated & ties.needs ? "blocked" : delayMs > 0 ? "scheduled" : "ready";
  connection.run(statements.requeueJob, { seq: job.seq, state, runAt: now + delayMs });
  deleteResults(connection, [job.seq]);
  if (job.state === "succeeded") forgetProgress(connection, job.seq);
  if (job.gated & ties.needs) holdAndFollow(connection, job, now);
  else if (job.gated & ties.gates) waitAndOpen(connection, job.seq, true, now);
  return "requeued";
}

/** Its needs come before its gates. */
function holdAndFollow(connection: Connection, { seq, gated }: RequeuedRow, now: number): void {
  if (gated & ties.gates) leaveGates(connection, seq);
  const moved = holdAgain(connection, seq, now);
  openBeside(connection, withGates([{ seq, gated }, ...moved]), now);
}

function waitAndOpen(connection: Connection, seq: number, all: boolean, now: number): void {
  waitAgain(connection, seq, all);
  openBeside(connection, [seq], now);
}

export function changeJob(connection: Connection, change: JobChange, now: number): ChangeOutcome {
  const { id, runAt, delayMs, priority = null } = change;
  const given = runAt !== undefined || delayMs !== undefined;
  const changed = { id, priority, version: null, runAt: given ? startOf(change, now) : null, now };
  const [row] = connection.raw<[...WaitedRow, state: JobState]>(statements.changeJob, changed);
  // One that is still blocked is held by its needs.
  if (row && row[1] & ties.gates && row[2] !== "blocked") waitAndOpen(connection, row[0], false, now);
  if (row) return "changed";
  return stateOf(connection, id) === undefined ? "notFound" : "notWaiting";
}

function stateOf(connection: Connection, id: string): JobState | undefined {
  return connection.get<{ state: JobState }>(statements.selectState, { id })?.state;
}
