import type { EnqueueResult, Gate, NewJob } from "../../contract/index.ts";
import { packId, unpackId } from "./ids.ts";
import { edgeGroups, type EdgesOfJob, edgesOf, type Refusal, throwRefusal } from "./needs.ts";
import { type Int, stateOf } from "./record.ts";
import { enqueue } from "./scripts/enqueue.ts";
import { enqueueMixed } from "./scripts/enqueue-mixed.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* How new jobs travel, and what became of them. */

type Argument = string | number;

/** What jobs of one run have in common: everything but id, payload, tags and keys. */
type JobKind = readonly [
  queue: string,
  name: string,
  version: number,
  priority: number,
  runAt: number | "",
  delayMs: number,
  maxCrashes: number,
];

/** What keys of one run have in common. */
type KeyPolicy = readonly [scope: string, forMs: number | "", onConflict: string, maxWaitMs: number | ""];

/** Besides their keys, what gates of one run have in common: policy, kind, level, limit, windowMs per gate. */
type GatePolicy = readonly (string | number)[];

/** A job as it travels. */
export interface Parcel {
  readonly id: string;
  readonly kind: JobKind;
  readonly packedId: string;
  readonly payload: string;
  readonly unique: { readonly key: string; readonly policy: KeyPolicy } | undefined;
  readonly gates: { readonly keys: readonly string[]; readonly policy: GatePolicy } | undefined;
  readonly tags: readonly string[];
  readonly edges: EdgesOfJob;
}

const none: readonly string[] = [];

/** The jobs of one call, or of one slot. */
export function parcelsOf(jobs: readonly NewJob[]): readonly Parcel[] {
  return edgesOf(jobs).map((edges, index) => parcelOf(jobs[index] as NewJob, edges)); // as long as the jobs
}

function parcelOf(job: NewJob, edges: EdgesOfJob): Parcel {
  return {
    id: job.id,
    kind: [
      storable(job.queue),
      storable(job.name),
      job.version,
      job.priority,
      job.runAt === undefined ? "" : Math.ceil(job.runAt),
      // That of a job with needs counts from when they let it go.
      job.needs ? 0 : Math.ceil(job.delayMs ?? 0),
      job.maxCrashes,
    ],
    packedId: packId(storable(job.id)),
    payload: storable(job.payload),
    unique: job.unique && {
      key: storable(job.unique.key),
      policy: [
        job.unique.scope,
        job.unique.forMs === undefined ? "" : Math.ceil(job.unique.forMs),
        job.unique.onConflict,
        job.unique.maxWaitMs === undefined ? "" : Math.ceil(job.unique.maxWaitMs),
      ],
    },
    gates: job.gates && job.gates.length > 0 ? gatesOf(job.gates) : undefined,
    tags: job.tags ? job.tags.map(storable) : none,
    edges,
  };
}

function gatesOf(gates: readonly Gate[]): NonNullable<Parcel["gates"]> {
  return {
    keys: gates.map(({ key }) => storable(key)),
    policy: gates.flatMap(({ policy, kind, level, limit, windowMs }) => [
      storable(policy),
      kind,
      level,
      limit,
      windowMs ?? "",
    ]),
  };
}

/** Jobs that stand one after the other and differ in id, payload, tags, keys and edges only. */
export type Run = readonly [Parcel, ...Parcel[]];

export function runsOf(parcels: readonly Parcel[]): readonly Run[] {
  const runs: [Parcel, ...Parcel[]][] = [];
  let last: [Parcel, ...Parcel[]] | undefined;
  for (const parcel of parcels) {
    if (last && areAlike(last[0], parcel)) last.push(parcel);
    else runs.push((last = [parcel]));
  }
  return runs;
}

function areAlike(a: Parcel, b: Parcel): boolean {
  if (!a.kind.every((value, index) => value === b.kind[index])) return false;
  return (
    a.tags.length > 0 === b.tags.length > 0 &&
    a.edges.marks === b.edges.marks &&
    haveLikePolicies(a.unique, b.unique) &&
    haveLikePolicies(a.gates, b.gates)
  );
}

interface WithPolicy {
  readonly policy: readonly Argument[];
}

function haveLikePolicies(a: WithPolicy | undefined, b: WithPolicy | undefined): boolean {
  if (!a || !b) return a === b;
  return a.policy.length === b.policy.length && a.policy.every((value, index) => value === b.policy[index]);
}

type PlainReply = readonly [runs: readonly Int[], duplicates: readonly Int[]];
/** As the script's header says. */
export type MixedReply = readonly [...PlainReply, met: readonly Int[], said: readonly Int[]];

/** Jobs without unique keys, gates, tags and edges take a way on which nothing is paid for those. */
export async function enqueueJobs(run: RunScript, parcels: readonly Parcel[]): Promise<readonly EnqueueResult[]> {
  const runs = runsOf(parcels);
  if (parcels.some(({ unique, gates, tags, edges }) => unique || gates || tags.length > 0 || edges.args)) {
    const reply = (await run(enqueueMixed, mixedArguments(runs))) as MixedReply | Refusal; // see the script's header
    return mixedResultsOf(runs, reply);
  }
  const args: Argument[] = [];
  for (const jobs of runs) pushRun(args, jobs);
  return resultsOf(runs, (await run(enqueue, args)) as PlainReply); // see the script's header
}

function pushRun(args: Argument[], jobs: Run): void {
  args.push(...jobs[0].kind, jobs.length);
  for (const { packedId, payload } of jobs) args.push(packedId, payload);
}

/** Of plain jobs and others. */
export function mixedArguments(runs: readonly Run[]): readonly Argument[] {
  const args: Argument[] = [];
  for (const value of edgeGroups(runs.flat())) args.push(value);
  for (const jobs of runs) {
    const { unique: first, gates: policies, tags: some } = jobs[0];
    args.push(
      ...(first?.policy ?? ["", "", "", ""]),
      policies?.keys.length ?? 0,
      some.length > 0 ? 1 : 0,
      jobs[0].edges.marks,
    );
    pushRun(args, jobs);
    for (const { unique } of jobs) if (unique) args.push(unique.key);
    if (policies) args.push(...policies.policy);
    for (const { gates } of jobs) if (gates) args.push(...gates.keys);
    for (const { tags } of jobs) if (tags.length > 0) args.push(tags.length, ...tags);
  }
  return args;
}

/** Throws if the script refused the edges. */
export function mixedResultsOf(runs: readonly Run[], reply: MixedReply | Refusal): readonly EnqueueResult[] {
  throwRefusal(reply);
  return resultsOf(runs, reply as MixedReply); // else
}

function resultsOf(
  runs: readonly Run[],
  [kinds, duplicates, met = [], said = []]: PlainReply | MixedReply,
): readonly EnqueueResult[] {
  const results = runs.flatMap((jobs, index) => {
    const [state, runAt] = [stateOf(kinds[2 * index] ?? 0), Number(kinds[2 * index + 1])];
    return jobs.map(({ id }): EnqueueResult => ({ id, outcome: "enqueued", state, runAt }));
  });
  for (let i = 0; i < duplicates.length; i += 3) {
    const place = Number(duplicates[i]) - 1;
    const [state, runAt] = [stateOf(duplicates[i + 1] ?? 0), Number(duplicates[i + 2])];
    results[place] = { id: results[place]?.id ?? "", outcome: "duplicate", state, runAt };
  }
  for (let i = 0; i < met.length; i += 5) {
    const outcome = met[i + 1] as EnqueueResult["outcome"]; // the script's word
    const [state, runAt] = [stateOf(met[i + 2] ?? 0), Number(met[i + 3])];
    results[Number(met[i]) - 1] = { id: unpackId(String(met[i + 4])), outcome, state, runAt };
  }
  for (let i = 0; i < said.length; i += 3) {
    const place = Number(said[i]) - 1;
    const result = results[place];
    if (result) results[place] = { ...result, state: stateOf(said[i + 1] ?? 0), runAt: Number(said[i + 2]) };
  }
  return results;
}
