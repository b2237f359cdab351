import type { JobRecord } from "../../runtime/contract/index.ts";
import { type Kind, kinds } from "./load-schema.ts";

/** What was seen from outside while the load ran. */
export interface Evidence {
  /** Every job whose enqueue was confirmed. */
  readonly accepted: ReadonlyMap<string, Kind>;
  /** Every confirmed final settlement; without a fence for a cancellation of a waiting job. */
  readonly settled: readonly { readonly id: string; readonly fence?: number | undefined }[];
  /** Everything in the store when the load was over. */
  readonly records: readonly JobRecord[];
}

/** Ids of the jobs that ended as they must not. */
export interface Verdict {
  /** Accepted, and not in the store any more or never final. */
  readonly lost: readonly string[];
  /** Confirmed to two holders, or kept with another end than the confirmed one. */
  readonly settledTwice: readonly string[];
  /** Final, and not as their kind has to end. */
  readonly wrong: readonly string[];
}

/** A settlement whose confirmation died with a worker is not in the evidence, so some doubles could stay unseen; few do. */
export function judge({ accepted, settled, records }: Evidence): Verdict {
  const found = new Map(records.map((record) => [record.id, record]));
  const times = new Map<string, number>();
  for (const { id } of settled) times.set(id, (times.get(id) ?? 0) + 1);
  const doubled = settled.filter(({ id, fence }) => times.get(id) !== 1 || !fits(found.get(id), fence));
  return {
    lost: [...accepted.keys()].filter((id) => found.get(id)?.finishedAt === undefined),
    settledTwice: [...new Set(doubled.map(({ id }) => id))],
    wrong: [...accepted].filter(([id, kind]) => !endsAsItMust(kind, found.get(id))).map(([id]) => id),
  };
}

/** Whether what is kept is what was confirmed. A cancelled job has no output; others carry the fence they came with. */
function fits(record: JobRecord | undefined, fence: number | undefined): boolean {
  if (!record) return true; // lost, which is told as such
  if (fence === undefined) return record.state === "cancelled";
  const output = record.output === undefined ? fence : (JSON.parse(record.output) as { fence: number }).fence; // the load's
  return record.fence === fence && output === fence;
}

function endsAsItMust(kind: Kind, record: JobRecord | undefined): boolean {
  if (record?.finishedAt === undefined) return true; // lost
  return kinds[kind] === "any" ? record.state !== "dead" : record.state === kinds[kind];
}
