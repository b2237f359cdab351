import {
  type CompleteOutcome,
  edgeStatuses,
  type FinishedPage,
  type FinishedRequest,
  type Need,
  needConditions,
  type NeedPage,
  type NeedRecord,
  type NeedsRequest,
  type NewJob,
  type OutsideCompletion,
} from "../../contract/index.ts";
import { cursorNumber, cursorNumbers, pageLimit } from "../../core/paging.ts";
import { batchClosed, noPrerequisite } from "../../core/refused-needs.ts";
import { inBatches } from "./deliver.ts";
import { packId, unpackId } from "./ids.ts";
import { type Int, type RecordReply, toRecord } from "./record.ts";
import { complete } from "./scripts/control.ts";
import { finished } from "./scripts/finished.ts";
import { marks } from "./scripts/head.ts";
import { needs } from "./scripts/inspect.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* Edges between jobs: how they travel, and what ended lately. What a script replies stands in its header. */

type Argument = string | number;

/** How the edges of a job travel. */
export interface EdgesOfJob {
  /** Of its head. */
  readonly marks: number;
  /** Absent: it has none. */
  readonly args: readonly Argument[] | undefined;
}

const withoutEdges: EdgesOfJob = { marks: 0, args: undefined };

/** Of the jobs of one call. */
export function edgesOf(jobs: readonly NewJob[]): readonly EdgesOfJob[] {
  if (!jobs.some(hasEdges)) return jobs.map(() => withoutEdges);
  const needed = new Set(jobs.flatMap((job) => job.needs?.of.map(({ id }) => id) ?? []));
  const earlier = new Set<string>();
  return jobs.map((job) => {
    const args = hasEdges(job) ? edgeArguments(job, earlier) : undefined;
    // One that meets the holder of its key is not there.
    if (!job.unique) earlier.add(job.id);
    return { marks: marksOf(job, needed.has(job.id)), args };
  });
}

function hasEdges({ needs: own, neededBy = [] }: NewJob): boolean {
  return own !== undefined || neededBy.length > 0;
}

function marksOf({ needs: own, neededBy = [] }: NewJob, isNeeded: boolean): number {
  return (isNeeded || neededBy.length > 0 ? marks.needed : 0) + (own ? marks.needing + marks.held : 0);
}

function edgeArguments(
  { needs: own, delayMs = 0, neededBy = [] }: NewJob,
  earlier: ReadonlySet<string>,
): readonly Argument[] {
  const of = own?.of ?? [];
  const args: Argument[] = [own?.mode ?? "", own ? Math.ceil(delayMs) : 0, of.length];
  for (const need of of) args.push(needText(need, earlier.has(need.id)));
  args.push(neededBy.length);
  for (const need of neededBy) args.push(needText(need, false));
  return args;
}

function needText({ id, when }: Need, isEarlier: boolean): string {
  return `${needConditions.indexOf(when) + 1 + (isEarlier ? needConditions.length : 0)}${packId(storable(id))}`;
}

/** Jobs that stand one after the other and have like edges are told as one. */
export function edgeGroups(
  jobs: Iterable<{ readonly packedId: string; readonly edges: EdgesOfJob }>,
): readonly Argument[] {
  const groups: { readonly args: readonly Argument[]; readonly ids: string[] }[] = [];
  for (const { packedId, edges } of jobs) {
    if (!edges.args) continue;
    const last = groups.at(-1);
    if (last && areEqual(last.args, edges.args)) last.ids.push(packedId);
    else groups.push({ args: edges.args, ids: [packedId] });
  }
  const all: Argument[] = [groups.length];
  for (const { args, ids } of groups) {
    for (const value of args) all.push(value);
    all.push(ids.length);
    for (const id of ids) all.push(id);
  }
  return all;
}

function areEqual(a: readonly Argument[], b: readonly Argument[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** What a script says instead of an answer. */
export type Refusal = readonly [code: "JW_NO_PREREQUISITE" | "JW_BATCH_CLOSED", id: string];

/** Throws if the reply is a refusal. */
export function throwRefusal([code, packedId]: readonly unknown[]): void {
  if (code !== "JW_NO_PREREQUISITE" && code !== "JW_BATCH_CLOSED") return;
  const id = unpackId(String(packedId));
  throw code === "JW_NO_PREREQUISITE" ? noPrerequisite(id) : batchClosed(id);
}

export function completeJobs(
  run: RunScript,
  completions: readonly OutsideCompletion[],
): Promise<readonly CompleteOutcome[]> {
  return inBatches(completions, (batch) =>
    run(
      complete,
      batch.flatMap(({ id, output }) => [packId(id), output === undefined ? 0 : 1, storable(output ?? "")]),
    ),
  );
}

/** Records come with their payloads, so one reply does not carry a whole page of them. */
const maxRecords = 100;

type NeedRow = readonly [condition: Int, status: Int, job: RecordReply | null];
type NeedReply = readonly [rows: readonly NeedRow[], total: Int];

export async function needsOf(run: RunScript, request: NeedsRequest): Promise<NeedPage> {
  const start = cursorNumber(request.cursor) ?? 0;
  const end = start + pageLimit(request);
  const read = (at: number): Promise<NeedReply> =>
    run(needs, [packId(request.id), at, Math.min(maxRecords, end - at)]) as Promise<NeedReply>; // see the header
  const first = await read(start);
  const total = Number(first[1]);
  const others: Promise<NeedReply>[] = [];
  for (let at = start + maxRecords; at < Math.min(end, total); at += maxRecords) others.push(read(at));
  const replies = [first, ...(await Promise.all(others))];
  return { needs: replies.flatMap(([rows]) => rows.flatMap(toNeed)), cursor: end < total ? String(end) : undefined };
}

function toNeed([condition, status, job]: NeedRow): readonly NeedRecord[] {
  const when = needConditions[Number(condition) - 1];
  const known = edgeStatuses[Number(status) - 1];
  return when && known && job ? [{ when, status: known, job: toRecord(job) }] : [];
}

type FinishedReply = readonly [now: string, jobs: readonly RecordReply[], more: Int];

export async function finishedJobs(run: RunScript, request: FinishedRequest): Promise<FinishedPage> {
  const limit = pageLimit(request);
  let [time = 0, seq = 0] = cursorNumbers(request.cursor, 2) ?? [];
  const found: RecordReply[] = [];
  for (;;) {
    const size = Math.min(maxRecords, limit - found.length);
    const [now, jobs, more] = (await run(finished, [request.since, time, seq, size])) as FinishedReply;
    found.push(...jobs);
    const last = jobs.at(-1);
    if (last) [seq, time] = [Number(last[1]), Number(last[13])];
    const isOver = Number(more) === 0;
    if (!isOver && found.length < limit) continue;
    return { now: Number(now), jobs: found.map(toRecord), cursor: isOver ? undefined : `${time}:${seq}` };
  }
}
