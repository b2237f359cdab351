import { z } from "zod";
import {
  createClient,
  createTypedWorker,
  type ControlClient,
  type JobClient,
  type JobContext,
  type Provider,
  type SchemaDescriptor,
  type TransactionKind,
  type Worker,
  type WorkerOptions,
} from "../../runtime/codegen/v1.ts";
import type { RetryPolicy } from "../../runtime/core/backoff.ts";
import type { JobDescriptor } from "../../runtime/core/descriptor.ts";
import type { Logger } from "../../runtime/worker/types.ts";

/** A job definition as a test says it; what is left out is plain. */
export interface Definition extends Partial<
  Omit<JobDescriptor, "name" | "hasOutput" | "output" | "input" | "errors" | "progress">
> {
  readonly input?: z.ZodType;
  readonly output?: z.ZodType;
  readonly errors?: Readonly<Record<string, z.ZodType>>;
  readonly progress?: z.ZodType;
  readonly uniqueBy?: (input: never) => unknown;
  readonly gateBy?: Readonly<Record<string, (input: never) => unknown>> | undefined;
  readonly scheduleInputs?: Readonly<Record<string, unknown>>;
  readonly upgrade?: Readonly<Record<number, (old: never) => unknown>>;
}

/** Retries at once, so that tests need no clock. */
export function retries(maxAttempts: number, delayMs = 0): RetryPolicy {
  return { maxAttempts, backoff: { kind: "fixed", delayMs, jitter: "none" } };
}

export const numbered = z.object({ n: z.number() });
export type Numbered = z.infer<typeof numbered>;

/** What codegen would make of these definitions, written by hand. Every job is `{ n }` in the queue `work` by default. */
export function describeJobs(definitions: Readonly<Record<string, Definition>>): SchemaDescriptor {
  const jobs = Object.entries(definitions).map(
    ([
      name,
      {
        input: _input,
        errors: _errors,
        progress: _progress,
        uniqueBy: _by,
        gateBy: _gateBy,
        scheduleInputs: _inputs,
        upgrade,
        output,
        ...given
      },
    ]) => ({
      name,
      queue: "work",
      version: 1,
      priority: 0,
      retry: retries(3),
      timeoutMs: 60_000,
      maxCrashes: 3,
      hasOutput: output !== undefined,
      ...(upgrade ? { upgrades: Object.keys(upgrade).map(Number) } : {}),
      ...given,
    }),
  );
  const schemas = Object.fromEntries(
    Object.entries(definitions).map(
      ([name, { input = numbered, output, errors, progress, uniqueBy, gateBy, scheduleInputs, upgrade }]) => [
        name,
        { input, output, errors, progress, uniqueBy, gateBy, scheduleInputs, upgrade },
      ],
    ),
  );
  return {
    format: 1,
    hash: "test",
    jobs,
    loadSchema: () => Promise.resolve({ default: { [Symbol.for("jobwright.schema")]: true, jobs: schemas } }),
  };
}

export interface Client<Tx extends TransactionKind = never> {
  readonly work: JobClient<Numbered, unknown, Tx>;
  readonly other: JobClient<Numbered, unknown, Tx>;
  readonly $control: ControlClient;
}

export function clientOf(provider: Provider, descriptor: SchemaDescriptor): Promise<Client> {
  return createClient<Client>(descriptor, { provider });
}

export type Handler = (input: Numbered, context: JobContext) => unknown;

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

/** A logger that keeps what it is told. */
export function createLog(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const keep =
    (level: LogLine["level"]) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields });
  return { lines, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** A worker of this process, not started: heartbeats from this thread, silent, and quick to give up at the end. */
export function workerOf(
  provider: Provider,
  descriptor: SchemaDescriptor,
  handlers: Readonly<Record<string, Handler | { handle: Handler }>>,
  options: Partial<WorkerOptions<object>> = {},
): Promise<Worker> {
  return createTypedWorker(descriptor, {
    provider,
    handlers,
    heartbeat: "main",
    poll: "10ms",
    grace: "0ms",
    abortGrace: "0ms",
    logger: createLog(),
    ...options,
  });
}

/** A promise and the way to keep it. */
export interface Signal<T = void> {
  readonly promise: Promise<T>;
  readonly fire: (value: T) => void;
}

export function createSignal<T = void>(): Signal<T> {
  let fire: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    fire = resolve;
  });
  return { promise, fire };
}

/** A handler that never returns, whatever it is told. */
export const never = (): Promise<never> => new Promise(() => undefined);
