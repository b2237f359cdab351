import type { BatchPolicy } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import type { Report } from "./problems.ts";

/** How many jobs one run of a batch handler takes. */
export interface BatchOptions {
  /** At most this many, and no more than the queue has slots. Integer, 2…1,000. */
  readonly size: number;
  /** How long the first job of a batch waits for others. At most `"10s"`. Default `"0s"`: take what one claim brought. */
  readonly wait?: Duration;
}

/** Jobs of one run. */
export const maxBatchSize = 1_000;
/** What waits in the worker holds slots and leases, and nobody sees that it does not run. */
export const maxBatchWaitMs = 10_000;

export function readBatch(
  options: object,
  outer: OptionReader,
  job: string,
  report: Report,
): { readonly batch?: BatchPolicy } {
  if (!outer.has("batch")) return {};
  const given: unknown = "batch" in options ? options.batch : undefined;
  const read = createOptionReader(given, { job, path: ["batch"], report });
  if (typeof given !== "object" || given === null || Array.isArray(given)) return {};
  read.known(["size", "wait"]);
  if (!read.has("size")) read.refuse("size", "is missing", "Say how many jobs one run takes, e.g. 100.");
  const size = read.has("size")
    ? read.integer("size", { min: 2, max: maxBatchSize, fallback: maxBatchSize })
    : maxBatchSize;
  const waitMs = read.duration("wait", "0s");
  if (waitMs > maxBatchWaitMs)
    read.refuse("wait", "is longer than 10 s", "To gather for longer, enqueue with a delay.");
  if ("transactional" in options && options.transactional === true) {
    outer.refuse(
      "batch",
      "and transactional are both given",
      "Keep one of them: a transaction ends one job, and a batch gives each of its jobs an end of its own.",
    );
  }
  return { batch: { size, waitMs } };
}
