import type { StoredError } from "../../runtime/contract/index.ts";
import type { ShownHistory } from "../../runtime/core/shown-history.ts";
import type { ShownJob } from "../../runtime/core/shown-job.ts";
import { loadConfig, withProvider } from "./config.ts";
import { type JobsFlags, notFound } from "./jobs.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { createView, type ViewFlags } from "./view.ts";

/** `jobs show`: everything about one job. */
export async function show(terminal: Terminal, id: string, flags: JobsFlags & ViewFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  const [job, history] = await withProvider(config, async (provider) => {
    await provider.start();
    return [await provider.get(id), await provider.history(id)];
  });
  if (!job) throw notFound([id]);
  const view = await createView(terminal, config, flags);
  const shown = view.jobs([job]);
  const left = view.history(history ?? { attempts: [], steps: [], cursors: [], logs: [] }, job);
  if (flags.json) return terminal.json({ ok: true, job: shown[0], history: left });
  terminal.data(formatTable(["field", "value"], [...shown.flatMap(facts), ...kept(left)]));
  if (left.attempts.length > 0) terminal.data(`\n${attemptsOf(left)}`);
  if (left.logs.length > 0) terminal.data(`\n${linesOf(left)}`);
  if (job.error?.stack !== undefined) terminal.data(`\n${job.error.stack}`);
}

function kept({ progress, steps, iterations }: ShownHistory): string[][] {
  return [
    ...(progress === undefined ? [] : [["progress", progress]]),
    ...(steps.length > 0 ? [["steps", steps.join(", ")]] : []),
    ...(iterations.length > 0 ? [["iterations", iterations.join(", ")]] : []),
  ];
}

function attemptsOf({ attempts }: ShownHistory): string {
  return formatTable(
    ["attempt", "started", "ended", "worker", "error"],
    attempts.map(({ attempt, startedAt, endedAt, workerId, error }) => [
      String(attempt),
      time(startedAt),
      time(endedAt),
      workerId,
      error ? `${nameOf(error)}: ${error.message}` : "the worker vanished",
    ]),
  );
}

function linesOf({ logs }: ShownHistory): string {
  return formatTable(
    ["logged", "attempt", "level", "message"],
    logs.map(({ at, attempt = "", level = "", message }) => [time(at), String(attempt), level, message]),
  );
}

function time(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString();
}

function facts(job: ShownJob): string[][] {
  const rows: [string, string][] = [
    ["id", job.id],
    ["job", `${job.name} (version ${job.version})`],
    ["queue", job.queue],
    ["state", job.reason === undefined ? job.state : `${job.state} (${job.reason})`],
    ["attempt", `${job.attempt} (claims ${job.fence}, crashes ${job.crashes})`],
    ["blocked by", job.blockedBy ?? ""],
    ["priority", String(job.priority)],
    ["enqueued", time(job.enqueuedAt)],
    ["run at", time(job.runAt)],
    ["started", time(job.startedAt)],
    ["finished", time(job.finishedAt)],
    ["worker", job.workerId ?? ""],
    ["progress", job.progress === undefined ? "" : `${job.progress} %`],
    ["tags", job.tags.join(", ")],
    ...Object.entries(job.metadata).map(([key, text]): [string, string] => [`metadata.${key}`, text]),
    ["payload", job.payload],
    ["output", job.output ?? ""],
    ["error", job.error === undefined ? "" : `${nameOf(job.error)}: ${job.error.message}`],
    ["error data", job.error?.data ?? ""],
  ];
  return rows.filter(([, value]) => value !== "");
}

/** Of an encrypted error the code is all that tells what it was. */
function nameOf({ name, code }: StoredError): string {
  return code === undefined ? name : `${name} (${code})`;
}
