import {
  type Counts,
  type JobState,
  jobStates,
  JobwrightError,
  type ListRequest,
  type Provider,
} from "../../runtime/contract/index.ts";
import { type BulkFilter, type BulkResult, cancelAll, requeueAll, requeueSpread } from "../../runtime/core/bulk.ts";
import { type Duration, parseDuration } from "../../runtime/core/duration.ts";
import { loadConfig, withProvider } from "./config.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { createView, type ViewFlags } from "./view.ts";

export interface JobsFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface ListFlags extends JobsFlags, ViewFlags {
  readonly state?: string[];
  readonly job?: string[];
  readonly queue?: string[];
  readonly tag?: string[];
  readonly limit: string;
}

export interface BulkFlags extends Omit<ListFlags, "limit"> {
  readonly all?: boolean;
  readonly limit?: string;
  readonly dryRun?: boolean;
  readonly spread?: string;
}

function filterOf(flags: Omit<ListFlags, "limit">): Omit<ListRequest, "limit" | "cursor"> {
  return {
    ...(flags.state === undefined ? {} : { states: flags.state.map(readState) }),
    ...(flags.job === undefined ? {} : { names: flags.job }),
    ...(flags.queue === undefined ? {} : { queues: flags.queue }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
  };
}

export async function list(terminal: Terminal, flags: ListFlags): Promise<void> {
  const filter = filterOf(flags);
  const limit = readLimit(flags.limit);
  const config = await loadConfig(flags.config);
  const { page, counts, paused } = await withProvider(config, async (provider) => {
    await provider.start();
    const page = await provider.list({ ...filter, limit });
    // No store counts by tags.
    const counts = filter.tags ? undefined : await provider.counts(filter);
    return { page, counts, paused: await provider.paused() };
  });
  if (flags.json) {
    const view = await createView(terminal, config, flags);
    return terminal.json({ ok: true, jobs: view.jobs(page.jobs), counts, paused, cursor: page.cursor });
  }
  terminal.data(
    formatTable(
      ["id", "job", "queue", "state", "attempt", "run at", "error"],
      page.jobs.map((job) => [
        job.id,
        job.name,
        job.queue,
        job.state,
        String(job.attempt),
        new Date(job.runAt).toISOString(),
        job.error?.message.split("\n")[0]?.slice(0, 60) ?? "",
      ]),
    ),
  );
  if (counts) terminal.say(totalsOf(counts));
  if (paused.queues.length > 0) terminal.say(`paused queues: ${paused.queues.join(", ")}`);
  if (paused.names.length > 0) terminal.say(`paused jobs: ${paused.names.join(", ")}`);
}

function totalsOf(counts: Counts): string {
  const totals = Object.entries(counts).map(
    ([queue, states]) =>
      `${queue}: ${Object.entries(states)
        .map(([state, count]) => `${count} ${state}`)
        .join(", ")}`,
  );
  return totals.length > 0 ? `\n${totals.join("\n")}` : "no jobs";
}

export function retry(terminal: Terminal, ids: readonly string[], flags: BulkFlags): Promise<void> {
  const spreadMs = readSpread(flags.spread);
  if (!checkBulk(ids, flags)) return act(terminal, ids, flags, (provider) => requeueSpread(provider, ids, spreadMs));
  return actOnAll(terminal, flags, (provider, filter) => requeueAll(provider, { ...filter, spreadMs }));
}

export function cancel(terminal: Terminal, ids: readonly string[], flags: BulkFlags): Promise<void> {
  if (checkBulk(ids, flags)) return actOnAll(terminal, flags, cancelAll);
  return act(terminal, ids, flags, (provider) => provider.cancel(ids));
}

/** Whether `--all` is meant instead of ids. */
function checkBulk(ids: readonly string[], { all = false, state, job, queue, tag, limit, dryRun }: BulkFlags): boolean {
  const isFiltered = [state, job, queue, tag, limit, dryRun].some((flag) => flag !== undefined);
  if (all !== ids.length > 0 && (all || !isFiltered)) return all;
  throw new JobwrightError("JW_USAGE", "Name the jobs either by id or by --all with a filter.", {
    hint: "For instance `jobwright jobs retry --all --job sendEmail --dry-run`.",
  });
}

async function actOnAll(
  terminal: Terminal,
  flags: BulkFlags,
  verb: (provider: Provider, filter: BulkFilter) => Promise<BulkResult<string>>,
): Promise<void> {
  const filter = {
    ...filterOf(flags),
    ...(flags.limit === undefined ? {} : { limit: readCount(flags.limit) }),
    ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
  };
  const { matched, outcomes } = await withProvider(await loadConfig(flags.config), async (provider) => {
    await provider.start();
    return verb(provider, filter);
  });
  if (flags.json) return terminal.json({ ok: true, matched, outcomes });
  terminal.data(`${matched} matched${flags.dryRun ? "; nothing was changed" : ""}`);
  for (const [outcome, count] of Object.entries(outcomes)) terminal.data(`${count} ${outcome}`);
}

/** In ms. */
function readSpread(text: string | undefined): number {
  return text === undefined ? 0 : parseDuration(text as Duration, "--spread"); // parseDuration refuses every other text
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new JobwrightError("JW_USAGE", `--limit ${text} is not an integer ≥ 1.`);
}

async function act(
  terminal: Terminal,
  ids: readonly string[],
  flags: JobsFlags,
  verb: (provider: Provider) => Promise<readonly string[]>,
): Promise<void> {
  const outcomes = await withProvider(await loadConfig(flags.config), async (provider) => {
    await provider.start();
    return verb(provider);
  });
  reportOutcomes(terminal, ids, outcomes, flags);
}

/** What became of each id; exit code 2 if one of them is unknown. */
export function reportOutcomes(
  terminal: Terminal,
  ids: readonly string[],
  outcomes: readonly string[],
  flags: JobsFlags,
): void {
  const results = ids.map((id, index) => ({ id, outcome: outcomes[index] ?? "notFound" }));
  if (flags.json) terminal.json({ ok: results.every(({ outcome }) => outcome !== "notFound"), results });
  else for (const { id, outcome } of results) terminal.data(`${id}  ${outcome}`);
  const missing = results.filter(({ outcome }) => outcome === "notFound").map(({ id }) => id);
  if (missing.length === 0) return;
  if (flags.json) process.exitCode = 2;
  else throw notFound(missing);
}

export function notFound(ids: readonly string[]): JobwrightError {
  return new JobwrightError("JW_NOT_FOUND", `There is no job ${ids.join(", ")}.`, {
    hint: "`jobwright jobs list` shows what there is; finished jobs go when their retention time is over.",
  });
}

export function readState(text: string): JobState {
  const state = jobStates.find((known) => known === text);
  if (state) return state;
  throw new JobwrightError("JW_USAGE", `--state ${text} is not a state.`, {
    hint: `States are ${jobStates.join(", ")}.`,
  });
}

export function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw new JobwrightError("JW_USAGE", `--limit ${text} is not an integer from 1 to 1000.`);
}
