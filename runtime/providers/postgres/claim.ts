import type { ClaimedJob, ClaimLane, ClaimRequest } from "../../contract/index.ts";
import { type ClaimCursors, type ClaimStart, front, type Position } from "./claim-cursor.ts";
import { remember, type Store, timeOf } from "./store.ts";
import { storable } from "./values.ts";

type ClaimRow = readonly [
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
  leaseUntil: number,
  payload: string,
  gated: boolean,
  needed: boolean,
  fresh: number,
];

const maxInteger = 2 ** 31 - 1;

export interface Claimed {
  readonly jobs: readonly ClaimedJob[];
  /** Ids of those with gates that were not taken by an earlier claim. */
  readonly gated: readonly string[];
}

/** One round trip, unless a cursor came to its end, or a queue stands in two lanes. */
export async function claimJobs(store: Store, cursors: ClaimCursors, request: ClaimRequest): Promise<Claimed> {
  storable(request.workerId, "A worker's id");
  storable(request.claimId, "A claim's id");
  const claimed: ClaimRow[] = [];
  for (const [index, lanes] of inTurns(request.lanes).entries()) {
    const { rows, repeated } = await claimLanes(store, cursors, { ...request, lanes }, index === 0);
    claimed.push(...rows);
    if (repeated) return { jobs: claimed.map(toClaimedJob), gated: [] };
  }
  const gated = claimed.flatMap((row) => (row[13] ? [row[1]] : []));
  for (const row of claimed) {
    remember(store.claimed.seqs, row[1], row[0]);
    if (row[14]) remember(store.claimed.needed, row[1], row[13]);
  }
  return { jobs: claimed.map(toClaimedJob), gated };
}

/** Lanes in their order, cut where a queue comes again: one statement must not offer the same jobs twice. */
function inTurns(lanes: readonly ClaimLane[]): readonly (readonly ClaimLane[])[] {
  const turns: ClaimLane[][] = [];
  let queues = new Set<string>();
  for (const lane of lanes) {
    if (lane.limit < 1 || lane.handles.length === 0) continue;
    if (turns.length === 0 || queues.has(lane.queue)) {
      turns.push([]);
      queues = new Set();
    }
    queues.add(lane.queue);
    turns.at(-1)?.push(lane);
  }
  // Without any room, a repeated claim still wants its answer.
  return turns.length > 0 ? turns : [[]];
}

async function claimLanes(
  store: Store,
  cursors: ClaimCursors,
  request: ClaimRequest,
  mayRepeat: boolean,
): Promise<{ readonly rows: readonly ClaimRow[]; readonly repeated: boolean }> {
  const { lanes } = request;
  const starts = lanes.map((lane) => cursors.start(laneKey(lane)));
  const taken: ClaimRow[][] = lanes.map(() => []);
  try {
    const rows = await takeRows(store, request, starts, mayRepeat);
    if (rows.some((row) => row[15] === 0)) return { rows: sorted(rows), repeated: true };
    share(rows, lanes, taken);
    await lookFromTheFront(store, request, starts, taken);
  } finally {
    for (const [index, lane] of lanes.entries()) starts[index]?.end(lane.queue, lastOf(lane, taken[index] ?? []));
  }
  return { rows: taken.flatMap(sorted), repeated: false };
}

/** A lane whose cursor gave too little is claimed once more, without it: something may stand before the cursor. */
async function lookFromTheFront(
  store: Store,
  request: ClaimRequest,
  starts: readonly ClaimStart[],
  taken: readonly ClaimRow[][],
): Promise<void> {
  const short = request.lanes.flatMap((lane, index) => {
    const room = lane.limit - (taken[index]?.length ?? 0);
    return starts[index]?.from && room > 0 ? [{ index, lane: { ...lane, limit: room } }] : [];
  });
  if (short.length === 0) return;
  const lanes = short.map(({ lane }) => lane);
  const rows = await takeRows(store, { ...request, lanes }, [], false);
  share(
    rows,
    lanes,
    short.map(({ index }) => taken[index] ?? []),
  );
}

function takeRows(
  store: Store,
  { workerId, claimId, leaseMs, lanes }: ClaimRequest,
  starts: readonly ClaimStart[],
  mayRepeat: boolean,
): Promise<ClaimRow[]> {
  const rows = lanes.map(({ queue, limit, handles }, index) => {
    const { priority, runAt, seq } = starts[index]?.from ?? front;
    const names = handles.map(({ name }) => storable(name, "A job's name"));
    const versions = handles.map(({ maxVersion }) => Math.min(maxVersion, maxInteger));
    const room = Math.min(limit, maxInteger);
    return { queue: storable(queue, "A queue's name"), room, names, versions, priority, run_at: runAt, seq };
  });
  return store.database.rows<ClaimRow>(store.statements.claim, {
    workerId,
    claimId,
    mayRepeat,
    lanes: JSON.stringify(rows),
    leaseMs: Math.round(leaseMs),
    ...timeOf(store),
  });
}

function share(rows: readonly ClaimRow[], lanes: readonly ClaimLane[], taken: readonly ClaimRow[][]): void {
  const byQueue = new Map(lanes.map(({ queue }, index) => [queue, taken[index]]));
  for (const row of rows) byQueue.get(row[3])?.push(row);
}

/** Only lanes that can take the same jobs share a cursor. */
function laneKey({ queue, handles }: ClaimLane): string {
  return JSON.stringify([queue, ...handles.map(({ name, maxVersion }) => [name, maxVersion])]);
}

function lastOf(lane: ClaimLane, rows: readonly ClaimRow[]): Position | undefined {
  if (rows.length < lane.limit) return undefined;
  const last = sorted(rows).at(-1);
  return last && { priority: last[5], runAt: last[9], seq: last[0] };
}

function sorted(rows: readonly ClaimRow[]): readonly ClaimRow[] {
  return [...rows].sort((a, b) => a[5] - b[5] || a[9] - b[9] || a[0] - b[0]);
}

function toClaimedJob(row: ClaimRow): ClaimedJob {
  const [, id, name, queue, version, priority, attempt, crashes, fence, runAt, enqueuedAt, leaseUntil, payload] = row;
  const job = { id, fence, name, queue, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload };
  return row[13] || row[14] ? { ...job, gated: true } : job;
}
