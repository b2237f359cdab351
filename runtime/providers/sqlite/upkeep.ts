import {
  isFinalState,
  type JobState,
  type PromoteResult,
  type PruneRequest,
  type ReapResult,
} from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import { deleteResults } from "./control.ts";
import { withGates } from "./ends.ts";
import { deleteGates } from "./gate-statements.ts";
import { hasGates, leaveGates, openAll, openBeside, waitAgain } from "./gates.ts";
import { deleteHistory, recordCrashes } from "./history.ts";
import { mendNeeds, type Sweep } from "./mend.ts";
import { deleteNeeds, followEnds } from "./needs.ts";
import * as statements from "./statements.ts";
import { deleteTags } from "./tag-statements.ts";
import { ties } from "./ties.ts";
import { forgetKeys } from "./unique.ts";

/* What happens to jobs because time passes, as synchronous functions that run inside one open transaction. */

export function promoteJobs(connection: Connection, limit: number, now: number): Promotion {
  const gated = hasGates(connection);
  const promoted = gated
    ? promoteMixed(connection, limit, now)
    : connection.run(statements.promoteJobs, { now, limit }).changes;
  const next = connection.get<{ runAt: number | null }>(statements.selectNextRun, {});
  const result = { promoted, nextRunAt: next?.runAt ?? undefined };
  return { result, readied: promoted + openAll(connection, now) };
}

export interface Promotion {
  readonly result: PromoteResult;
  /** At least 1 if there is something new to claim. */
  readonly readied: number;
}

function promoteMixed(connection: Connection, limit: number, now: number): number {
  const rows = connection.raw<MovedRow>(statements.promoteMixed, { now, limit });
  for (const [seq, gated] of rows) if (gated & ties.gates) waitAgain(connection, seq, false);
  return rows.length;
}

type MovedRow = [seq: number, gated: number];

type ReapedRow = [seq: number, state: JobState, fence: number, gated: number];

export function reapJobs(connection: Connection, limit: number, now: number): ReapResult {
  const rows = connection.raw<ReapedRow>(statements.reapJobs, { now, expiredBefore: now, limit });
  const crashed = rows.map(([seq, , fence]) => ({ seq, fence }));
  recordCrashes(connection, crashed, now);
  followReaped(connection, rows, now);
  const readied = rows.filter(([, state]) => state === "ready").length;
  return { readied, ended: rows.length - readied };
}

/** Lets on whoever waited for them, by edges and at gates. */
function followReaped(connection: Connection, rows: readonly ReapedRow[], now: number): void {
  const tied = rows.filter((row) => row[3]).map(([seq, state, , gated]) => ({ seq, state, gated }));
  const gated = tied.filter((job) => job.gated & ties.gates);
  for (const { seq, state } of gated) {
    if (state === "ready") waitAgain(connection, seq, false);
    else leaveGates(connection, seq);
  }
  const ended = tied.filter(({ state, gated: sum }) => isFinalState(state) && sum & ties.needed);
  const moved = followEnds(
    connection,
    ended.map(({ seq }) => seq),
    now,
  );
  openBeside(connection, withGates([...gated, ...moved]), now);
}

export interface Pruning {
  readonly pruned: number;
  /** Jobs that waited for what was decided. */
  readonly mended: number;
}

export function pruneJobs(connection: Connection, request: PruneRequest, sweep: Sweep, now: number): Pruning {
  const mended = mendNeeds(connection, sweep, now);
  const pruned: DeletedRow[] = [];
  for (const [state, retentionMs] of Object.entries(request.retentionMs)) {
    const limit = request.limit - pruned.length;
    if (limit <= 0) break;
    const rows = connection.raw<DeletedRow>(statements.pruneJobs, {
      state,
      finishedBefore: now - retentionMs,
      now,
      limit,
    });
    for (const row of rows) pruned.push(row);
  }
  if (pruned.length > 0) deleteAttachments(connection, pruned);
  return { pruned: pruned.length, mended };
}

type DeletedRow = [seq: number, gated: number];

/** The edges go last, so that a job and one that it needs never go in the same call. */
function deleteAttachments(connection: Connection, pruned: readonly DeletedRow[]): void {
  const seqs = pruned.map(([seq]) => seq);
  const list = JSON.stringify(seqs);
  connection.run(statements.deletePayloads, { seqs: list });
  connection.run(deleteTags, { seqs: list });
  connection.run(deleteGates, { seqs: list });
  deleteHistory(connection, list);
  deleteResults(connection, seqs);
  forgetKeys(connection, seqs);
  if (pruned.some(([, gated]) => gated & ties.needs)) deleteNeeds(connection, list);
}
