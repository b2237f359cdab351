import {
  type CancelOutcome,
  isFinalState,
  type JobFilter,
  type JobState,
  jobStates,
  JobwrightError,
  type Provider,
  type RequeueOutcome,
} from "../contract/index.ts";

/** Which jobs a bulk verb is meant for. At least one of the four lists must be given. */
export interface BulkFilter extends JobFilter {
  /** Jobs that have all of these. */
  readonly tags?: readonly string[];
  /** Act on so many jobs at most, the newest first. Default: all. */
  readonly limit?: number;
  /** Only count. Default false. */
  readonly dryRun?: boolean;
}

type ListFilter = Omit<BulkFilter, "limit" | "dryRun">;

export interface RequeueFilter extends BulkFilter {
  /**
   * Let the jobs begin evenly over this time, in ms, the oldest first, so that whatever failed them is not run over by all
   * of them at once. Default 0: all at once.
   */
  readonly spreadMs?: number;
}

export interface BulkResult<Outcome extends string> {
  /** Jobs that fitted the filter when the verb began. */
  readonly matched: number;
  /** What became of them; empty after a dry run. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

const pageSize = 500;
const waitingOrRunning = jobStates.filter((state) => !isFinalState(state));

/** Runs finished jobs again, by default dead ones. Throws `JW_INVALID_OPTION`. */
export function requeueAll(
  provider: Provider,
  { spreadMs = 0, ...filter }: RequeueFilter,
): Promise<BulkResult<RequeueOutcome>> {
  return actOnAll(provider, filter, ["dead"], isFinalState, (ids, from, total) =>
    requeueSpread(provider, ids, spreadMs, from, total),
  );
}

/** These jobs are the `from`-th and following of `total` that begin evenly over `spreadMs`. */
export function requeueSpread(
  provider: Provider,
  ids: readonly string[],
  spreadMs: number,
  from = 0,
  total = ids.length,
): Promise<readonly RequeueOutcome[]> {
  const delaysMs = ids.map((_, index) => Math.floor(((from + index) * spreadMs) / total));
  return provider.requeue(ids, delaysMs);
}

/** Cancels jobs that wait or run. Throws `JW_INVALID_OPTION`. */
export function cancelAll(provider: Provider, filter: BulkFilter): Promise<BulkResult<CancelOutcome>> {
  return actOnAll(
    provider,
    filter,
    waitingOrRunning,
    (state) => !isFinalState(state),
    (ids) => provider.cancel(ids),
  );
}

async function actOnAll<Outcome extends string>(
  provider: Provider,
  { limit = Number.POSITIVE_INFINITY, dryRun = false, ...filter }: BulkFilter,
  standard: readonly JobState[],
  fits: (state: JobState) => boolean,
  act: (ids: readonly string[], from: number, total: number) => Promise<readonly Outcome[]>,
): Promise<BulkResult<Outcome>> {
  checkFilter(filter, limit, fits);
  // All ids first: what the verb changes must not move the pages under the list.
  // The oldest first then: it has waited longest.
  const ids = [...(await idsOf(provider, { states: standard, ...filter }, limit))].reverse();
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (let from = 0; from < ids.length && !dryRun; from += pageSize) {
    for (const outcome of await act(ids.slice(from, from + pageSize), from, ids.length)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  }
  return { matched: ids.length, outcomes };
}

async function idsOf(provider: Provider, filter: ListFilter, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await provider.list({ ...filter, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.jobs) if (ids.length < limit) ids.push(id);
    cursor = ids.length < limit ? page.cursor : undefined;
  } while (cursor !== undefined);
  return ids;
}

function checkFilter(
  { states, names, queues, tags }: ListFilter,
  limit: number,
  fits: (state: JobState) => boolean,
): void {
  if ([states, names, queues, tags].every((list) => !list?.length)) {
    throw new JobwrightError("JW_INVALID_OPTION", "The filter is empty, so every job would be meant.", {
      hint: "Give `states`, `names`, `queues` or `tags`.",
    });
  }
  const misfit = states?.find((state) => !fits(state));
  if (misfit !== undefined) {
    throw new JobwrightError("JW_INVALID_OPTION", `Jobs that are ${misfit} cannot be meant.`, {
      hint: `It works on jobs that are ${jobStates.filter(fits).join(", ")}.`,
    });
  }
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit >= 1)) {
    throw new JobwrightError("JW_INVALID_OPTION", `limit is ${String(limit)}; give an integer ≥ 1, or leave it out.`);
  }
}
