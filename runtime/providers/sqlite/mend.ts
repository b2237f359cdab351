import type { EdgeStatus, Needs } from "../../contract/index.ts";
import { verdict } from "../../core/needs.ts";
import type { Runner } from "./connection.ts";
import { openBeside } from "./gates.ts";
import { mendEdge, selectHeldEdges } from "./need-statements.ts";
import { followHeld } from "./needs.ts";
import { ties } from "./ties.ts";

/*
 * No call leaves a job waiting for needs that are decided. Hands that change the tables do, and processes of an older version,
 * which know of no edges. So each call of `prune` looks at a few jobs that are held, and the next one goes on from there.
 */

const edgesPerSweep = 1_000;

/** Where the next sweep begins. */
export interface Sweep {
  child: number;
  number: number;
}

export function createSweep(): Sweep {
  return { child: 0, number: -1 };
}

interface HeldEdge {
  readonly child: number;
  readonly number: number;
  readonly status: EdgeStatus | null;
  readonly statusNow: EdgeStatus;
  readonly mode: Needs["mode"];
}

/** Returns how many jobs wait no longer. */
export function mendNeeds(runner: Runner, sweep: Sweep, now: number): number {
  const { child, number } = sweep;
  const edges = runner.all<HeldEdge>(selectHeldEdges, { child, number, limit: edgesPerSweep });
  const last = edges.length === edgesPerSweep ? edges.at(-1) : undefined;
  Object.assign(sweep, last ? { child: last.child, number: last.number } : createSweep());
  for (const edge of edges) {
    if (isOverdue(edge)) runner.run(mendEdge, { number: edge.number, status: edge.statusNow });
  }
  const moved = followHeld(runner, [...suspects(edges)], now);
  const gated = moved.filter((one) => one.gated & ties.gates).map(({ seq }) => seq);
  openBeside(runner, gated, now);
  return moved.length;
}

function isOverdue({ status, statusNow }: HeldEdge): boolean {
  return status === "open" && statusNow !== "open";
}

/** Jobs that cannot be seen to wait: the rest of their edges, if there is one, may still say so. */
function suspects(edges: readonly HeldEdge[]): Iterable<number> {
  const seen = new Map<number, { readonly mode: Needs["mode"]; readonly statuses: Set<EdgeStatus> }>();
  for (const edge of edges) {
    const { child, mode, status, statusNow } = edge;
    const { statuses } = seen.get(child) ?? { statuses: new Set() };
    if (status !== null) statuses.add(status === "open" ? statusNow : status);
    seen.set(child, { mode, statuses });
  }
  return [...seen].filter(([, { mode, statuses }]) => verdict(mode, [...statuses]) !== "wait").map(([child]) => child);
}
