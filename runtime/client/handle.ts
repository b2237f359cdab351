import { type JobHistory, type JobRecord, JobwrightError, type Provider } from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import { parseDuration } from "../core/duration.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { parseLogLine } from "../core/log-line.ts";
import { progressText } from "../core/progress.ts";
import type { HandleHistory, JobHandle, ResultOptions, SettledJob } from "./types.ts";

export function createHandle(
  provider: Provider,
  job: JobDescriptor,
  codec: JobCodec,
  { id, outcome }: Pick<JobHandle<unknown>, "id" | "outcome">,
): JobHandle<unknown, unknown, unknown> {
  async function awaitEnd({ timeout, signal }: ResultOptions = {}): Promise<JobRecord> {
    const record = await provider.awaitSettled(id, {
      ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") }),
      ...(signal === undefined ? {} : { signal }),
    });
    return found(record, job, id);
  }

  return {
    id,
    outcome,
    async status() {
      return found(await provider.get(id), job, id).state;
    },
    async result(options) {
      return outputOf(await awaitEnd(options), codec);
    },
    async settled(options) {
      return endOf(await awaitEnd(options), codec);
    },
    async progress() {
      const { progress } = found(await provider.get(id), job, id);
      if (!codec.progress) return progress;
      const text = progressText((await provider.history(id)) ?? { cursors: [] });
      return text === undefined ? undefined : codec.progress.decode(text, id);
    },
    async history() {
      const history = await provider.history(id);
      if (!history) return notFound(undefined, job, id);
      return historyOf(history, codec, id);
    },
    async cancel() {
      const [result] = await provider.cancel([id]);
      return result ?? "notFound";
    },
  };
}

function historyOf({ attempts, logs }: JobHistory, codec: JobCodec, id: string): HandleHistory {
  return {
    attempts: attempts.map(({ attempt, startedAt, endedAt, workerId, error }) => ({
      attempt,
      startedAt: new Date(startedAt),
      endedAt: new Date(endedAt),
      workerId,
      error: error && revive(codec.vault.openError(error, id)),
    })),
    logs: logs.map(({ text }) => parseLogLine(codec.vault.open("note", text, id))),
  };
}

/** How a job ended. Throws `JW_INVALID_OUTPUT`, `JW_ENCRYPTION_KEY`. */
export function endOf(record: JobRecord, codec: JobCodec): SettledJob<unknown, unknown> {
  const { state, reason } = record;
  if (state === "succeeded") return { status: state, output: codec.decodeOutput(record.output, record.id) };
  if (state !== "dead") return { status: state === "skipped" ? "skipped" : "cancelled", reason };
  const error = lastError(record, codec);
  const failure = error?.data === undefined ? undefined : codec.decodeError(error.name, error.data);
  // A job that is dead has the reason that the worker or the reaper gave.
  return { status: state, reason: reason ?? "discarded", failure, error: error && revive(error) };
}

function found(record: JobRecord | undefined, job: JobDescriptor, id: string): JobRecord {
  return record?.name === job.name ? record : notFound(record, job, id);
}

function notFound(record: JobRecord | undefined, job: JobDescriptor, id: string): never {
  throw new JobwrightError(
    "JW_NOT_FOUND",
    record ? `Job ${id} is a ${record.name}, not a ${job.name}.` : `There is no ${job.name} job ${id}.`,
    { hint: "It never existed, or its retention time is over." },
  );
}

function outputOf(record: JobRecord, codec: JobCodec): unknown {
  if (record.state === "succeeded") return codec.decodeOutput(record.output, record.id);
  const what = `${record.name} ${record.id}`;
  if (record.state === "dead") {
    const error = lastError(record, codec);
    throw new JobwrightError(
      "JW_JOB_DEAD",
      `${what} was given up (${record.reason}): ${error?.message ?? "no error"}`,
      {
        hint: "Look at it with `jobwright jobs show`, and run it again with `jobwright jobs retry`.",
        details: { reason: record.reason, attempt: record.attempt },
        cause: error && revive(error),
      },
    );
  }
  throw new JobwrightError("JW_JOB_CANCELLED", `${what} was ${record.state}.`, { details: { reason: record.reason } });
}

function lastError({ id, error }: JobRecord, codec: JobCodec): JobRecord["error"] {
  return error && codec.vault.openError(error, id);
}

function revive(stored: NonNullable<JobRecord["error"]>): Error {
  const error = new Error(stored.message);
  error.name = stored.name;
  if (stored.stack !== undefined) error.stack = stored.stack;
  return error;
}
