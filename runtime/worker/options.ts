import { type FinalState, JobwrightError } from "../contract/index.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import type { SchemaDescriptor } from "../core/descriptor.ts";
import type { Logger, WorkerOptions } from "./types.ts";

/** Worker options with defaults filled in and spans in ms. */
export interface Settings {
  readonly concurrency: ReadonlyMap<string, number>;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly graceMs: number;
  readonly abortGraceMs: number;
  readonly stallLimitMs: number;
  readonly retentionMs: Readonly<Record<FinalState, number>>;
  readonly logger: Logger;
}

const retention: Readonly<Record<FinalState, Duration>> = {
  succeeded: "1d",
  cancelled: "7d",
  skipped: "7d",
  dead: "30d",
};

const minLeaseMs = 100;

export function readSettings(descriptor: SchemaDescriptor, options: WorkerOptions<object>): Settings {
  const ms = (value: Duration | undefined, standard: Duration, what: string): number =>
    parseDuration(value ?? standard, what);
  const leaseMs = ms(options.lease, "30s", "lease");
  if (leaseMs < minLeaseMs) {
    throw new JobwrightError("JW_INVALID_OPTION", `lease is ${leaseMs} ms; heartbeats need at least ${minLeaseMs} ms.`);
  }
  return {
    concurrency: readConcurrency(descriptor, options),
    leaseMs,
    pollMs: ms(options.poll, "1s", "poll"),
    graceMs: ms(options.grace, "25s", "grace"),
    abortGraceMs: ms(options.abortGrace, "3s", "abortGrace"),
    stallLimitMs: ms(options.stallLimit, "5m", "stallLimit"),
    retentionMs: {
      succeeded: ms(options.retention?.succeeded, retention.succeeded, "retention.succeeded"),
      cancelled: ms(options.retention?.cancelled, retention.cancelled, "retention.cancelled"),
      skipped: ms(options.retention?.skipped, retention.skipped, "retention.skipped"),
      dead: ms(options.retention?.dead, retention.dead, "retention.dead"),
    },
    logger: guarded(options.logger ?? consoleLogger),
  };
}

const defaultConcurrency = 10;

function readConcurrency(descriptor: SchemaDescriptor, options: WorkerOptions<object>): Map<string, number> {
  const known = new Set(descriptor.jobs.map((job) => job.queue));
  const wanted: [string, number][] = options.queues
    ? Object.entries(options.queues)
    : [...known].map((queue) => [
        queue,
        options.concurrency ?? Math.max(defaultConcurrency, batchOf(descriptor, queue)),
      ]);
  if (wanted.length === 0) {
    throw new JobwrightError("JW_INVALID_OPTION", "`queues` is empty, so this worker would serve nothing.", {
      hint: "Name at least one queue, or leave `queues` out to serve all.",
    });
  }
  for (const [queue, slots] of wanted) {
    if (!known.has(queue)) {
      throw new JobwrightError("JW_UNKNOWN_QUEUE", `No job of the schema uses the queue ${JSON.stringify(queue)}.`, {
        hint: `Queues are ${[...known].sort().join(", ")}.`,
      });
    }
    if (!Number.isInteger(slots) || slots < 1) {
      throw new JobwrightError(
        "JW_INVALID_OPTION",
        `The concurrency of queue ${queue} is ${slots}; it must be an integer ≥ 1.`,
      );
    }
  }
  return new Map(wanted);
}

/** Jobs of the largest batch in a queue; 0 without any. */
function batchOf({ jobs }: SchemaDescriptor, queue: string): number {
  return Math.max(0, ...jobs.map((job) => (job.queue === queue ? (job.batch?.size ?? 0) : 0)));
}

const silent = (): void => undefined;

const consoleLogger: Logger = {
  debug: silent,
  info: silent,
  warn: (fields, message) => console.warn(`jobwright: ${message}`, fields),
  error: (fields, message) => console.error(`jobwright: ${message}`, fields),
};

/** A logger that throws, e.g. because its pipe is closed, must not cost a settlement. */
function guarded(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // Where else could it be told?
      }
    };
  return { debug: guard("debug"), info: guard("info"), warn: guard("warn"), error: guard("error") };
}
