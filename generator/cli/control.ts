import { type JobChange, JobwrightError, type PauseTarget, type Provider } from "../../runtime/contract/index.ts";
import type { Duration } from "../../runtime/core/duration.ts";
import { type ChangeOptions, makeChange } from "../../runtime/core/new-job.ts";
import { loadConfig, withProvider } from "./config.ts";
import { type JobsFlags, reportOutcomes } from "./jobs.ts";
import type { Terminal } from "./terminal.ts";

/** Verbs on what waits: `pause`, `resume`, `jobs change`. */

export interface TargetFlags extends JobsFlags {
  readonly queue?: string;
  readonly job?: string;
}

export async function pause(terminal: Terminal, verb: "pause" | "resume", flags: TargetFlags): Promise<void> {
  const target = readTarget(flags, verb);
  const paused = await withStarted(flags, async (provider) => {
    await provider[verb](target);
    return await provider.paused();
  });
  if (flags.json) return terminal.json({ ok: true, paused });
  const what = "queue" in target ? `queue ${target.queue}` : `job ${target.name}`;
  terminal.done(verb === "pause" ? `${what} is paused; enqueues are still accepted` : `${what} runs`);
}

function readTarget({ queue, job }: TargetFlags, verb: string): PauseTarget {
  if (queue !== undefined && queue !== "" && job === undefined) return { queue };
  if (job !== undefined && job !== "" && queue === undefined) return { name: job };
  throw new JobwrightError("JW_USAGE", "Give either --queue or --job.", {
    hint: `For instance \`jobwright ${verb} --queue mail\`.`,
  });
}

export interface ChangeFlags extends JobsFlags {
  readonly delay?: string;
  readonly runAt?: string;
  readonly priority?: string;
}

export async function change(terminal: Terminal, ids: readonly string[], flags: ChangeFlags): Promise<void> {
  const changes = ids.map((id): JobChange => makeChange({ id, ...readChange(flags) }));
  const outcomes = await withStarted(flags, (provider) => provider.change(changes));
  reportOutcomes(terminal, ids, outcomes, flags);
}

function readChange({ delay, runAt, priority }: ChangeFlags): Omit<ChangeOptions, "id"> {
  if ([delay, runAt, priority].every((flag) => flag === undefined)) {
    throw new JobwrightError("JW_USAGE", "Nothing is to be changed.", {
      hint: "Give --delay, --run-at or --priority.",
    });
  }
  return {
    ...(delay === undefined ? {} : { delay: delay as Duration }), // makeChange refuses every other text
    ...(runAt === undefined ? {} : { runAt: readTime(runAt) }),
    ...(priority === undefined ? {} : { priority: priority.trim() === "" ? Number.NaN : Number(priority) }),
  };
}

/** A time without a zone would mean another moment on another host. */
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

function readTime(text: string): Date {
  const date = new Date(text);
  if (time.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new JobwrightError("JW_USAGE", `--run-at ${text} is not a time with its zone.`, {
    hint: "Write it as 2026-12-01T08:00:00Z or 2026-12-01T09:00:00+01:00.",
  });
}

async function withStarted<T>({ config }: JobsFlags, body: (provider: Provider) => Promise<T>): Promise<T> {
  return await withProvider(await loadConfig(config), async (provider) => {
    await provider.start();
    return await body(provider);
  });
}
