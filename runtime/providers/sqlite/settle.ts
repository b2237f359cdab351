import { type Completion, isFinalState, type JobState, type Rejection, type Settlement } from "../../contract/index.ts";
import type { Connection, Parameters } from "./connection.ts";
import { afterSettlement } from "./ends.ts";
import { type UsedPlaces, waitAgain } from "./gates.ts";
import { recordFailure } from "./history.ts";
import { followSuccesses } from "./needs.ts";
import { refusal } from "./refusal.ts";
import * as statements from "./statements.ts";
import { storable } from "./text.ts";
import { ties } from "./ties.ts";

/* The ends of leases, as synchronous functions that run inside one open transaction. */

type SettledRow = [seq: number, state: JobState, gated: number];

export interface Acknowledged {
  readonly settlements: readonly Settlement[];
  /** Whether jobs that need others waited for these, and no longer do. */
  readonly hasMoved: boolean;
}

/** Nearly always every lease of a batch is open and the first of its job: then one statement ends them all. */
export function ackJobs(connection: Connection, completions: readonly Completion[], now: number): Acknowledged {
  const hasMoved = completions.length > 1 ? ackTogether(connection, completions, now) : undefined;
  if (hasMoved === undefined) return ackEach(connection, completions, now);
  for (const { id, output } of completions) storeOutput(connection, id, output);
  return { settlements: completions.map(() => "ok"), hasMoved };
}

/** All of them, or none and undefined. */
function ackTogether(connection: Connection, completions: readonly Completion[], now: number): boolean | undefined {
  const fence = completions[0]?.fence;
  if (fence === undefined || completions.some((completion) => completion.fence !== fence)) return undefined;
  const isTied = completions.some(({ gated }) => gated);
  if (isTied && hasGates(connection, completions)) return undefined;
  connection.run(statements.openSavepoint, {});
  const ids = JSON.stringify(completions.map(({ id }) => id));
  const settle = isTied ? ackNeeded : ackPlain;
  const hasMoved = settle(connection, { ids, fence, now }, completions.length);
  if (hasMoved === undefined) connection.run(statements.undoSavepoint, {});
  connection.run(statements.releaseSavepoint, {});
  return hasMoved;
}

/** As the first, so the others, most likely: jobs with gates are settled one after the other. */
function hasGates(connection: Connection, completions: readonly Completion[]): boolean {
  const id = completions.find(({ gated }) => gated)?.id ?? "";
  const row = connection.get<{ gated: number }>(statements.selectTies, { id });
  return row !== undefined && (row.gated & ties.gates) !== 0;
}

interface Together extends Parameters {
  /** A JSON array. */
  readonly ids: string;
  readonly fence: number;
  readonly now: number;
}

function ackPlain(connection: Connection, together: Together, count: number): false | undefined {
  return connection.run(statements.ackJobs, together).changes === count ? false : undefined;
}

/** Only what comes out the same if they are settled one after the other: nobody is skipped, and nobody comes to a gate. */
function ackNeeded(connection: Connection, together: Together, count: number): boolean | undefined {
  if (connection.run(statements.ackNeeded, together).changes !== count) return undefined;
  const moved = followSuccesses(connection, together.ids, together.now);
  const isPlain = moved.every(({ found, gated }) => found === "go" && (gated & ties.gates) === 0);
  return isPlain ? moved.length > 0 : undefined;
}

function ackEach(connection: Connection, completions: readonly Completion[], now: number): Acknowledged {
  const used: UsedPlaces = new Map();
  let hasMoved = false;
  const settlements = completions.map((completion): Settlement => {
    if (ackUnneeded(connection, completion, now)) return "ok";
    const [row] = connection.raw<SettledRow>(statements.ackTied, { id: completion.id, fence: completion.fence, now });
    if (!row) return refusal(connection, completion);
    storeOutput(connection, completion.id, completion.output);
    const moved = afterSettlement(connection, tiedOf(row), completion.gated ?? false, now, used);
    hasMoved ||= moved.length > 0;
    return "ok";
  });
  return { settlements, hasMoved };
}

/** Of a job that has no gates, and that nobody needs. */
function ackUnneeded(connection: Connection, { id, fence, output, gated }: Completion, now: number): boolean {
  if (gated || connection.run(statements.ackJob, { id, fence, now }).changes === 0) return false;
  storeOutput(connection, id, output);
  return true;
}

function tiedOf([seq, state, gated]: SettledRow): {
  readonly seq: number;
  readonly state: JobState;
  readonly gated: number;
} {
  return { seq, state, gated };
}

export function storeOutput(connection: Connection, id: string, output: string | undefined): void {
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
  if (row[2] & ties.gates && !isFinalState(row[1])) waitAgain(connection, row[0], false);
  if (row[2]) afterSettlement(connection, tiedOf(row), rejection.gated ?? false, now);
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
    case "skip":
      return { state: "skipped", reason: "condition", finishedAt: now, runAt: null, uncounted: 1 };
  }
}

function readyAfter(delayMs: number, now: number): Parameters {
  return { state: delayMs > 0 ? "scheduled" : "ready", runAt: now + Math.max(0, delayMs) };
}
