import type {
  ClaimedJob,
  ClaimRequest,
  Completion,
  EnqueueResult,
  ExtendRequest,
  HeldLease,
  NewJob,
  ProgressReport,
  Rejection,
  Settlement,
} from "../../contract/index.ts";
import { packId, unpackId } from "./ids.ts";
import { type Int, stateOf } from "./record.ts";
import { ack } from "./scripts/ack.ts";
import { claim } from "./scripts/claim.ts";
import { enqueue } from "./scripts/enqueue.ts";
import { extend } from "./scripts/extend.ts";
import { nack } from "./scripts/nack.ts";
import { report } from "./scripts/report.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* The hot half of the contract: arguments of the scripts, and what their replies mean. */

type Argument = string | number;

/** Beyond this many items a script would hold the server for too long; settlements are atomic per job, not per call. */
const maxBatch = 200;

export function enqueueArguments(job: NewJob): readonly Argument[] {
  return [
    packId(storable(job.id)),
    storable(job.queue),
    storable(job.name),
    job.version,
    job.priority,
    job.runAt === undefined ? "" : Math.ceil(job.runAt),
    Math.ceil(job.delayMs ?? 0),
    job.maxCrashes,
    storable(job.payload),
  ];
}

/** `args`: those of all jobs, one after the other; `ids`: theirs. */
export async function enqueueJobs(
  run: RunScript,
  ids: readonly string[],
  args: readonly Argument[],
): Promise<readonly EnqueueResult[]> {
  const rows = (await run(enqueue, args)) as readonly (readonly [Int, Int, Int])[]; // see the script's header
  return rows.map(([written, state, runAt], index): EnqueueResult => ({
    id: ids[index] ?? "",
    outcome: Number(written) === 1 ? "enqueued" : "duplicate",
    state: stateOf(state),
    runAt: Number(runAt),
  }));
}

type ClaimRow = readonly [
  id: string,
  fence: Int,
  queue: string,
  name: string,
  version: Int,
  priority: Int,
  attempt: Int,
  crashes: Int,
  runAt: Int,
  enqueuedAt: Int,
  leaseUntil: Int,
  payload: string,
];

export async function claimJobs(run: RunScript, request: ClaimRequest): Promise<readonly ClaimedJob[]> {
  const args: Argument[] = [request.claimId, request.workerId, Math.ceil(request.leaseMs)];
  for (const { queue, limit, handles } of request.lanes) {
    args.push(
      queue,
      Math.floor(limit),
      handles.length,
      ...handles.flatMap(({ name, maxVersion }) => [name, maxVersion]),
    );
  }
  const rows = (await run(claim, args)) as readonly ClaimRow[]; // see the script's header
  return rows.map(toClaimedJob);
}

function toClaimedJob(row: ClaimRow): ClaimedJob {
  const [id, fence, queue, name, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload] = row;
  return {
    id: unpackId(id),
    fence: Number(fence),
    name,
    queue,
    version: Number(version),
    priority: Number(priority),
    attempt: Number(attempt),
    crashes: Number(crashes),
    runAt: Number(runAt),
    enqueuedAt: Number(enqueuedAt),
    leaseUntil: Number(leaseUntil),
    payload,
  };
}

export async function ackJobs(run: RunScript, completions: readonly Completion[]): Promise<readonly Settlement[]> {
  return inBatches(completions, (batch) =>
    run(
      ack,
      batch.flatMap(({ id, fence, output }) => [
        packId(id),
        fence,
        output === undefined ? 0 : 1,
        output === undefined ? "" : storable(output),
      ]),
    ),
  );
}

export async function nackJobs(run: RunScript, rejections: readonly Rejection[]): Promise<readonly Settlement[]> {
  return inBatches(rejections, (batch) => run(nack, batch.flatMap(nackArguments)));
}

function nackArguments(rejection: Rejection): readonly Argument[] {
  return [
    packId(rejection.id),
    rejection.fence,
    `nack-${rejection.outcome}`,
    "delayMs" in rejection ? Math.max(0, Math.ceil(rejection.delayMs)) : "",
    rejection.outcome === "dead" ? rejection.reason : "",
    "error" in rejection ? JSON.stringify(rejection.error) : "",
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
