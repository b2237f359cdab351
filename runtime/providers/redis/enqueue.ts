import type { EnqueueResult, NewJob } from "../../contract/index.ts";
import { packId, unpackId } from "./ids.ts";
import { type Int, stateOf } from "./record.ts";
import { enqueue } from "./scripts/enqueue.ts";
import { enqueueUnique } from "./scripts/enqueue-unique.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* How new jobs travel, and what became of them. */

type Argument = string | number;

/** What jobs of one run have in common: everything but id, payload and unique key. */
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

/** A job as it travels. */
export interface Parcel {
  readonly id: string;
  readonly kind: JobKind;
  readonly packedId: string;
  readonly payload: string;
  readonly unique: { readonly key: string; readonly policy: KeyPolicy } | undefined;
}

export function parcelOf(job: NewJob): Parcel {
  return {
    id: job.id,
    kind: [
      storable(job.queue),
      storable(job.name),
      job.version,
      job.priority,
      job.runAt === undefined ? "" : Math.ceil(job.runAt),
      Math.ceil(job.delayMs ?? 0),
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
  };
}

/** Jobs that stand one after the other and differ in id, payload and unique key only. */
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
  if (!a.unique || !b.unique) return a.unique === b.unique;
  const { policy } = b.unique;
  return a.unique.policy.every((value, index) => value === policy[index]);
}

type PlainReply = readonly [runs: readonly Int[], duplicates: readonly Int[]];
/** As the script's header says. */
export type MixedReply = readonly [...PlainReply, met: readonly Int[]];

/** Jobs without unique keys take a way on which nothing is paid for those. */
export async function enqueueJobs(run: RunScript, parcels: readonly Parcel[]): Promise<readonly EnqueueResult[]> {
  const runs = runsOf(parcels);
  if (parcels.some(({ unique }) => unique)) {
    return resultsOf(runs, (await run(enqueueUnique, mixedArguments(runs))) as MixedReply); // see the script's header
  }
  const args: Argument[] = [];
  for (const jobs of runs) pushRun(args, jobs);
  return resultsOf(runs, (await run(enqueue, args)) as PlainReply); // see the script's header
}

function pushRun(args: Argument[], jobs: Run): void {
  args.push(...jobs[0].kind, jobs.length);
  for (const { packedId, payload } of jobs) args.push(packedId, payload);
}

/** Of jobs with and without unique keys. */
export function mixedArguments(runs: readonly Run[]): readonly Argument[] {
  const args: Argument[] = [];
  for (const jobs of runs) {
    args.push(...(jobs[0].unique?.policy ?? ["", "", "", ""]));
    pushRun(args, jobs);
    for (const { unique } of jobs) if (unique) args.push(unique.key);
  }
  return args;
}

export function resultsOf(
  runs: readonly Run[],
  [kinds, duplicates, met = []]: PlainReply | MixedReply,
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
  return results;
}
