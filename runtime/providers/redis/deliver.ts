import type {
  ClaimedJob,
  ClaimRequest,
  Completion,
  ExtendRequest,
  HeldLease,
  Lease,
  ProgressReport,
  Rejection,
  Settlement,
} from "../../contract/index.ts";
import { headSizeOf, readOwn } from "./heads.ts";
import { isPackedUuid, type PackedIds, packId, unpackId } from "./ids.ts";
import { numberOfReason } from "./reasons.ts";
import type { Int } from "./record.ts";
import { ack, ackGated } from "./scripts/ack.ts";
import { claim } from "./scripts/claim.ts";
import { extend } from "./scripts/extend.ts";
import { nack, nackGated } from "./scripts/nack.ts";
import { report } from "./scripts/report.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* Leases: arguments of the scripts, and what their replies mean. */

type Argument = string | number;

/** Beyond this many items a script would hold the server for too long; settlements are atomic per job, not per call. */
const maxBatch = 500;

type ClaimReply = readonly [
  leaseUntil: Int,
  lanes: readonly (Int | Buffer)[],
  runs: readonly Int[],
  rows: Buffer,
  long: readonly (Int | Buffer)[],
  gatedPlaces: readonly Int[],
  passed: Int,
];

export interface Claimed {
  readonly jobs: readonly ClaimedJob[];
  /** Whether other jobs passed a gate because these have started. */
  readonly opened: boolean;
}

interface StoredLane {
  readonly queue: string;
  readonly name: string;
  readonly version: number;
}

export async function claimJobs(run: RunScript, packed: PackedIds, request: ClaimRequest): Promise<Claimed> {
  const args: Argument[] = [request.claimId, request.workerId, Math.ceil(request.leaseMs)];
  for (const { queue, limit, handles } of request.lanes) {
    args.push(
      queue,
      Math.floor(limit),
      handles.length,
      ...handles.flatMap(({ name, maxVersion }) => [name, maxVersion]),
    );
  }
  const reply = (await run(claim, args)) as ClaimReply; // see the script's header
  return { jobs: claimedJobs(packed, reply), opened: Number(reply[6]) > 0 };
}

function claimedJobs(
  packed: PackedIds,
  [until, lanes, runs, rows, long, gatedPlaces]: ClaimReply,
): readonly ClaimedJob[] {
  const known = lanesOf(lanes);
  const leaseUntil = Number(until);
  const gatedJobs = new Set(gatedPlaces.map(Number));
  const apart = new Map<number, string>();
  for (let i = 0; i < long.length; i += 2) apart.set(Number(long[i]), String(long[i + 1]));
  const jobs: ClaimedJob[] = [];
  let at = 0;
  for (let i = 0; i < runs.length; i += 5) {
    const number = (place: number): number => Number(runs[i + place]);
    const { queue, name, version } = known.get(number(1)) ?? { queue: "", name: "", version: 0 };
    const [fence, attempt, crashes] = [number(0), number(2), number(3)];
    for (const end = jobs.length + number(4); jobs.length < end;) {
      const { idAt, ownAt, valueAt, endAt } = partsOf(rows, at);
      const { priority, runAt, enqueuedAt } = readOwn(rows, ownAt, valueAt - ownAt);
      const place = jobs.length + 1;
      const packedId = rows.toString("utf8", idAt, ownAt);
      const id = unpackId(packedId);
      packed.remember(id, packedId);
      const job = {
        id,
        fence,
        name,
        queue,
        version,
        priority,
        attempt,
        crashes,
        runAt,
        enqueuedAt,
        leaseUntil,
        payload: apart.get(place) ?? rows.toString("utf8", valueAt + headSizeOf(rows[valueAt] ?? 0), endAt),
      };
      jobs.push(gatedJobs.has(place) ? { ...job, gated: true } : job);
      at = endAt;
    }
  }
  return jobs;
}

/** Where the parts of a job begin: see the header of `claim`. */
function partsOf(rows: Buffer, at: number): Readonly<Record<"idAt" | "ownAt" | "valueAt" | "endAt", number>> {
  const idAt = at + 9;
  const ownAt = idAt + rows.readUInt32BE(at);
  const valueAt = ownAt + rows.readUInt8(at + 4);
  return { idAt, ownAt, valueAt, endAt: valueAt + rows.readUInt32BE(at + 5) };
}

function lanesOf(lanes: ClaimReply[1]): ReadonlyMap<number, StoredLane> {
  const known = new Map<number, StoredLane>();
  for (let i = 0; i < lanes.length; i += 4) {
    known.set(Number(lanes[i]), {
      queue: String(lanes[i + 1]),
      name: String(lanes[i + 2]),
      version: Number(lanes[i + 3]),
    });
  }
  return known;
}

/** What a script says of a job with gates, or that others need, whose lease does not say so. */
const gated = "gated";

/** What became of settlements, and whether they let others on, or may have. */
export interface Settled {
  readonly settlements: readonly Settlement[];
  readonly opened: boolean;
}

export async function ackJobs(run: RunScript, packed: PackedIds, completions: readonly Completion[]): Promise<Settled> {
  return settleInBatches(completions, async (batch, withGates) => {
    const refused = (await run(withGates ? ackGated : ack, ackArguments(packed, batch))) as readonly Int[]; // see the script's header
    const results = batch.map((): Answer => "ok");
    for (let i = 0; i < refused.length; i += 2) results[Number(refused[i]) - 1] = refused[i + 1] as Answer;
    return results;
  });
}

function ackArguments(packed: PackedIds, batch: readonly Completion[]): readonly Argument[] {
  const fence = batch[0]?.fence ?? 0;
  const alike = batch.every((completion) => completion.fence === fence);
  const args: Argument[] = [batch.length, alike ? fence : "", batch.map((lease) => (lease.gated ? 1 : 0)).join("")];
  const ids = batch.map(({ id }) => packed.take(id));
  if (ids.every(isPackedUuid)) args.push(ids.join(""));
  else args.push("", ...ids);
  if (!alike) for (const completion of batch) args.push(completion.fence);
  for (const [index, { output }] of batch.entries()) {
    if (output !== undefined) args.push(index + 1, storable(output));
  }
  return args;
}

export async function nackJobs(run: RunScript, packed: PackedIds, rejections: readonly Rejection[]): Promise<Settled> {
  return settleInBatches(
    rejections,
    async (batch, withGates) =>
      (await run(
        withGates ? nackGated : nack,
        batch.flatMap((one) => nackArguments(packed, one)),
      )) as readonly Answer[], // see the header
  );
}

type Answer = Settlement | typeof gated;

/** Plain jobs take a way on which nothing is paid for gates and edges. Who sends others there without saying so is sent on. */
async function settleInBatches<Item extends Lease>(
  items: readonly Item[],
  settle: (batch: readonly Item[], withGates: boolean) => Promise<readonly Answer[]>,
): Promise<Settled> {
  let opened = false;
  const settlements = await inBatches<Item, Settlement>(items, async (batch) => {
    const isGated = batch.some((lease) => lease.gated);
    const answers = await settle(batch, isGated);
    opened ||= isGated || answers.includes(gated);
    if (!answers.includes(gated)) return answers;
    const rest = await settle(
      batch.filter((_lease, index) => answers[index] === gated),
      true,
    );
    let next = 0;
    return answers.map((answer) => (answer === gated ? rest[next++] : answer));
  });
  return { settlements, opened };
}

function nackArguments(packed: PackedIds, rejection: Rejection): readonly Argument[] {
  return [
    packed.take(rejection.id),
    rejection.fence,
    `nack-${rejection.outcome}`,
    "delayMs" in rejection ? Math.max(0, Math.ceil(rejection.delayMs)) : "",
    rejection.outcome === "dead" ? numberOfReason(rejection.reason) : "",
    "error" in rejection ? JSON.stringify(rejection.error) : "",
    rejection.gated ? 1 : 0,
  ];
}

export async function reportProgress(
  run: RunScript,
  reports: readonly ProgressReport[],
): Promise<readonly Settlement[]> {
  return inBatches(reports, (batch) =>
    run(
      report,
      batch.flatMap(({ id, fence, progress }) => [packId(id), fence, progress]),
    ),
  );
}

type HeldRow = readonly [id: string, fence: Int, leaseUntil: Int, cancelRequested: Int];

export async function extendLeases(run: RunScript, request: ExtendRequest): Promise<readonly HeldLease[]> {
  const rows = (await run(extend, [request.workerId, Math.ceil(request.leaseMs)])) as readonly HeldRow[]; // see the header
  return rows.map(([id, fence, leaseUntil, cancelRequested]) => ({
    id: unpackId(id),
    fence: Number(fence),
    leaseUntil: Number(leaseUntil),
    cancelRequested: Number(cancelRequested) === 1,
  }));
}

/** Batches are sent at once and run in their order. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  send: (batch: readonly Item[]) => Promise<unknown>,
): Promise<readonly Result[]> {
  const batches: Promise<unknown>[] = [];
  for (let start = 0; start < items.length; start += maxBatch) {
    batches.push(send(items.slice(start, start + maxBatch)));
  }
  const results = await Promise.all(batches);
  return results.flat() as readonly Result[]; // every script replies one entry per item, typed by its caller
}
