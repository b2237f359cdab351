import { isFinalState, type JobState } from "../../contract/index.ts";
import type { Runner } from "./connection.ts";
import { openAfter, openBeside, type UsedPlaces } from "./gates.ts";
import { followEnds, type Moved, stopHolding } from "./needs.ts";
import { ties } from "./ties.ts";

/* What follows for others when a job that is tied to them was settled, in the step in which it was. */

export interface Tied {
  readonly seq: number;
  readonly gated: number;
  readonly state: JobState;
}

/**
 * Decides the edges of those that need it, if it has ended, and opens the gates at which they arrive; with `says`, as its lease
 * said, also those that it leaves. Returns what moved on along edges.
 */
export function afterSettlement(
  runner: Runner,
  job: Tied,
  says: boolean,
  now: number,
  used?: UsedPlaces,
): readonly Moved[] {
  const isEnd = isFinalState(job.state) && (job.gated & ties.needed) !== 0;
  const moved = isEnd ? followEnds(runner, [job.seq], now) : [];
  const arrived = withGates(moved);
  if (says && job.gated & ties.gates) openAfter(runner, job.seq, now, used, arrived);
  else openBeside(runner, arrived, now, used);
  return moved;
}

/** Of a job that waited, and was ended from outside. */
export function afterOutsideEnd(runner: Runner, job: Tied, now: number): void {
  if (job.gated === 0) return;
  if (job.gated & ties.needs) stopHolding(runner, job.seq);
  afterSettlement(runner, job, true, now);
}

export function withGates(jobs: readonly Pick<Tied, "seq" | "gated">[]): readonly number[] {
  return jobs.filter(({ gated }) => gated & ties.gates).map(({ seq }) => seq);
}
