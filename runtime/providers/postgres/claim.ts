import type { ClaimedJob, ClaimLane, ClaimRequest } from "../../contract/index.ts";
import { remember } from "../../core/remember.ts";
import { type Claimed, claimedOf, marked, type PartRow } from "./claimed-list.ts";
import { type ClaimCursors, type ClaimStart, front, type Position } from "./claim-cursor.ts";
import { type Store, timeOf } from "./store.ts";
import { storable } from "./values.ts";

const maxInteger = 2 ** 31 - 1;
/** Who has room for more claims again: a text of all payloads must not be longer than JavaScript can have it. */
const maxListed = 100_000;

export interface ClaimResult {
  readonly jobs: readonly ClaimedJob[];
  /** Ids of those with gates that were not taken by an earlier claim. */
  readonly gated: readonly string[];
}

/** One round trip, unless a cursor came to its end, or a queue stands in two lanes. */
export async function claimJobs(store: Store, cursors: ClaimCursors, request: ClaimRequest): Promise<ClaimResult> {
  storable(request.workerId, "A worker's id");
  storable(request.claimId, "A claim's id");
  const claimed: Claimed[] = [];
  for (const [index, lanes] of inTurns(request.lanes).entries()) {
    const { taken, repeated } = await claimLanes(store, cursors, { ...request, lanes }, index === 0);
    claimed.push(...taken);
    if (repeated) return { jobs: claimed.map(({ job }) => job), gated: [] };
  }
  for (const { job, seq, hasGates, isNeeded } of claimed) {
    remember(store.claimed.seqs, job.id, seq);
    if (isNeeded) remember(store.claimed.needed, job.id, hasGates);
  }
  const gated = claimed.flatMap(({ job, hasGates }) => (hasGates ? [job.id] : []));
  return { jobs: claimed.map(({ job }) => job), gated };
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
): Promise<{ readonly taken: readonly Claimed[]; readonly repeated: boolean }> {
  const { lanes } = request;
  const starts = lanes.map((lane) => cursors.start(laneKey(lane)));
  const taken: Claimed[][] = lanes.map(() => []);
  let ends: readonly (Position | undefined)[] = [];
  try {
    const all = await take(store, request, starts, mayRepeat);
    if (all.some(({ isNew }) => !isNew)) return { taken: inOrder(all), repeated: true };
    share(all, lanes, taken);
    await lookFromTheFront(store, request, starts, taken);
    const ordered = taken.map(inOrder);
    ends = lanes.map(({ limit }, index) => lastOf(limit, ordered[index] ?? []));
    return { taken: ordered.flat(), repeated: false };
  } finally {
    for (const [index, { queue }] of lanes.entries()) starts[index]?.end(queue, ends[index]);
  }
}

/** A lane whose cursor gave too little is claimed once more, without it: something may stand before the cursor. */
async function lookFromTheFront(
  store: Store,
  request: ClaimRequest,
  starts: readonly ClaimStart[],
  taken: readonly Claimed[][],
): Promise<void> {
  const short = request.lanes.flatMap((lane, index) => {
    const room = lane.limit - (taken[index]?.length ?? 0);
    return starts[index]?.from && room > 0 ? [{ index, lane: { ...lane, limit: room } }] : [];
  });
  if (short.length === 0) return;
  const lanes = short.map(({ lane }) => lane);
  share(
    await take(store, { ...request, lanes }, [], false),
    lanes,
    short.map(({ index }) => taken[index] ?? []),
  );
}

async function take(
  store: Store,
  { workerId, claimId, leaseMs, lanes }: ClaimRequest,
  starts: readonly ClaimStart[],
  mayRepeat: boolean,
): Promise<readonly Claimed[]> {
  const rows = lanes.map(({ queue, limit, handles }, index) => {
    const { priority, runAt, seq } = starts[index]?.from ?? front;
    const names = handles.map(({ name }) => storable(name, "A job's name"));
    const versions = handles.map(({ maxVersion }) => Math.min(maxVersion, maxInteger));
    const room = Math.min(limit, maxListed);
    return { queue: storable(queue, "A queue's name"), room, names, versions, priority, run_at: runAt, seq };
  });
  const parts = await store.database.rows<PartRow>(store.statements.claim, {
    workerId,
    claimId,
    mayRepeat,
    lanes: JSON.stringify(rows),
    leaseMs: Math.round(leaseMs),
    ...marked,
    ...timeOf(store),
  });
  return claimedOf(parts);
}

function share(claimed: readonly Claimed[], lanes: readonly ClaimLane[], taken: readonly Claimed[][]): void {
  const byQueue = new Map(lanes.map(({ queue }, index) => [queue, taken[index]]));
  for (const one of claimed) byQueue.get(one.job.queue)?.push(one);
}

/** Only lanes that can take the same jobs share a cursor. */
function laneKey({ queue, handles }: ClaimLane): string {
  return JSON.stringify([queue, ...handles.map(({ name, maxVersion }) => [name, maxVersion])]);
}

function lastOf(limit: number, ordered: readonly Claimed[]): Position | undefined {
  const last = ordered.length < limit ? undefined : ordered.at(-1);
  return last && { priority: last.job.priority, runAt: last.job.runAt, seq: last.seq };
}

function inOrder(claimed: readonly Claimed[]): readonly Claimed[] {
  return [...claimed].sort((a, b) => a.job.priority - b.job.priority || a.job.runAt - b.job.runAt || a.seq - b.seq);
}
