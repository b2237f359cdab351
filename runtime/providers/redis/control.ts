import type {
  CancelOutcome,
  ChangeOutcome,
  Counts,
  JobChange,
  JobFilter,
  JobPage,
  JobRecord,
  JobState,
  Limit,
  ListRequest,
  Paused,
  PauseTarget,
  PromoteResult,
  PruneRequest,
  ReapResult,
  RequeueOutcome,
} from "../../contract/index.ts";
import { pageLimit, seqOfCursor } from "../../core/paging.ts";
import { inBatches } from "./deliver.ts";
import { packId } from "./ids.ts";
import { type Int, numberOfState, type RecordReply, stateOf, toRecord } from "./record.ts";
import * as control from "./scripts/control.ts";
import * as inspect from "./scripts/inspect.ts";
import { mend } from "./scripts/mend.ts";
import { promote } from "./scripts/promote.ts";
import { prune } from "./scripts/prune.ts";
import { reap } from "./scripts/reap.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* Maintenance, inspection and the operator verbs. What a script replies stands in its header. */

const maxStep = 200;

export interface Promoted extends PromoteResult {
  /** Whether jobs passed a gate, or moved by edges. */
  readonly opened: boolean;
}

export interface Pruned {
  readonly pruned: number;
  /** Jobs that waited for needs that are decided. */
  readonly mended: number;
}

/** Makes at most `limit` due jobs ready and opens gates, in steps that each hold the server for a moment only. */
export async function promoteJobs(run: RunScript, limit: number): Promise<Promoted> {
  let promoted = 0;
  let opened = false;
  for (;;) {
    const step = Math.min(maxStep, Math.max(0, limit - promoted));
    const [count, next, passed, more] = (await run(promote, [step])) as readonly [Int, Int, Int, Int];
    promoted += Number(count);
    opened ||= Number(passed) > 0;
    if ((Number(count) < step || promoted >= limit) && Number(more) === 0) {
      return { promoted, nextRunAt: next === "" ? undefined : Number(next), opened };
    }
  }
}

export async function reapJobs(run: RunScript, limit: number): Promise<ReapResult> {
  const total = { readied: 0, ended: 0 };
  for (let left = Math.max(0, limit); left > 0;) {
    const step = Math.min(maxStep, left);
    const [readied, ended] = (await run(reap, [step])) as readonly [Int, Int];
    total.readied += Number(readied);
    total.ended += Number(ended);
    left -= step;
    if (Number(readied) + Number(ended) < step) break;
  }
  return total;
}

export async function pruneJobs(run: RunScript, request: PruneRequest): Promise<Pruned> {
  const states = Object.entries(request.retentionMs).flatMap(([state, ms]) => [numberOfState(state as JobState), ms]); // keys of FinalState
  let pruned = 0;
  let hasHeld = false;
  for (let left = Math.max(0, request.limit); left > 0;) {
    const step = Math.min(maxStep, left);
    const [count, more, held] = (await run(prune, [step, ...states])) as readonly [Int, Int, Int];
    pruned += Number(count);
    hasHeld = Number(held) === 1;
    left -= Number(count);
    if (Number(more) === 0) break;
  }
  return { pruned, mended: hasHeld ? Number(await run(mend, [])) : 0 };
}

export async function getJobs(run: RunScript, ids: readonly string[]): Promise<readonly (JobRecord | undefined)[]> {
  const rows = await inBatches<string, RecordReply | null>(ids, (batch) => run(inspect.get, batch.map(packId)));
  return rows.map((row) => (row === null ? undefined : toRecord(row)));
}

/** Whether each job is there and not final. */
export async function pendingJobs(run: RunScript, ids: readonly string[]): Promise<readonly boolean[]> {
  const rows = await inBatches<string, Int>(ids, (batch) => run(inspect.pending, batch.map(packId)));
  return rows.map((row) => Number(row) === 1);
}

/** Records come with their payloads, so one reply does not carry a whole page of them. */
const maxRecords = 100;

export async function listJobs(run: RunScript, request: ListRequest): Promise<JobPage> {
  const limit = pageLimit(request);
  const filters = [request.states?.map(numberOfState), request.names, request.queues, request.tags].flatMap((values) =>
    values === undefined ? [-1] : [values.length, ...values],
  );
  const found: RecordReply[] = [];
  const start = seqOfCursor(request.cursor);
  let before: Int = start === Number.MAX_SAFE_INTEGER ? "" : start;
  do {
    const wanted = Math.min(maxRecords, limit + 1 - found.length);
    const part = (await run(inspect.list, [before, wanted, ...filters])) as readonly [RecordReply[], Int];
    found.push(...part[0]);
    before = part[1];
  } while (before !== "" && found.length <= limit);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page.map(toRecord), cursor: found.length > limit && last ? String(last[1]) : undefined };
}

type CountRow = readonly [queue: string, name: string, state: Int, count: Int];

export async function countJobs(run: RunScript, filter: JobFilter): Promise<Counts> {
  const rows = (await run(inspect.counts, [])) as readonly CountRow[];
  // A map first: a queue may be called "__proto__".
  const counts = new Map<string, Partial<Record<JobState, number>>>();
  for (const [queue, name, number, count] of rows) {
    const state = stateOf(number);
    if (filter.states && !filter.states.includes(state)) continue;
    if (filter.names && !filter.names.includes(name)) continue;
    if (filter.queues && !filter.queues.includes(queue)) continue;
    const entry = counts.get(queue) ?? {};
    counts.set(queue, entry);
    entry[state] = (entry[state] ?? 0) + Number(count);
  }
  return Object.fromEntries(counts);
}

export function cancelJobs(run: RunScript, ids: readonly string[]): Promise<readonly CancelOutcome[]> {
  return inBatches(ids, (batch) => run(control.cancel, batch.map(packId)));
}

export function requeueJobs(
  run: RunScript,
  ids: readonly string[],
  delaysMs: readonly number[],
): Promise<readonly RequeueOutcome[]> {
  const items = ids.map((id, index) => [packId(id), Math.ceil(delaysMs[index] ?? 0)]);
  return inBatches(items, (batch) => run(control.requeue, batch.flat()));
}

export function changeJobs(run: RunScript, changes: readonly JobChange[]): Promise<readonly ChangeOutcome[]> {
  return inBatches(changes, (batch) => run(control.change, batch.flatMap(changeArguments)));
}

function changeArguments({ id, runAt, delayMs, priority }: JobChange): readonly (string | number)[] {
  const upwards = (time: number | undefined): number | "" => (time === undefined ? "" : Math.ceil(time));
  return [packId(id), upwards(runAt), upwards(delayMs), priority ?? ""];
}

export async function pauseTarget(run: RunScript, target: PauseTarget, on: boolean): Promise<void> {
  const [kind, which] = "queue" in target ? ["queue", target.queue] : ["name", target.name];
  await run(control.pause, [kind, which, on ? 1 : 0]);
}

export async function pausedTargets(run: RunScript): Promise<Paused> {
  const [queues, names] = (await run(control.paused, [])) as readonly [string[], string[]];
  return { queues: queues.sort(), names: names.sort() };
}

export async function putLimits(run: RunScript, limits: readonly Limit[]): Promise<void> {
  await inBatches(limits, (batch) =>
    run(
      control.putLimits,
      batch.flatMap(({ policy, kind, limit, windowMs }) => [storable(policy), kind, limit, windowMs ?? ""]),
    ),
  );
}
